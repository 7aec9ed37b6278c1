//! A request to send one message: Meta's own message object and a few fields of ours beside it.

mod due;
mod message;

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use due::{DEFAULT_LIFE, DEFAULT_LIFE_URGENT, LONGEST_LIFE};
pub use message::{MessageObject, send_body};

use crate::content::Kind;
use crate::field::{self, FieldError, Object, Pointer};
use crate::ids::PhoneNumberId;
use crate::lane::{Lane, OnUnknown};
use crate::recipient::Recipient;

/// Most characters of a caller's `biz_opaque_callback_data`: Meta's own limit
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>).
pub const CLIENT_DATA_CHARACTERS: usize = 512;

/// A checked request to send one message.
#[derive(Clone, PartialEq)]
pub struct Enqueue {
    /// The number that sends.
    pub from: PhoneNumberId,
    /// The person who receives.
    pub recipient: Recipient,
    /// What to send.
    pub message: MessageObject,
    /// How urgent it is.
    pub lane: Lane,
    /// What to do when Meta's answer is lost.
    pub on_unknown: OnUnknown,
    /// After this the message is not sent any more.
    pub expires_at: DateTime<Utc>,
    /// Not to be sent before this; `None` for at once.
    pub not_before: Option<DateTime<Utc>>,
    /// The caller's own `biz_opaque_callback_data`: kept and shown, never sent to Meta.
    pub client_data: Option<String>,
}

/// The fields of a request beside the content object.
const FIELDS: [&str; 15] = [
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
    "category",
    "messaging_account_id",
    "from",
    "lane",
    "on_unknown",
    "expires_at",
    "not_before",
];

/// Fields that Meta knows and that are refused here, with the reason.
const REFUSED: [(&str, &str); 2] = [
    ("category", "direct send is not supported; send an approved template"),
    ("messaging_account_id", "is not taken from a request: it follows from the sending number"),
];

impl Enqueue {
    /// Reads a request as of `now`.
    ///
    /// # Errors
    ///
    /// Every wrong field, with its pointer and what is allowed there.
    pub fn parse(body: &Value, now: DateTime<Utc>) -> Result<Self, Vec<FieldError>> {
        let unstorable = field::no_nul(body, &Pointer::ROOT);
        if !unstorable.is_empty() {
            return Err(unstorable);
        }
        let mut object = Object::open(body, &Pointer::ROOT)?;
        let kinds = Kind::ALL.iter().map(|kind| kind.as_str());
        object.refuse_all_but(&FIELDS.into_iter().chain(kinds).collect::<Vec<_>>());
        let whole = Self::take(&mut object, now);
        object.finish(whole)
    }

    fn take(object: &mut Object<'_>, now: DateTime<Utc>) -> Option<Self> {
        refuse_foreign_envelope(object);
        let from = from(object);
        let recipient = recipient(object);
        let message = MessageObject::take(object);
        let lane = object.optional("lane").unwrap_or(Lane::Normal);
        let on_unknown = object.optional("on_unknown").unwrap_or(lane.default_on_unknown());
        let (not_before, expires_at) = due::take(object, lane, now);
        let client_data = client_data(object);
        Some(Self {
            from: from?,
            recipient: recipient?,
            message: message?,
            lane,
            on_unknown,
            expires_at,
            not_before,
            client_data,
        })
    }
}

impl fmt::Debug for Enqueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enqueue")
            .field("from", &self.from)
            .field("lane", &self.lane)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

fn refuse_foreign_envelope(object: &mut Object<'_>) {
    if object.optional::<String>("messaging_product").is_some_and(|name| name != "whatsapp") {
        object.refuse("messaging_product", "must be whatsapp");
    }
    match object.optional::<String>("recipient_type").as_deref() {
        None | Some("individual") => {}
        Some("group") => object.refuse("recipient_type", "group messages are not supported"),
        Some(_) => object.refuse("recipient_type", "must be individual"),
    }
    for (field, why) in REFUSED {
        if object.raw(field).is_some() {
            object.refuse(field, why);
        }
    }
}

fn from(object: &mut Object<'_>) -> Option<PhoneNumberId> {
    let id = match object.raw("from") {
        Some(Value::Number(number)) => number.to_string(),
        _ => object.required("from")?,
    };
    match PhoneNumberId::try_from(id) {
        Ok(id) => Some(id),
        Err(_) => {
            object.refuse("from", "must be the phone_number_id of a sender: 1 to 32 digits");
            None
        }
    }
}

/// `to` wins over `recipient`, as with Meta.
fn recipient(object: &mut Object<'_>) -> Option<Recipient> {
    if object.raw("to").is_some() {
        object.optional("to").map(Recipient::Phone)
    } else if object.raw("recipient").is_some() {
        object.optional("recipient").map(Recipient::Bsuid)
    } else {
        object.refuse("to", "is required, unless recipient holds a business-scoped user id");
        None
    }
}

fn client_data(object: &mut Object<'_>) -> Option<String> {
    let data: String = object.optional("biz_opaque_callback_data")?;
    if data.chars().count() > CLIENT_DATA_CHARACTERS {
        let detail = format!("must have at most {CLIENT_DATA_CHARACTERS} characters");
        object.refuse("biz_opaque_callback_data", detail);
    }
    Some(data)
}
