//! What Meta's events say of how a thing stands.

use chrono::{DateTime, Utc};
use graph_api::webhook::account::AccountUpdate;

/// How an account stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// One of `wabas.status`.
    pub(super) word: &'static str,
    /// More of it, in Meta's words.
    pub(super) detail: Option<String>,
    /// When it ends.
    pub(super) until: Option<DateTime<Utc>>,
}

/// What an event says of what the account may do; `None`: nothing.
///
/// Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/account_update>.
pub(super) fn of(update: &AccountUpdate) -> Option<Standing> {
    let bare = |word| Some(Standing { word, detail: None, until: None });
    match update.event.as_str() {
        "DISABLED_UPDATE" => {
            let word = match update.ban_state.as_deref()? {
                "DISABLE" => "DISABLED",
                "SCHEDULE_FOR_DISABLE" => "DISABLE_SCHEDULED",
                "REINSTATE" => return bare("ACTIVE"),
                _ => return None,
            };
            Some(Standing { word, detail: update.ban_date.clone(), until: None })
        }
        "ACCOUNT_DELETED" => bare("DELETED"),
        "ACCOUNT_OFFBOARDED" => {
            Some(Standing { word: "OFFBOARDED", detail: update.disconnection.clone(), until: None })
        }
        "ACCOUNT_RECONNECTED" => bare("ACTIVE"),
        // Without restrictions it tells of a warning, or that they were lifted.
        "ACCOUNT_RESTRICTION" if update.restrictions.is_empty() => bare("ACTIVE"),
        "ACCOUNT_RESTRICTION" => {
            let kinds: Vec<&str> =
                update.restrictions.iter().map(|restriction| restriction.kind.as_str()).collect();
            let ends: Option<Vec<_>> = update.restrictions.iter().map(|r| r.until).collect();
            let until = ends.and_then(|ends| ends.into_iter().max());
            Some(Standing { word: "RESTRICTED", detail: Some(kinds.join(", ")), until })
        }
        _ => None,
    }
}

/// What an event says of our access to the account; `None`: nothing.
pub(super) fn granted(update: &AccountUpdate) -> Option<bool> {
    match update.event.as_str() {
        "PARTNER_ADDED" | "PARTNER_APP_INSTALLED" | "ACCOUNT_RECONNECTED" => Some(true),
        "PARTNER_REMOVED" | "PARTNER_APP_UNINSTALLED" => Some(false),
        _ => None,
    }
}

/// The state of a number after an event of `phone_number_quality_update`; `None`: as it was.
pub(super) fn of_number(event: &str) -> Option<&'static str> {
    match event {
        "FLAGGED" => Some("FLAGGED"),
        "UNFLAGGED" => Some("CONNECTED"),
        _ => None,
    }
}

/// The state of a template after an event, and why.
pub(super) fn of_template(event: String, reason: Option<String>) -> (String, Option<String>) {
    match event.as_str() {
        // It can be sent again.
        "REINSTATED" | "UNARCHIVED" | "UNLOCKED" => ("APPROVED".to_owned(), reason),
        // Quality is low; Meta's list of templates goes on calling it approved.
        "FLAGGED" => ("APPROVED".to_owned(), reason.or(Some(event))),
        _ => (event, reason),
    }
}
