//! Meta's error answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::ApiFailure;
use crate::loose;

/// The body of an answer that refuses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// The refusal.
    pub error: ErrorBody,
}

/// One refusal. Reading it never fails for one odd field: only an `error` that is no object does.
/// `Debug` shows numbers alone, since Meta's texts may quote phone numbers and tokens.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A sentence, usually `(#code) title`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub message: Option<String>,
    /// Graph's family of the error, usually `OAuthException`.
    #[serde(default, rename = "type", deserialize_with = "loose::optional_text")]
    pub kind: Option<String>,
    /// The code to branch on.
    #[serde(default, deserialize_with = "loose::optional_integer")]
    pub code: Option<i32>,
    /// A finer code; documented as gone, still there on token errors.
    #[serde(
        default,
        deserialize_with = "loose::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_subcode: Option<i32>,
    /// What exactly is wrong.
    #[serde(
        default,
        deserialize_with = "loose::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_data: Option<ErrorData>,
    /// A title meant for people.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_user_title: Option<String>,
    /// A sentence meant for people.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_user_msg: Option<String>,
    /// Whether Meta expects the same call to succeed later.
    #[serde(
        default,
        deserialize_with = "loose::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_transient: Option<bool>,
    /// Meta's id of the call.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub fbtrace_id: Option<String>,
}

/// The detail of a refusal: an object on messages, a bare text on some template calls.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ErrorData {
    /// As on `/messages`.
    Object {
        /// Always `whatsapp`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        messaging_product: Option<String>,
        /// What exactly is wrong.
        #[serde(default)]
        details: String,
    },
    /// As on template calls.
    Text(String),
}

impl ErrorData {
    /// The words, whichever the shape.
    pub fn details(&self) -> &str {
        match self {
            Self::Object { details, .. } => details,
            Self::Text(text) => text,
        }
    }
}

impl fmt::Debug for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorBody")
            .field("code", &self.code)
            .field("error_subcode", &self.error_subcode)
            .field("fbtrace_id", &self.fbtrace_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ErrorData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorData(redacted)")
    }
}

impl ErrorBody {
    /// The refusal in our terms, for an answer with `http_status`.
    pub fn into_failure(self, http_status: u16) -> ApiFailure {
        let details = self.error_data.as_ref().map(ErrorData::details).map(ToOwned::to_owned);
        let message = self.message.unwrap_or_default();
        let detail = [details, self.error_user_msg]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
            .unwrap_or_else(|| message.clone());
        ApiFailure {
            http_status: Some(http_status),
            code: self.code,
            subcode: self.error_subcode,
            title: self.error_user_title.unwrap_or(message),
            detail,
            fbtrace_id: self.fbtrace_id,
            retry_after: None,
        }
    }
}
