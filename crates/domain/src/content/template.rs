//! An approved template and what fills its places.
//!
//! Checked is the structure alone: how many places the template has, Meta knows (132000, 132012).

pub mod button;
pub mod component;
pub mod parameter;

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::field::{ensure, exactly};

use component::{Component, at_most_one_of_each};

/// Meta's `template` object.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// 1 to 512 small letters, digits and underscores.
    #[garde(custom(template_name))]
    pub name: String,
    /// Which of its languages.
    #[garde(dive)]
    pub language: Language,
    /// What fills its places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(dive, custom(at_most_one_of_each))]
    pub components: Vec<Component>,
}

/// A language of a template.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// `en`, `en_US`.
    #[garde(custom(language_code))]
    pub code: String,
    /// `deterministic`.
    #[garde(inner(custom(exactly("deterministic"))))]
    pub policy: Option<String>,
}

/// <https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates>
fn template_name(text: &str, _: &()) -> garde::Result {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    ensure((1..=512).contains(&text.len()) && text.bytes().all(is_allowed), || {
        "must be 1 to 512 characters of a-z, 0-9 and _".to_owned()
    })
}

fn language_code(text: &str, _: &()) -> garde::Result {
    let is_allowed = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    ensure((2..=16).contains(&text.len()) && text.bytes().all(is_allowed), || {
        "must be a language code such as en or en_US".to_owned()
    })
}
