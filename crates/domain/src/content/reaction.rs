//! An emoji on an earlier message.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::field::ensure;
use crate::ids::Wamid;

/// Most scalar values that one emoji is made of, with room: families, flags, skin tones.
const EMOJI_CHARACTERS: usize = 32;

/// An emoji on an earlier message: Meta's `reaction` object.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Reaction {
    /// The message reacted to.
    pub message_id: Wamid,
    /// One emoji; empty takes the reaction back.
    #[garde(custom(one_emoji))]
    pub emoji: String,
}

fn one_emoji(text: &str, _: &()) -> garde::Result {
    let is_short = text.chars().count() <= EMOJI_CHARACTERS;
    let is_word = text.chars().any(|c| c.is_ascii_alphabetic() || c.is_whitespace());
    ensure(is_short && !is_word, || "must be one emoji, or empty to take it back".to_owned())
}
