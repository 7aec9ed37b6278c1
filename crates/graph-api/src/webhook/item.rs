//! From one change to its items.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::ids::{PhoneNumberId, WabaId};
use serde_json::value::RawValue;

use super::envelope::Change;
use super::message::{self, InboundMessage};
use super::status::{self, StatusUpdate};
use super::value::Value;
use crate::loose::{self, Loose};

const NO_WABA: &str = "the entry has no WABA id";

/// How many characters of an unknown field's name are kept.
const LONGEST_NAME: usize = 100;

/// One update, with whom it is about.
#[derive(Clone, Debug)]
pub struct Item {
    /// `entry.id`. For a few partner events this is a business portfolio.
    pub waba_id: WabaId,
    /// `metadata.phone_number_id`, where the field has it.
    pub phone_number_id: Option<PhoneNumberId>,
    /// `entry.time`: when Meta told it, by Meta's clock; absent when it is no time.
    pub told_at: Option<DateTime<Utc>>,
    /// The update.
    pub kind: ItemKind,
}

/// What an update is.
#[derive(Clone)]
pub enum ItemKind {
    /// How a message of ours fares.
    Status(StatusUpdate),
    /// What a person wrote to us.
    Message(InboundMessage),
    /// Trouble that Meta reports beside messages and statuses: one of `value.errors`, as it came.
    Error(Box<RawValue>),
    /// Any other field.
    Field {
        /// Its name.
        field: String,
        /// Its value, as it came; `null` when there is none.
        value: Box<RawValue>,
    },
}

impl fmt::Debug for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(update) => update.fmt(f),
            Self::Message(message) => message.fmt(f),
            Self::Error(_) => f.write_str("Error(..)"),
            Self::Field { field, .. } => write!(f, "Field({field})"),
        }
    }
}

/// An update that cannot be read. Says where and why, and quotes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct Poison {
    /// JSON pointer into the body.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl Poison {
    pub(super) fn new(pointer: String, detail: &str) -> Self {
        Self { pointer, detail: detail.to_owned() }
    }
}

/// Whom a change is about.
pub(super) struct Scope {
    pub(super) waba_id: WabaId,
    pub(super) phone_number_id: PhoneNumberId,
}

/// Reads all items of `change` into `items`.
pub(super) fn read(change: &Change<'_>, items: &mut Vec<Result<Item, Poison>>) {
    let known = items.len();
    match change.field.and_then(Loose::text).as_deref() {
        Some("messages") => match change.value.and_then(Value::read) {
            Some(value) if value.has_any() => read_messages(change, &value, items),
            Some(_) => items.push(read_field(change, "messages")),
            None => {
                let pointer = change.pointer() + "/value";
                items.push(Err(Poison::new(pointer, "is no readable object")));
            }
        },
        Some(field) => items.push(read_field(change, field)),
        None => items.push(Err(Poison::new(change.pointer(), "is no change with a field"))),
    }
    let told_at = change.told_at();
    for item in items[known..].iter_mut().flatten() {
        item.told_at = told_at;
    }
}

fn read_messages(change: &Change<'_>, value: &Value<'_>, items: &mut Vec<Result<Item, Poison>>) {
    let scope = Scope::of(change, value);
    let read_status = |raw: Loose<'_>| {
        let scope = scope.as_ref().map_err(|detail| *detail)?;
        Ok(scope.item(ItemKind::Status(status::read(raw, scope)?)))
    };
    let read_message = |raw: Loose<'_>| {
        let scope = scope.as_ref().map_err(|detail| *detail)?;
        Ok(scope.item(ItemKind::Message(message::read(raw)?)))
    };
    let read_error = |raw: Loose<'_>| {
        let waba_id = change.waba_id().ok_or(NO_WABA)?;
        let phone_number_id = value.phone_number_id();
        let kind = ItemKind::Error(raw.raw().to_owned());
        Ok(Item { waba_id, phone_number_id, told_at: None, kind })
    };
    read_list(change, "statuses", value.statuses, read_status, items);
    read_list(change, "messages", value.messages, read_message, items);
    read_list(change, "errors", value.errors, read_error, items);
}

fn read_list<'a>(
    change: &Change<'_>,
    name: &str,
    list: Option<Loose<'a>>,
    read: impl Fn(Loose<'a>) -> Result<Item, &'static str>,
    items: &mut Vec<Result<Item, Poison>>,
) {
    for (index, raw) in list.map(Loose::items).unwrap_or_default().into_iter().enumerate() {
        items.push(read(raw).map_err(|detail| {
            Poison::new(format!("{}/value/{name}/{index}", change.pointer()), detail)
        }));
    }
}

impl Scope {
    fn of(change: &Change<'_>, value: &Value<'_>) -> Result<Self, &'static str> {
        let waba_id = change.waba_id().ok_or(NO_WABA)?;
        let phone_number_id =
            value.phone_number_id().ok_or("the value has no metadata.phone_number_id")?;
        Ok(Self { waba_id, phone_number_id })
    }

    fn item(&self, kind: ItemKind) -> Item {
        Item {
            waba_id: self.waba_id.clone(),
            phone_number_id: Some(self.phone_number_id.clone()),
            told_at: None,
            kind,
        }
    }
}

fn read_field(change: &Change<'_>, field: &str) -> Result<Item, Poison> {
    let waba_id = change.waba_id().ok_or_else(|| Poison::new(change.pointer(), NO_WABA))?;
    let value = change.value.map_or(RawValue::NULL, Loose::raw).to_owned();
    let phone_number_id =
        change.value.and_then(Value::read).and_then(|value| value.phone_number_id());
    let field = loose::storable(field, LONGEST_NAME);
    Ok(Item { waba_id, phone_number_id, told_at: None, kind: ItemKind::Field { field, value } })
}
