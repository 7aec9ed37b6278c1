//! Meta's answer to an accepted send.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::loose;

/// The body of a 200 to `POST /{phone_number_id}/messages`: accepted for processing, no more.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SendResponse {
    /// Always `whatsapp`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub messaging_product: Option<String>,
    /// Whom Meta understood the recipient to be.
    #[serde(default, deserialize_with = "loose::or_default")]
    pub contacts: Vec<ResponseContact>,
    /// The message, as a list of one.
    #[serde(default, deserialize_with = "loose::or_default")]
    pub messages: Vec<SentMessage>,
}

/// A recipient as given and as understood.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct ResponseContact {
    /// `to` or `recipient` of the request.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub input: Option<String>,
    /// Digits without `+`; may differ from the input, and is absent for a BSUID.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub wa_id: Option<String>,
    /// The recipient's BSUID.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<String>,
}

impl fmt::Debug for ResponseContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseContact(redacted)")
    }
}

/// The id under which statuses will come.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct SentMessage {
    /// The wamid.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub id: Option<String>,
    /// Only on template sends.
    #[serde(
        default,
        deserialize_with = "loose::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_status: Option<MessageStatus>,
    /// Only on group sends.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub group_id: Option<String>,
}

impl fmt::Debug for SentMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentMessage")
            .field("message_status", &self.message_status)
            .finish_non_exhaustive()
    }
}

/// What Meta does with a template message it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// On its way.
    Accepted,
    /// Held until the template's quality is known (pacing).
    HeldForQualityAssessment,
    /// The template is paused; not going out until a status says so.
    Paused,
    /// A word that did not exist when this was written.
    Other(String),
}

impl MessageStatus {
    /// Meta's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Accepted => "accepted",
            Self::HeldForQualityAssessment => "held_for_quality_assessment",
            Self::Paused => "paused",
            Self::Other(word) => word,
        }
    }

    /// Whether the message waits at Meta, and is not on its way.
    pub const fn is_held(&self) -> bool {
        match self {
            Self::HeldForQualityAssessment | Self::Paused => true,
            Self::Accepted | Self::Other(_) => false,
        }
    }
}

impl Serialize for MessageStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for MessageStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "accepted" => Self::Accepted,
            "held_for_quality_assessment" => Self::HeldForQualityAssessment,
            "paused" => Self::Paused,
            _ => Self::Other(word),
        })
    }
}
