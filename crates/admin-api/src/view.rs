//! What is shown of messages. A row is never shown as it is.

pub(crate) mod assets;
pub(crate) mod callers;
pub(crate) mod connections;
pub(crate) mod signups;
mod timeline;
pub(crate) mod webhook_events;

use chrono::{DateTime, Utc};
use domain::delivery::DeliveryStatus;
use domain::ids::{MessageId, PhoneNumberId};
use domain::lane::{Lane, OnUnknown, WaitingReason};
use domain::meta_error;
use serde::Serialize;
use serde_json::Value;
use store::messages::{self, Summary};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::schema;

use self::timeline::Event;

/// A message that stands in the database.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Its id, a UUIDv7.
    #[schema(value_type = Uuid)]
    pub(crate) message_id: MessageId,
    /// Where it stands.
    #[schema(schema_with = schema::delivery_status)]
    pub(crate) delivery_status: DeliveryStatus,
}

/// What became of each item of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Results {
    /// In the order of the request.
    pub(crate) results: Vec<ItemResult>,
}

/// What became of one item of a batch: `message_id` or `error`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ItemResult {
    /// It was accepted and stands as `queued`.
    Accepted {
        /// Its place in the request, from 0.
        index: usize,
        /// Its id.
        #[schema(value_type = Uuid)]
        message_id: MessageId,
    },
    /// It was refused; the other items are not affected.
    Refused {
        /// Its place in the request, from 0.
        index: usize,
        /// Why.
        error: Problem,
    },
}

/// A page of messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageList {
    /// The messages.
    pub(crate) data: Vec<MessageSummary>,
    /// The `cursor` of the next page; null on the last one.
    pub(crate) next: Option<String>,
}

/// A message and where it stands. Times of facts are Meta's, in whole seconds, unless said
/// otherwise; null: it has not happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// The `phone_number_id` of the number it is sent from.
    #[schema(value_type = String)]
    from: PhoneNumberId,
    /// The phone number it goes to, `+` and E.164 digits; null when it goes to a user id.
    to: Option<String>,
    /// The business-scoped user id it goes to; null when it goes to a phone number.
    recipient: Option<String>,
    /// Meta's type of message.
    #[schema(example = "template")]
    r#type: String,
    /// Where it stands.
    #[schema(schema_with = schema::delivery_status)]
    delivery_status: DeliveryStatus,
    /// The lane it goes through.
    #[schema(schema_with = schema::lane)]
    lane: Lane,
    /// What happens when Meta's answer to its send is lost.
    #[schema(schema_with = schema::on_unknown)]
    on_unknown: OnUnknown,
    /// Why it waits; null when it does not, or only for its turn.
    #[schema(schema_with = schema::waiting_reason_or_null)]
    waiting_reason: Option<WaitingReason>,
    /// Until when it waits; null when it does not.
    not_before: Option<DateTime<Utc>>,
    /// It is never sent at or after this instant.
    expires_at: DateTime<Utc>,
    /// When it was accepted from the caller (our clock).
    created_at: DateTime<Utc>,
    /// The caller's own `biz_opaque_callback_data`; Meta does not get it.
    biz_opaque_callback_data: Option<String>,
    /// Meta's id of the message.
    wamid: Option<String>,
    /// The recipient as Meta knows it.
    wa_id: Option<String>,
    /// When Meta took it (our clock).
    accepted_at: Option<DateTime<Utc>>,
    /// When Meta said that it holds it to assess its template (our clock).
    held_at: Option<DateTime<Utc>>,
    /// When Meta sent it towards the device.
    sent_at: Option<DateTime<Utc>>,
    /// When it reached a device.
    delivered_at: Option<DateTime<Utc>>,
    /// When it was read.
    opened_at: Option<DateTime<Utc>>,
    /// When a voice message was played.
    played_at: Option<DateTime<Utc>>,
    /// When it failed; ours when we gave it up.
    failed_at: Option<DateTime<Utc>>,
    /// Meta's code of the failure; 0 when it was our own decision.
    error_code: Option<i32>,
    /// The failure in words.
    delivery_error: Option<String>,
    /// What to do about it; null where nothing more is known than the failure itself.
    remedy: Option<String>,
}

/// A message with all that happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageDetails {
    #[serde(flatten)]
    summary: MessageSummary,
    /// Meta's message object, as it is sent.
    #[schema(value_type = Object)]
    content: Value,
    /// What happened, by time.
    timeline: Vec<Event>,
}

/// What to do about a failure; 0 is our own decision, which has its words already.
fn remedy(code: i32) -> Option<String> {
    let known = meta_error::explain(code).filter(|_| code != 0);
    known.map(|known| known.remedy.to_owned())
}

impl From<Summary> for MessageSummary {
    fn from(row: Summary) -> Self {
        let is_phone = row.recipient.starts_with('+');
        let (to, recipient) =
            if is_phone { (Some(row.recipient), None) } else { (None, Some(row.recipient)) };
        Self {
            message_id: row.message_id,
            from: row.phone_number_id,
            to,
            recipient,
            r#type: row.message_type,
            delivery_status: row.status,
            lane: row.lane,
            on_unknown: row.on_unknown,
            waiting_reason: row.waiting_reason,
            not_before: row.not_before,
            expires_at: row.expires_at,
            created_at: row.created_at,
            biz_opaque_callback_data: row.client_data,
            wamid: row.wamid,
            wa_id: row.wa_id,
            accepted_at: row.accepted_at,
            held_at: row.held_at,
            sent_at: row.sent_at,
            delivered_at: row.delivered_at,
            opened_at: row.opened_at,
            played_at: row.played_at,
            failed_at: row.failed_at,
            error_code: row.error_code,
            delivery_error: row.delivery_error,
            remedy: row.error_code.and_then(remedy),
        }
    }
}

impl From<messages::Message> for MessageDetails {
    fn from(row: messages::Message) -> Self {
        let timeline = timeline::of(&row);
        Self { summary: row.summary.into(), content: row.content, timeline }
    }
}
