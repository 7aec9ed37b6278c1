//! Plain text.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// Plain text: Meta's `text` object.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Text {
    /// What is said: 1 to 4096 characters.
    #[garde(length(chars, min = 1, max = 4096))]
    pub body: String,
    /// Whether WhatsApp shows a preview of the first http or https URL.
    pub preview_url: Option<bool>,
}
