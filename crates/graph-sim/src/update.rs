//! One thing that a webhook tells.

use std::sync::Arc;

use serde_json::Value;

use crate::scenario::NumberSpec;
use crate::statuses::StatusWord;

/// One accepted message, as far as its statuses tell of it.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The sending number.
    pub(crate) number: Arc<NumberSpec>,
    /// The message's id.
    pub(crate) wamid: Box<str>,
    /// The person's `wa_id`; absent when the message went to a business-scoped id.
    pub(crate) wa_id: Option<Box<str>>,
    /// The person's business-scoped id.
    pub(crate) user_id: Box<str>,
    /// Echoed as it came.
    pub(crate) opaque: Option<Box<str>>,
    /// What its price names.
    pub(crate) category: &'static str,
    /// Whether it was sent within an open service window.
    pub(crate) in_window: bool,
}

/// What an entry says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EntryHead {
    /// Its `id`, where that is not the account.
    pub(crate) id: Option<String>,
    /// Its `time`, in seconds since 1970; `messages` have none.
    pub(crate) time: Option<i64>,
}

/// One thing that a webhook tells.
#[derive(Clone, Debug)]
pub(crate) enum Update {
    /// A status of a message.
    Status {
        /// The message.
        sent: Arc<Sent>,
        /// What happened.
        status: StatusWord,
        /// When, in seconds since 1970.
        at: i64,
        /// Whether it carries `pricing`.
        priced: bool,
    },
    /// Any `changes[]` item.
    Change {
        /// The account it is about.
        waba_id: String,
        /// What stands in `entry[].id` and `entry[].time`, where it is not the account and no time.
        entry: EntryHead,
        /// The only app that hears of it; absent: all that are subscribed.
        app_id: Option<String>,
        /// Its `field`.
        field: String,
        /// Its `value`.
        value: Value,
    },
}

impl Update {
    /// The account it is about.
    pub(crate) fn waba_id(&self) -> &str {
        match self {
            Self::Status { sent, .. } => &sent.number.waba_id,
            Self::Change { waba_id, .. } => waba_id,
        }
    }

    /// Its `field`.
    pub(crate) fn field(&self) -> &str {
        match self {
            Self::Status { .. } => "messages",
            Self::Change { field, .. } => field,
        }
    }

    /// The number it is about.
    pub(crate) fn phone_number_id(&self) -> Option<&str> {
        match self {
            Self::Status { sent, .. } => Some(&sent.number.phone_number_id),
            Self::Change { value, .. } => {
                let settings = &value["phone_number_settings"];
                let told = value["metadata"]["phone_number_id"].as_str();
                told.or_else(|| settings["phone_number_id"].as_str())
            }
        }
    }

    /// The only app that hears of it.
    pub(crate) fn app_id(&self) -> Option<&str> {
        match self {
            Self::Status { .. } => None,
            Self::Change { app_id, .. } => app_id.as_deref(),
        }
    }

    /// The `id` and `time` of its entry.
    pub(crate) fn head(&self) -> (&str, Option<i64>) {
        match self {
            Self::Status { sent, .. } => (&sent.number.waba_id, None),
            Self::Change { waba_id, entry, .. } => {
                (entry.id.as_deref().unwrap_or(waba_id), entry.time)
            }
        }
    }
}
