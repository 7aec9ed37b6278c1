//! Tokens, and the codes that become tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::accounts::shows_only;
use crate::errors::Ending;

/// A token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// The token itself.
    pub token: String,
    /// The app it was given to.
    pub app_id: String,
    /// The accounts it reaches. Empty: all.
    #[serde(default)]
    pub waba_ids: Vec<String>,
    /// What it may do there.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// `SYSTEM_USER` or `USER`.
    #[serde(default = "default_token_kind")]
    pub kind: String,
    /// How many seconds after the scenario was set it expires. Absent: never.
    #[serde(default)]
    pub expires_in_s: Option<u64>,
    /// How it ended before its time.
    #[serde(default)]
    pub ended: Option<Ending>,
}

impl TokenSpec {
    /// A token of an app that may do everything on these accounts, for ever.
    #[must_use]
    pub fn granting(token: &str, app_id: &str, waba_ids: &[&str]) -> Self {
        Self {
            token: token.to_owned(),
            app_id: app_id.to_owned(),
            waba_ids: waba_ids.iter().map(ToString::to_string).collect(),
            scopes: default_scopes(),
            kind: default_token_kind(),
            expires_in_s: None,
            ended: None,
        }
    }
}

impl CodeSpec {
    /// A new code that becomes a new token, which may do everything on these accounts, for ever.
    #[must_use]
    pub fn granting(app_id: &str, waba_ids: &[&str]) -> Self {
        Self {
            code: None,
            app_id: app_id.to_owned(),
            token: None,
            waba_ids: waba_ids.iter().map(ToString::to_string).collect(),
            scopes: default_scopes(),
            expires_in_s: None,
        }
    }
}

/// A code of an embedded sign-up, to be exchanged once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSpec {
    /// The code. Absent: a new one.
    #[serde(default)]
    pub code: Option<String>,
    /// The app whose sign-up it was.
    pub app_id: String,
    /// The token that it becomes. Absent: a new one.
    #[serde(default)]
    pub token: Option<String>,
    /// The accounts that were granted. Empty: all.
    #[serde(default)]
    pub waba_ids: Vec<String>,
    /// What was granted there.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// How many seconds the token lives. Absent: for ever.
    #[serde(default)]
    pub expires_in_s: Option<u64>,
}

shows_only!(TokenSpec: app_id, waba_ids, scopes, ended);
shows_only!(CodeSpec: app_id, waba_ids, scopes);

fn default_scopes() -> Vec<String> {
    ["whatsapp_business_management", "whatsapp_business_messaging"].map(str::to_owned).to_vec()
}

fn default_token_kind() -> String {
    "SYSTEM_USER".to_owned()
}
