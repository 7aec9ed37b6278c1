//! Errors of the account side: tokens, permissions, codes, callbacks.
//!
//! Source: Graph API error handling (<https://developers.facebook.com/docs/graph-api/guides/error-handling/>).

use serde::{Deserialize, Serialize};

use super::GraphError;

/// How a token ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Its user logged out: 190 with subcode 467.
    LoggedOut,
    /// Its user changed the password: 190 with subcode 460.
    PasswordChanged,
    /// Its owner removed the app: 190 with subcode 458.
    AppRemoved,
}

impl GraphError {
    /// The token has expired: 190 with subcode 463.
    pub(crate) fn expired_token(at: &str, now: &str) -> Self {
        let what = format!("Session has expired on {at}. The current time is {now}.");
        Self::dead_token(463, &what)
    }

    /// The token ended before its time: 190 with its subcode.
    pub(crate) fn ended_token(ending: Ending, app_id: &str) -> Self {
        match ending {
            Ending::LoggedOut => {
                Self::dead_token(467, "The session is invalid because the user logged out.")
            }
            Ending::PasswordChanged => Self::dead_token(
                460,
                "The session has been invalidated because the user changed their password or Facebook has changed the \
                 session for security reasons.",
            ),
            Ending::AppRemoved => {
                let what = format!("The user has not authorized application {app_id}.");
                Self::dead_token(458, &what)
            }
        }
    }

    fn dead_token(subcode: i32, what: &str) -> Self {
        let message = format!("Error validating access token: {what}");
        Self { subcode: Some(subcode), message, ..Self::of(190) }
    }

    /// The token's app has no access to the account: 200.
    pub(crate) fn no_access() -> Self {
        let message = "(#200) You do not have the necessary permissions required to access this WhatsApp Business \
                       Account.";
        Self { message: message.to_owned(), ..Self::of(200) }
    }

    /// The token lacks a permission: 10.
    pub(crate) fn no_permission() -> Self {
        Self::of(10)
    }

    /// The code of a sign-up cannot be exchanged: 100 with what happened to it.
    pub(crate) fn code(subcode: Option<i32>, message: &str) -> Self {
        Self { subcode, message: message.to_owned(), ..Self::of(100) }
    }

    /// There is no such app: 101.
    pub(crate) fn unknown_app() -> Self {
        let message =
            "Error validating application. Cannot get application info due to a system error.";
        Self { message: message.to_owned(), ..Self::of(101) }
    }

    /// The app's secret is another: 1.
    pub(crate) fn wrong_secret() -> Self {
        Self { message: "Error validating client secret.".to_owned(), ..Self::of(1) }
    }

    /// A callback did not answer its challenge: 2200.
    pub(crate) fn unverified(what: &str) -> Self {
        let message =
            format!("(#2200) Callback verification failed with the following errors: {what}");
        Self { message, ..Self::of(2200) }
    }

    /// Its sentence.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}
