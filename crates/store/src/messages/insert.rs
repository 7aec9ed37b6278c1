use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{MessageId, PhoneNumberId, TenantId};
use domain::lane::{Lane, OnUnknown};
use serde_json::Value;
use uuid::Uuid;

use super::Due;
use crate::Result;

/// How long the scheduler leaves a fresh message alone before it assumes that its publish was
/// lost and publishes it again. Too early only costs a claim that finds nothing.
pub(super) const PUBLISH_GRACE: TimeDelta = TimeDelta::seconds(60);

/// A message as it is accepted from a caller.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its id, made by the caller of [`insert`] so that the answer can name it.
    pub message_id: MessageId,
    /// Owner.
    pub tenant_id: TenantId,
    /// The number it is to be sent from.
    pub phone_number_id: PhoneNumberId,
    /// `+E.164` or a business-scoped user id.
    pub recipient: String,
    /// Meta's `type`.
    pub message_type: String,
    /// Meta's message object without envelope and recipient.
    pub content: Value,
    /// The caller's own opaque text.
    pub client_data: Option<String>,
    /// The queue it goes through.
    pub lane: Lane,
    /// What to do when the answer to its send is lost.
    pub on_unknown: OnUnknown,
    /// It is never sent at or after this instant.
    pub expires_at: DateTime<Utc>,
    /// It is not sent before this instant.
    pub not_before: Option<DateTime<Utc>>,
    /// Trace context of the request that brought it.
    pub traceparent: Option<String>,
}

impl NewMessage {
    /// What its job is about.
    pub fn due(&self) -> Due {
        Due {
            message_id: self.message_id,
            tenant_id: self.tenant_id,
            lane: self.lane,
            traceparent: self.traceparent.clone(),
        }
    }
}

/// Inserts messages in one statement and answers the ids of those whose number belongs to their
/// tenant; a missing id means that the sender is not known.
///
/// # Errors
/// `Unstorable` when a value cannot be stored; then none is.
pub async fn insert(
    client: &impl GenericClient,
    messages: &[NewMessage],
    now: DateTime<Utc>,
) -> Result<HashSet<MessageId>> {
    let column = Columns::of(messages, now);
    let statement = client
        .prepare_cached(
            "-- messages::insert
             INSERT INTO messages (message_id, tenant_id, phone_number_id, recipient,
                                   message_type, content, client_data, lane, on_unknown,
                                   expires_at, created_at, traceparent, stage_at,
                                   waiting_reason, not_before, due_at)
             SELECT u.message_id, u.tenant_id, u.phone_number_id, u.recipient,
                    u.message_type, u.content, u.client_data, u.lane, u.on_unknown,
                    u.expires_at, $13, u.traceparent, $13,
                    CASE WHEN u.not_before IS NOT NULL THEN 'scheduled' END,
                    u.not_before, LEAST(COALESCE(u.not_before, $14), u.expires_at)
             FROM   UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],
                           $6::jsonb[], $7::text[], $8::text[], $9::text[],
                           $10::timestamptz[], $11::timestamptz[], $12::text[])
                    AS u (message_id, tenant_id, phone_number_id, recipient, message_type,
                          content, client_data, lane, on_unknown, expires_at, not_before,
                          traceparent)
             JOIN   phone_numbers n
               ON   n.phone_number_id = u.phone_number_id
              AND   n.tenant_id       = u.tenant_id
             RETURNING message_id",
        )
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                &column.message_id,
                &column.tenant_id,
                &column.phone_number_id,
                &column.recipient,
                &column.message_type,
                &column.content,
                &column.client_data,
                &column.lane,
                &column.on_unknown,
                &column.expires_at,
                &column.not_before,
                &column.traceparent,
                /* now         */ &now,
                /* first sweep */ &(now + PUBLISH_GRACE),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| MessageId::from_uuid(row.get("message_id"))).collect())
}

/// The messages turned on their side: one array for each column.
struct Columns<'a> {
    message_id: Vec<Uuid>,
    tenant_id: Vec<Uuid>,
    phone_number_id: Vec<&'a str>,
    recipient: Vec<&'a str>,
    message_type: Vec<&'a str>,
    content: Vec<&'a Value>,
    client_data: Vec<Option<&'a str>>,
    lane: Vec<&'a str>,
    on_unknown: Vec<&'a str>,
    expires_at: Vec<DateTime<Utc>>,
    not_before: Vec<Option<DateTime<Utc>>>,
    traceparent: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(messages: &'a [NewMessage], now: DateTime<Utc>) -> Self {
        let each = || messages.iter();
        Self {
            message_id: each().map(|m| m.message_id.as_uuid()).collect(),
            tenant_id: each().map(|m| m.tenant_id.as_uuid()).collect(),
            phone_number_id: each().map(|m| m.phone_number_id.as_str()).collect(),
            recipient: each().map(|m| m.recipient.as_str()).collect(),
            message_type: each().map(|m| m.message_type.as_str()).collect(),
            content: each().map(|m| &m.content).collect(),
            client_data: each().map(|m| m.client_data.as_deref()).collect(),
            lane: each().map(|m| m.lane.as_str()).collect(),
            on_unknown: each().map(|m| m.on_unknown.as_str()).collect(),
            expires_at: each().map(|m| m.expires_at).collect(),
            not_before: each().map(|m| m.not_before.filter(|instant| *instant > now)).collect(),
            traceparent: each().map(|m| m.traceparent.as_deref()).collect(),
        }
    }
}
