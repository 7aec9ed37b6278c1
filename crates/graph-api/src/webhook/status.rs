//! One delivery status.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::delivery::cut_detail;
use domain::ids::{PhoneNumberId, WabaId, Wamid};
use serde::Deserialize;

use super::item::Scope;
use crate::loose::{self, Loose};

/// How many characters `biz_opaque_callback_data` may have, says Meta.
const OPAQUE_CHARACTERS: usize = 512;

/// How one message of ours fares. `Debug` hides who got it.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// `entry.id`: the account the number belongs to.
    pub waba_id: WabaId,
    /// The number that sent.
    pub phone_number_id: PhoneNumberId,
    /// Meta's id of the message.
    pub wamid: Wamid,
    /// `biz_opaque_callback_data`: what we gave Meta with the send, as a rule our own id.
    pub opaque: Option<String>,
    /// What happened.
    pub status: Status,
    /// When it happened, by Meta's clock, which has whole seconds.
    pub at: DateTime<Utc>,
    /// Who got it: phone digits or a group; absent when only the BSUID may be shown.
    pub recipient_wa_id: Option<String>,
    /// What Meta prices the message as, such as `utility`.
    pub pricing_category: Option<String>,
}

/// What happened to a message. `Debug` shows no text of Meta's.
#[derive(Clone, PartialEq, Eq)]
pub enum Status {
    /// Left Meta for the device.
    Sent,
    /// Reached a device.
    Delivered,
    /// Was opened. May come without `Delivered`, which it implies.
    Read,
    /// A voice message was played for the first time.
    Played,
    /// Did not reach a device.
    Failed {
        /// Meta's code; 0 when Meta gave none.
        code: i32,
        /// Meta's title.
        title: String,
        /// Meta's details, else its message or title; fit to be stored.
        detail: String,
    },
    /// A word that means nothing to us.
    Other(String),
}

impl fmt::Debug for StatusUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusUpdate")
            .field("phone_number_id", &self.phone_number_id)
            .field("status", &self.status)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent => f.write_str("Sent"),
            Self::Delivered => f.write_str("Delivered"),
            Self::Read => f.write_str("Read"),
            Self::Played => f.write_str("Played"),
            Self::Failed { code, .. } => write!(f, "Failed({code})"),
            Self::Other(_) => f.write_str("Other(..)"),
        }
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    status: Option<Loose<'a>>,
    #[serde(borrow)]
    timestamp: Option<Loose<'a>>,
    #[serde(borrow)]
    recipient_id: Option<Loose<'a>>,
    #[serde(borrow)]
    biz_opaque_callback_data: Option<Loose<'a>>,
    #[serde(borrow)]
    pricing: Option<Loose<'a>>,
    #[serde(borrow)]
    errors: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Pricing<'a> {
    #[serde(borrow)]
    category: Option<Loose<'a>>,
}

#[derive(Default, Deserialize)]
struct WireError<'a> {
    #[serde(borrow)]
    code: Option<Loose<'a>>,
    #[serde(borrow)]
    title: Option<Loose<'a>>,
    #[serde(borrow)]
    message: Option<Loose<'a>>,
    #[serde(borrow)]
    error_data: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct ErrorData<'a> {
    #[serde(borrow)]
    details: Option<Loose<'a>>,
}

/// Reads one item of `value.statuses`.
pub(super) fn read(loose: Loose<'_>, scope: &Scope) -> Result<StatusUpdate, &'static str> {
    let wire: Wire<'_> = loose.object().ok_or("is no readable status object")?;
    let wamid = wire.id.and_then(Loose::text).ok_or("has no id")?;
    let word = wire.status.and_then(Loose::text).ok_or("has no status")?;
    let timestamp = wire.timestamp.and_then(Loose::text).ok_or("has no timestamp")?;
    Ok(StatusUpdate {
        waba_id: scope.waba_id.clone(),
        phone_number_id: scope.phone_number_id.clone(),
        wamid: wamid.parse().map_err(|_| "its id is no message id")?,
        opaque: kept(wire.biz_opaque_callback_data),
        status: status(&word, wire.errors),
        at: loose::instant(&timestamp).ok_or("its timestamp is no time")?,
        recipient_wa_id: kept(wire.recipient_id),
        pricing_category: wire
            .pricing
            .and_then(Loose::object::<Pricing<'_>>)
            .and_then(|pricing| kept(pricing.category)),
    })
}

fn status(word: &str, errors: Option<Loose<'_>>) -> Status {
    match word {
        "sent" => Status::Sent,
        "delivered" => Status::Delivered,
        "read" => Status::Read,
        "played" => Status::Played,
        "failed" => failed(errors),
        _ => Status::Other(loose::storable(word, 100)),
    }
}

/// The first of `errors`: Meta never documents more, and it names the cause.
fn failed(errors: Option<Loose<'_>>) -> Status {
    let first = errors.map(Loose::items).unwrap_or_default().into_iter().next();
    let error = first.and_then(Loose::object::<WireError<'_>>).unwrap_or_default();
    let details = error.error_data.and_then(details);
    let message = filled(error.message);
    let title = filled(error.title).or_else(|| message.clone());
    let title = title.unwrap_or_else(|| "failed without a reason".to_owned());
    Status::Failed {
        code: error.code.and_then(Loose::integer).unwrap_or(0),
        detail: cut_detail(details.or(message).as_ref().unwrap_or(&title)),
        title: cut_detail(&title),
    }
}

/// `error_data` is an object here, and a plain text in some other places.
fn details(error_data: Loose<'_>) -> Option<String> {
    let object = error_data.object::<ErrorData<'_>>();
    filled(object.map_or(Some(error_data), |data| data.details))
}

fn filled(loose: Option<Loose<'_>>) -> Option<String> {
    loose?.text().filter(|text| !text.trim().is_empty()).map(std::borrow::Cow::into_owned)
}

fn kept(loose: Option<Loose<'_>>) -> Option<String> {
    loose?.text().map(|text| loose::storable(&text, OPAQUE_CHARACTERS))
}
