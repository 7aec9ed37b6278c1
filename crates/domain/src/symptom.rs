//! What can be wrong with a connection, in words for whoever has to mend it: the same for a
//! diagnosis that somebody asks for and for what is noticed by itself.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

/// What is wrong. Texts are Meta's words or ids of Meta's, never a secret or a person's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom<'a> {
    /// There is no access token, or no key opens it.
    NoToken,
    /// Meta refuses the access token; why, if it is known.
    TokenRefused(Option<&'a str>),
    /// The access token has ended.
    TokenEnded(DateTime<Utc>),
    /// The access token ends soon.
    TokenEnds(DateTime<Utc>),
    /// The access token lacks these permissions.
    TokenLacks(&'a [String]),
    /// App id, App Secret and token do not belong together, and why.
    AppMismatch(&'a str),
    /// Meta refused to send, and why.
    SendsRefused(&'a str),
    /// Meta does not let the token at an account any more.
    GrantLapsed(&'a str),
    /// The app does not hear of an account.
    Unsubscribed(&'a str),
    /// Meta has restricted or ended an account.
    AccountStopped {
        /// The account.
        waba_id: &'a str,
        /// Meta's word.
        status: &'a str,
        /// More of it.
        detail: Option<&'a str>,
        /// When it ends.
        until: Option<DateTime<Utc>>,
    },
    /// Meta has rejected an account.
    AccountRejected(&'a str),
    /// An account cannot send as it should.
    AccountHealth {
        /// The account.
        waba_id: &'a str,
        /// `LIMITED` or `BLOCKED`.
        health: &'a str,
        /// What stands in the way.
        detail: Option<&'a str>,
    },
    /// An account has numbers that are not connected here.
    Unlisted(&'a str),
    /// Meta does not list a number any more.
    NumberGone(&'a str),
    /// A number cannot send.
    NumberStopped {
        /// The number.
        phone_number_id: &'a str,
        /// Meta's word.
        status: &'a str,
    },
    /// Customers do not like what comes from a number.
    NumberQuality {
        /// The number.
        phone_number_id: &'a str,
        /// Meta's word.
        quality: &'a str,
    },
    /// A number cannot send as it should.
    NumberHealth {
        /// The number.
        phone_number_id: &'a str,
        /// `LIMITED` or `BLOCKED`.
        health: &'a str,
        /// What stands in the way.
        detail: Option<&'a str>,
    },
    /// Meta has rejected the name of a number.
    NameRejected {
        /// The number.
        phone_number_id: &'a str,
        /// Why.
        reason: Option<&'a str>,
    },
    /// Messages go out and no webhook comes; since when none has, if one ever came.
    NoWebhooks(Option<DateTime<Utc>>),
    /// Webhooks used to come.
    QuietSince(DateTime<Utc>),
    /// Messages go out, and of so many so many heard of no status.
    NoStatuses {
        /// How many Meta took.
        accepted: i64,
        /// How many of these heard of none.
        silent: i64,
    },
}

impl Symptom<'_> {
    /// What is seen.
    pub fn cause(&self) -> Cow<'static, str> {
        let words = match self {
            Self::NoToken => {
                return "The connection has no access token that can be opened.".into();
            }
            Self::TokenRefused(None) => {
                return "Meta refuses the access token: it has expired or was revoked.".into();
            }
            Self::TokenRefused(Some(why)) => format!("Meta refuses the access token. {why}"),
            Self::TokenEnded(end) => format!("The token has expired at {end}."),
            Self::TokenEnds(end) => format!("The token expires at {end}."),
            Self::TokenLacks(missing) => format!("The token lacks {}.", missing.join(" and ")),
            Self::AppMismatch(why) => (*why).to_owned(),
            Self::SendsRefused(why) => format!("Meta refuses to send: {}.", trimmed(why)),
            Self::GrantLapsed(waba_id) => format!(
                "Account {waba_id}: Meta does not let the token at it. The grant has lapsed, or was \
                 never given."
            ),
            Self::Unsubscribed(waba_id) => format!("The app does not hear of account {waba_id}."),
            Self::AccountStopped { waba_id, status, detail, until } => {
                let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
                format!("Account {waba_id} is {status}{until}{}.", more(*detail))
            }
            Self::AccountRejected(waba_id) => format!("Meta has rejected account {waba_id}."),
            Self::AccountHealth { waba_id, health, detail } => {
                format!("Meta says that account {waba_id} is {health}{}.", more(*detail))
            }
            Self::Unlisted(_) => {
                return "The account has a number that is not connected here: it was added later."
                    .into();
            }
            Self::NumberGone(id) => format!("Meta does not list number {id} any more."),
            Self::NumberStopped { phone_number_id: id, status } => {
                format!("Number {id} is {status}; only CONNECTED can send.")
            }
            Self::NumberQuality { phone_number_id: id, quality } => {
                format!("The quality of number {id} is {quality}: people block or report it.")
            }
            Self::NumberHealth { phone_number_id: id, health, detail } => {
                format!("Meta says that number {id} is {health}{}.", more(*detail))
            }
            Self::NameRejected { phone_number_id: id, reason } => {
                format!("Meta has rejected the display name of number {id}{}.", more(*reason))
            }
            Self::NoWebhooks(None) => "Messages go out, and no webhook of the app comes.".into(),
            Self::NoWebhooks(Some(last)) => {
                format!("Messages go out, and no webhook of the app has come since {last}.")
            }
            Self::QuietSince(last) => {
                format!("No webhook of the app has come since {last}; before that they came.")
            }
            Self::NoStatuses { accepted, silent } => {
                format!("Of {accepted} messages that Meta took, {silent} have heard of no status.")
            }
        };
        words.into()
    }

    /// What to do.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NoToken => "Give it one: PUT its access-token.",
            Self::TokenRefused(_) | Self::TokenEnded(_) | Self::TokenEnds(_) => {
                "Generate a system-user token with Never expire checked: Business settings › System \
                 users. Then store it here."
            }
            Self::TokenLacks(_) => {
                "Generate the token again with both permissions, and store it here."
            }
            Self::AppMismatch(_) => {
                "Copy App ID and App Secret from the same app's settings › Basic, and generate the \
                 token in that app."
            }
            Self::SendsRefused(_) => {
                "Give a new access token; or test the connection once the cause is mended."
            }
            Self::GrantLapsed(_) => {
                "Give the system user full control of the account in Business settings › WhatsApp \
                 accounts, then refresh the assets."
            }
            Self::Unsubscribed(_) => {
                "Give the access token once more: that subscribes the app. Until then no status and \
                 no message of a customer arrives."
            }
            Self::AccountStopped { .. } | Self::AccountRejected(_) => {
                "See Account Quality in WhatsApp Manager, and ask for a review there."
            }
            Self::AccountHealth { .. } | Self::NumberHealth { .. } => {
                "Do what Meta says; WhatsApp Manager shows the same."
            }
            Self::Unlisted(_) => {
                "Refresh the assets; a connection that Meta has not confirmed yet is tested first."
            }
            Self::NumberGone(_) => "Grant the number again, then refresh the assets.",
            Self::NumberStopped { .. } => {
                "Register the number with its PIN, or see its state in WhatsApp Manager."
            }
            Self::NumberQuality { .. } => {
                "Send less, and only to people who asked for it; the templates that were reported \
                 stand in WhatsApp Manager › Insights."
            }
            Self::NameRejected { .. } => {
                "Choose another display name in WhatsApp Manager › Phone numbers, by Meta's \
                 guidelines."
            }
            Self::NoWebhooks(_) | Self::QuietSince(_) => {
                "In the app's dashboard, WhatsApp › Configuration, set callback URL and verify \
                 token as this connection shows them, and subscribe to the field messages. Then \
                 write to the number."
            }
            Self::NoStatuses { .. } => {
                "See the checks app_subscribed and webhook_received of the diagnosis; the field \
                 messages brings statuses too."
            }
        }
    }
}

/// Meta's words as the end of a sentence.
fn more(detail: Option<&str>) -> String {
    detail.map(|detail| format!(": {}", trimmed(detail))).unwrap_or_default()
}

fn trimmed(words: &str) -> &str {
    words.trim().trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metas_words_end_a_sentence_once() {
        let stopped = Symptom::AccountStopped {
            waba_id: "100",
            status: "RESTRICTED",
            detail: Some("No new messages."),
            until: None,
        };

        assert_eq!(stopped.cause(), "Account 100 is RESTRICTED: No new messages.");
        assert_eq!(Symptom::SendsRefused("it ended.").cause(), "Meta refuses to send: it ended.");
    }
}
