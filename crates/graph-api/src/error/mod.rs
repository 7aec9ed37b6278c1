//! What a refusal of Meta's means for the message, decided where its code is read.
//!
//! Meta's rule is to branch on `code`, never on HTTP status, subcode or title
//! (<https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/>). The lists are
//! in [`codes`], the words for a person in [`advice`] (about
//! a message) and [`explain`] (about an account).

mod advice;
mod classify;
pub mod codes;
mod explain;
mod obstacle;

use std::fmt;
use std::time::Duration;

use domain::management::{Level, UsedUp};

pub use self::advice::advice;
pub use self::classify::{SendClass, classify};
pub use self::explain::{Explanation, explain};
pub use self::obstacle::{AppRefusal, Obstacle, app_refusal, obstacle};

/// What Meta (or the way to it) said when a call did not succeed.
///
/// `Display` and `Debug` show numbers alone: Meta's texts may quote phone numbers and tokens.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApiFailure {
    /// The HTTP status; `None` when no answer came.
    pub http_status: Option<u16>,
    /// Meta's error code; `None` when the answer was not of Meta's shape.
    pub code: Option<i32>,
    /// Meta's error subcode, where there is one.
    pub subcode: Option<i32>,
    /// What went wrong in a few words.
    pub title: String,
    /// What went wrong in more words; Meta's `error_data.details` if present.
    pub detail: String,
    /// Meta's own id of the call, for a support case.
    pub fbtrace_id: Option<String>,
    /// After which time it is worth to ask again, where calls are used up.
    pub retry_after: Option<Duration>,
}

impl ApiFailure {
    /// A failure that Meta did not report itself, such as a broken connection.
    pub fn local(title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { title: title.into(), detail: detail.into(), ..Self::default() }
    }

    /// No call is left, so Meta was not asked: what it would have said.
    pub fn used_up(UsedUp { level, wait }: UsedUp) -> Self {
        let code = match level {
            Level::App => codes::THROTTLED_APP[0],
            Level::Waba => codes::THROTTLED_WABA[0],
        };
        let detail = "the calls of this hour are used up, so Meta was not asked";
        Self { code: Some(code), retry_after: Some(wait), ..Self::local("too many calls", detail) }
    }
}

impl fmt::Display for ApiFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.http_status, self.code) {
            (Some(status), Some(code)) => write!(f, "the Graph API answered {status}, code {code}"),
            (Some(status), None) => write!(f, "the Graph API answered {status} without a code"),
            (None, Some(code)) => {
                write!(f, "the Graph API was not asked, it would answer code {code}")
            }
            (None, None) => write!(f, "no answer from the Graph API"),
        }
    }
}

impl fmt::Debug for ApiFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiFailure")
            .field("http_status", &self.http_status)
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .field("fbtrace_id", &self.fbtrace_id)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ApiFailure {}

/// Whom a send that provably did not go out must wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Throttle {
    /// The number sends too fast (130429, or a bare 429): slow this number.
    Number,
    /// Too much to one recipient (131056): delay this pair of number and recipient.
    Pair,
    /// The WABA makes too many calls (80007).
    Waba,
    /// The app makes too many calls (4, 17, 341, 613).
    App,
    /// Meta moves the number to a higher throughput (131057): a minute or so.
    Maintenance,
    /// No connection was made, so not a byte of the request was written; or the other side says that
    /// the request did not come whole (408).
    Connect,
}

impl Throttle {
    /// The word for a metric or a log field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Pair => "pair",
            Self::Waba => "waba",
            Self::App => "app",
            Self::Maintenance => "maintenance",
            Self::Connect => "connect",
        }
    }
}

/// Whose fault a refused send is, and so what must change before another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// This recipient cannot or does not want to get this message.
    Recipient,
    /// The request itself is wrong, and would be refused again.
    Request,
    /// The template is missing, paused, disabled, or does not fit its parameters.
    Template,
    /// The access token is missing, expired, revoked, or lacks a permission.
    Credential,
    /// The account or number may not send until its owner or Meta has acted.
    Account,
}

impl Rejection {
    /// The word for a metric or a log field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::Request => "request",
            Self::Template => "template",
            Self::Credential => "credential",
            Self::Account => "account",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_numbers_but_never_metas_texts() {
        let failure = ApiFailure {
            http_status: Some(401),
            code: Some(190),
            title: "Malformed access token EAAB1".into(),
            detail: "+14155550101 is not allowed".into(),
            ..ApiFailure::default()
        };

        let shown = format!("{failure} {failure:?}");

        assert!(shown.contains("the Graph API answered 401, code 190"), "{shown}");
        assert!(!shown.contains("EAAB1") && !shown.contains("4155550101"), "{shown}");
    }
}
