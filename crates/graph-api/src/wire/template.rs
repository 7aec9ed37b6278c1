//! What Meta tells about a message template.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::loose;

/// The fields asked for in [`crate::client::GraphClient::message_templates`]. Words are open, and
/// `components` are kept as they came. `Debug` leaves them out.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageTemplate {
    /// The template's id: of one name in one language.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub id: Option<String>,
    /// Its name.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its language code, such as `en_US`.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub language: Option<String>,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED` and others.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<String>,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`; Meta may change it.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub category: Option<String>,
    /// `POSITIONAL` or `NAMED`.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub parameter_format: Option<String>,
    /// Header, body, footer and buttons, as Meta writes them.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub components: Value,
    /// What recipients think of it.
    #[serde(
        default,
        deserialize_with = "loose::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub quality_score: Option<QualityScore>,
    /// `NONE`, or why it was rejected.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub rejected_reason: Option<String>,
}

impl fmt::Debug for MessageTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageTemplate")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("language", &self.language)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A quality and when it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityScore {
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub score: Option<String>,
    /// When, in Unix seconds.
    #[serde(
        default,
        deserialize_with = "loose::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub date: Option<i64>,
}
