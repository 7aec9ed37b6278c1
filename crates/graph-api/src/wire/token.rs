//! Access tokens: the answer that gives one, and what Meta tells about one.

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::error::ApiFailure;
use crate::loose;

/// The answer to a code. It is only read: a secret is never written again.
#[derive(Clone, Debug, Deserialize)]
pub struct IssuedToken {
    /// The token.
    pub access_token: SecretString,
    /// `bearer`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub token_type: Option<String>,
    /// Seconds until it ends; absent where it does not end by itself.
    #[serde(default, deserialize_with = "loose::optional_integer")]
    pub expires_in: Option<u64>,
}

/// The body of a 200 to `GET /debug_token`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TokenInfoResponse {
    /// What is known of the token.
    #[serde(default, deserialize_with = "loose::optional_object")]
    pub data: Option<TokenInfo>,
}

/// What Meta tells about a token. An invalid one has `is_valid` false and an `error`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// The app it was given to.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub app_id: Option<String>,
    /// `SYSTEM_USER`, `USER`, `PAGE` or `APP`.
    #[serde(
        default,
        rename = "type",
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// The app's name.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub application: Option<String>,
    /// Whether it can be used now; what is not said to be valid is not.
    #[serde(default, deserialize_with = "loose::flag")]
    pub is_valid: bool,
    /// When it ends, in Unix seconds; 0: never. See [`TokenInfo::expiry`].
    #[serde(
        default,
        deserialize_with = "loose::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<i64>,
    /// When the access to data behind it ends, in Unix seconds; 0: never.
    #[serde(
        default,
        deserialize_with = "loose::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_access_expires_at: Option<i64>,
    /// When it was given, in Unix seconds.
    #[serde(
        default,
        deserialize_with = "loose::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub issued_at: Option<i64>,
    /// Whom it speaks for.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<String>,
    /// What it may do.
    #[serde(default, deserialize_with = "loose::texts")]
    pub scopes: Vec<String>,
    /// On what it may do it.
    #[serde(default, deserialize_with = "loose::objects", skip_serializing_if = "Vec::is_empty")]
    pub granular_scopes: Vec<GranularScope>,
    /// Why it is invalid.
    #[serde(
        default,
        deserialize_with = "loose::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub error: Option<TokenError>,
}

/// A permission and its objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GranularScope {
    /// The permission, such as `whatsapp_business_messaging`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub scope: Option<String>,
    /// The objects, as a rule WABAs, the newest first. Absent: all that its owner has.
    #[serde(
        default,
        deserialize_with = "loose::optional_texts",
        skip_serializing_if = "Option::is_none"
    )]
    pub target_ids: Option<Vec<String>>,
}

/// Why a token is invalid, with the codes of a refusal. `Debug` leaves Meta's words out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenError {
    /// 190, as a rule.
    #[serde(default, deserialize_with = "loose::optional_integer")]
    pub code: Option<i32>,
    /// What exactly happened to it.
    #[serde(
        default,
        deserialize_with = "loose::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub subcode: Option<i32>,
    /// A sentence.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub message: Option<String>,
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfo")
            .field("app_id", &self.app_id)
            .field("kind", &self.kind)
            .field("is_valid", &self.is_valid)
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// What every token needs, by Meta's names.
pub const PERMISSIONS: [&str; 2] = ["whatsapp_business_management", "whatsapp_business_messaging"];

/// When a token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Not by itself.
    Never,
    /// At this instant.
    At(DateTime<Utc>),
    /// Meta did not say.
    Unknown,
}

impl TokenInfo {
    /// When the token ends.
    pub fn expiry(&self) -> Expiry {
        expiry(self.expires_at)
    }

    /// When the access to data behind it ends.
    pub fn data_access_expiry(&self) -> Expiry {
        expiry(self.data_access_expires_at)
    }

    /// Why it is invalid, as a refusal, so that it can be explained as one.
    pub fn failure(&self) -> Option<ApiFailure> {
        let error = self.error.as_ref()?;
        let message = error.message.clone().unwrap_or_default();
        Some(ApiFailure {
            http_status: Some(200),
            code: error.code,
            subcode: error.subcode,
            ..ApiFailure::local(message.clone(), message)
        })
    }

    /// Which of [`PERMISSIONS`] it does not have.
    pub fn lacks(&self) -> Vec<&'static str> {
        let lacks = |needed: &&str| !self.scopes.iter().any(|scope| scope == needed);
        PERMISSIONS.into_iter().filter(lacks).collect()
    }

    /// Whether it has `scope` over the object `id`: named, or over everything its owner has.
    pub fn reaches(&self, scope: &str, id: &str) -> bool {
        let mut granted =
            self.granular_scopes.iter().filter(|granted| granted.scope.as_deref() == Some(scope));
        granted.any(|granted| {
            granted
                .target_ids
                .as_ref()
                .is_none_or(|targets| targets.iter().any(|known| known == id))
        })
    }
}

fn expiry(seconds: Option<i64>) -> Expiry {
    match seconds {
        Some(0) => Expiry::Never,
        Some(seconds) => DateTime::from_timestamp(seconds, 0).map_or(Expiry::Unknown, Expiry::At),
        None => Expiry::Unknown,
    }
}
