//! Which consumers a POST concerns, found without reading its items.

use super::envelope::{self, Change};
use super::value::Value;
use crate::loose::Loose;

/// The routing key of a signed body that is no webhook.
pub const UNPARSED: &str = "unparsed";

/// The kinds of updates in a POST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoutingWords {
    /// Delivery statuses of messages.
    pub statuses: bool,
    /// What people write or do: messages, echoes, history, calls, preferences, groups.
    pub messages: bool,
    /// News of accounts, numbers, templates and limits, and everything unknown.
    pub account: bool,
}

impl RoutingWords {
    /// The topic key: the words in fixed order joined with dots; `none` for an empty POST.
    pub const fn key(self) -> &'static str {
        match (self.statuses, self.messages, self.account) {
            (true, true, true) => "statuses.messages.account",
            (true, true, false) => "statuses.messages",
            (true, false, true) => "statuses.account",
            (true, false, false) => "statuses",
            (false, true, true) => "messages.account",
            (false, true, false) => "messages",
            (false, false, true) => "account",
            (false, false, false) => "none",
        }
    }

    fn add(&mut self, change: &Change<'_>) {
        match change.field.and_then(Loose::text).as_deref() {
            Some("messages") => self.add_messages(change),
            Some(field) if PEOPLE.contains(&field) => self.messages = true,
            Some(_) | None => self.account = true,
        }
    }

    fn add_messages(&mut self, change: &Change<'_>) {
        let value = change.value.and_then(Value::read).unwrap_or_default();
        let (statuses, messages) = (value.has_statuses(), value.has_messages());
        self.statuses |= statuses;
        self.messages |= messages;
        self.account |= value.has_errors() || !(statuses || messages);
    }
}

/// The fields, beside `messages`, that tell what people write or do.
const PEOPLE: &[&str] = &[
    "automatic_events",
    "calls",
    "group_lifecycle_update",
    "group_participant_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "messaging_handovers",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "user_preferences",
];

/// The fields that tell of accounts, numbers, templates and limits, and that hold neither what a
/// person wrote nor who they are, nor any secret.
const ACCOUNT: &[&str] = &[
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "business_status_update",
    "business_username_update",
    "business_username_updates",
    "flows",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "template_category_update",
    "template_correct_category_detection",
];

/// Of whom the updates of a field tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Of accounts, numbers, templates or limits alone.
    Account,
    /// Of people and what they write or do.
    People,
    /// Nobody can say: the field is new, or its settings may hold credentials.
    Unknown,
}

/// Of whom the updates of `field` tell.
pub fn concern(field: &str) -> Concern {
    if field == "messages" || PEOPLE.contains(&field) {
        Concern::People
    } else if ACCOUNT.contains(&field) {
        Concern::Account
    } else {
        Concern::Unknown
    }
}

/// The kinds of updates in `body`, or `None` when it is no webhook. Looks at no item, and so says
/// `statuses` also for one that [`super::parse`] finds unreadable.
pub fn routing_words(body: &[u8]) -> Option<RoutingWords> {
    let mut words = RoutingWords::default();
    for change in envelope::changes(body).ok()? {
        words.add(&change);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(changes: &str) -> Option<&'static str> {
        let body = format!(r#"{{"object":"o","entry":[{{"id":"1","changes":[{changes}]}}]}}"#);
        routing_words(body.as_bytes()).map(RoutingWords::key)
    }

    #[test]
    fn the_words_of_a_post_come_in_fixed_order() {
        let status = r#"{"field":"messages","value":{"statuses":[{}]}}"#;
        let message = r#"{"value":{"messages":[ {} ]},"field":"messages"}"#;
        let account = r#"{"field":"account_update","value":{}}"#;

        assert_eq!(key(status), Some("statuses"));
        assert_eq!(key(message), Some("messages"));
        assert_eq!(key(account), Some("account"));
        assert_eq!(key(&[account, message, status].join(",")), Some("statuses.messages.account"));
        assert_eq!(key(&[account, status].join(",")), Some("statuses.account"));
        assert_eq!(key(""), Some("none"));
    }

    #[test]
    fn empty_lists_carry_nothing_and_what_is_unknown_concerns_the_account() {
        let empty = r#"{"field":"messages","value":{"statuses":[ ],"messages":[]}}"#;
        let errors = r#"{"field":"messages","value":{"statuses":[{}],"errors":[{}]}}"#;

        assert_eq!(key(empty), Some("account"));
        assert_eq!(key(errors), Some("statuses.account"));
        for unknown in [r#"{"field":"new_in_2030"}"#, "{}", "7", r#"{"field":"messages"}"#] {
            assert_eq!(key(unknown), Some("account"), "{unknown}");
        }
    }

    #[test]
    fn statuses_of_calls_and_of_other_apps_are_not_statuses_of_our_messages() {
        for field in ["calls", "standby"] {
            let change = format!(r#"{{"field":"{field}","value":{{"statuses":[{{}}]}}}}"#);
            assert_eq!(key(&change), Some("messages"));
        }
    }

    #[test]
    fn what_is_no_webhook_has_no_words() {
        for body in ["", "x", "7", "{}", r#"{"entry":"#] {
            assert_eq!(routing_words(body.as_bytes()), None, "{body}");
        }
    }
}
