use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::DeliveryStatus;
use domain::ids::{MessageId, PhoneNumberId, TenantId};
use domain::lane::{Lane, OnUnknown, WaitingReason};
use serde_json::Value;
use tokio_postgres::Row;

use super::resolve::{Resolved, resolutions};
use super::{id, status, word};
use crate::{Error, Result};

/// A message as a list shows it.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its id.
    pub message_id: MessageId,
    /// The number it is sent from.
    pub phone_number_id: PhoneNumberId,
    /// `+E.164` or a business-scoped user id; not for logs.
    pub recipient: String,
    /// Meta's `type`.
    pub message_type: String,
    /// The caller's own opaque text.
    pub client_data: Option<String>,
    /// The queue it goes through.
    pub lane: Lane,
    /// What happens when the answer to its send is lost.
    pub on_unknown: OnUnknown,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When [`Self::status`] last changed on our own side.
    pub stage_at: DateTime<Utc>,
    /// Why it waits.
    pub waiting_reason: Option<WaitingReason>,
    /// Until when it waits.
    pub not_before: Option<DateTime<Utc>>,
    /// Its deadline.
    pub expires_at: DateTime<Utc>,
    /// When it was accepted from the caller.
    pub created_at: DateTime<Utc>,
    /// Meta's id of it; not for logs.
    pub wamid: Option<String>,
    /// The recipient as Meta knows it; not for logs.
    pub wa_id: Option<String>,
    /// When Meta answered with an id.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When Meta answered that it holds it.
    pub held_at: Option<DateTime<Utc>>,
    /// Meta's clock.
    pub sent_at: Option<DateTime<Utc>>,
    /// Meta's clock.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Meta's clock.
    pub opened_at: Option<DateTime<Utc>>,
    /// Meta's clock.
    pub played_at: Option<DateTime<Utc>>,
    /// Meta's clock, or ours when we gave it up.
    pub failed_at: Option<DateTime<Utc>>,
    /// Meta's code of the failure; 0 when it was our own decision.
    pub error_code: Option<i32>,
    /// The failure in words.
    pub delivery_error: Option<String>,
}

/// A message with all that happened to it.
#[derive(Clone, Debug)]
pub struct Message {
    /// What a list shows.
    pub summary: Summary,
    /// Meta's message object without envelope and recipient; not for logs.
    pub content: Value,
    /// Every time it was put aside.
    pub waits: Vec<Wait>,
    /// Every call to Meta.
    pub attempts: Vec<Attempt>,
    /// Every time somebody said what became of it when nobody knew.
    pub resolutions: Vec<Resolved>,
}

/// One time a message was put aside.
#[derive(Clone, Debug)]
pub struct Wait {
    /// From when.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: WaitingReason,
}

/// One call to Meta.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Just before the call.
    pub begun_at: DateTime<Utc>,
    /// When its outcome was known.
    pub finished_at: Option<DateTime<Utc>>,
    /// `accepted`, `not_sent`, `rejected` or `ambiguous`.
    pub outcome: Option<String>,
    /// Of Meta's answer.
    pub http_status: Option<i32>,
    /// Meta's code.
    pub error_code: Option<i32>,
    /// What went wrong.
    pub error: Option<String>,
    /// Meta's trace id.
    pub fbtrace_id: Option<String>,
}

/// Which messages a list is to show.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in this state.
    pub status: Option<DeliveryStatus>,
    /// Only from this number.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Only to this recipient.
    pub recipient: Option<String>,
    /// Only through this lane.
    pub lane: Option<Lane>,
    /// Only accepted at or after this instant.
    pub created_from: Option<DateTime<Utc>>,
    /// Only accepted before this instant.
    pub created_until: Option<DateTime<Utc>>,
    /// Only older than this message: the last one of the page before.
    pub before: Option<MessageId>,
}

const SUMMARY: &str = "m.message_id, m.phone_number_id, m.recipient, m.message_type,
       m.client_data, m.lane, m.on_unknown, m.delivery_status, m.stage_at, m.waiting_reason,
       m.not_before, m.expires_at, m.created_at, m.wamid, m.wa_id, m.accepted_at, m.held_at,
       m.sent_at, m.delivered_at, m.opened_at, m.played_at, m.failed_at, m.error_code,
       m.delivery_error";

/// One message of a tenant, with its timeline.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn find(
    client: &impl GenericClient,
    tenant_id: TenantId,
    message_id: MessageId,
) -> Result<Option<Message>> {
    let statement = client
        .prepare_cached(&format!(
            "-- messages::find
             SELECT {SUMMARY}, m.content
             FROM   messages m
             WHERE  m.message_id = $1
               AND  (m.tenant_id = $2) IS TRUE -- looked up by message_id alone"
        ))
        .await?;
    let row = client.query_opt(&statement, &[&message_id.as_uuid(), &tenant_id.as_uuid()]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Message {
        summary: summary(&row)?,
        content: row.get("content"),
        waits: waits(client, message_id).await?,
        attempts: attempts(client, message_id).await?,
        resolutions: resolutions(client, message_id).await?,
    }))
}

/// A page of a tenant's messages, newest first.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn list(
    client: &impl GenericClient,
    tenant_id: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Summary>> {
    let statement = client
        .prepare_cached(&format!(
            "-- messages::list
             SELECT {SUMMARY}
             FROM   messages m
             WHERE  m.tenant_id = $1
               AND  ($2::text        IS NULL OR m.delivery_status = $2)
               AND  ($3::text        IS NULL OR m.phone_number_id = $3)
               AND  ($4::text        IS NULL OR m.recipient       = $4)
               AND  ($5::text        IS NULL OR m.lane            = $5)
               AND  ($6::timestamptz IS NULL OR m.message_id     >= uuid_v7_floor($6))
               AND  ($7::timestamptz IS NULL OR m.message_id     <  uuid_v7_floor($7))
               AND  ($8::uuid        IS NULL OR m.message_id     <  $8)
             ORDER BY m.message_id DESC
             LIMIT  $9"
        ))
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                /* tenant_id       */ &tenant_id.as_uuid(),
                /* status          */ &filter.status.map(DeliveryStatus::as_str),
                /* phone_number_id */
                &filter.phone_number_id.as_ref().map(PhoneNumberId::as_str),
                /* recipient       */ &filter.recipient,
                /* lane            */ &filter.lane.map(Lane::as_str),
                /* created_from    */ &filter.created_from,
                /* created_until   */ &filter.created_until,
                /* before          */ &filter.before.map(MessageId::as_uuid),
                /* limit           */ &limit,
            ],
        )
        .await?;
    rows.iter().map(summary).collect()
}

/// How many messages a tenant has in each state.
///
/// # Errors
/// `Unavailable`.
pub async fn count_by_status(
    client: &impl GenericClient,
    tenant_id: TenantId,
) -> Result<BTreeMap<DeliveryStatus, i64>> {
    let statement = client
        .prepare_cached(
            "-- messages::count_by_status
             SELECT m.delivery_status, count(*) AS messages
             FROM   messages m
             WHERE  m.tenant_id = $1
             GROUP BY m.delivery_status",
        )
        .await?;
    let rows = client.query(&statement, &[&tenant_id.as_uuid()]).await?;
    rows.iter().map(|row| Ok((status(row)?, row.get("messages")))).collect()
}

async fn waits(client: &impl GenericClient, message_id: MessageId) -> Result<Vec<Wait>> {
    let statement = client
        .prepare_cached(
            "-- messages::waits
             SELECT since, until, reason
             FROM   waits
             WHERE  message_id = $1
             ORDER BY claim_no",
        )
        .await?;
    let rows = client.query(&statement, &[&message_id.as_uuid()]).await?;
    rows.iter()
        .map(|row| {
            let (since, until) = (row.get("since"), row.get("until"));
            Ok(Wait { since, until, reason: word(row, "reason")? })
        })
        .collect()
}

async fn attempts(client: &impl GenericClient, message_id: MessageId) -> Result<Vec<Attempt>> {
    let statement = client
        .prepare_cached(
            "-- messages::attempts
             SELECT begun_at, finished_at, outcome, http_status, error_code, error, fbtrace_id
             FROM   attempts
             WHERE  message_id = $1
             ORDER BY attempt_no",
        )
        .await?;
    let rows = client.query(&statement, &[&message_id.as_uuid()]).await?;
    Ok(rows
        .iter()
        .map(|row| Attempt {
            begun_at: row.get("begun_at"),
            finished_at: row.get("finished_at"),
            outcome: row.get("outcome"),
            http_status: row.get("http_status"),
            error_code: row.get("error_code"),
            error: row.get("error"),
            fbtrace_id: row.get("fbtrace_id"),
        })
        .collect())
}

/// What is told of a message that a person has given up: it has no failure of Meta's.
const GIVEN_UP: &str = "Meta's answer to the send was lost and no status came; somebody gave it up. \
                        It may have been delivered";

fn summary(row: &Row) -> Result<Summary> {
    let status = status(row)?;
    let failed_at: Option<DateTime<Utc>> = row.get("failed_at");
    let is_given_up = status == DeliveryStatus::Failed && failed_at.is_none();
    let given_up_at = is_given_up.then(|| row.get("stage_at"));
    let waiting: Option<&str> = row.get("waiting_reason");
    let waiting_reason = waiting.map(str::parse).transpose();
    Ok(Summary {
        message_id: MessageId::from_uuid(row.get("message_id")),
        phone_number_id: id(row, "phone_number_id")?,
        recipient: row.get("recipient"),
        message_type: row.get("message_type"),
        client_data: row.get("client_data"),
        lane: word(row, "lane")?,
        on_unknown: word(row, "on_unknown")?,
        status,
        stage_at: row.get("stage_at"),
        waiting_reason: waiting_reason
            .map_err(|_| Error::Corrupt { table: "messages", column: "waiting_reason" })?,
        not_before: row.get("not_before"),
        expires_at: row.get("expires_at"),
        created_at: row.get("created_at"),
        wamid: row.get("wamid"),
        wa_id: row.get("wa_id"),
        accepted_at: row.get("accepted_at"),
        held_at: row.get("held_at"),
        sent_at: row.get("sent_at"),
        delivered_at: row.get("delivered_at"),
        opened_at: row.get("opened_at"),
        played_at: row.get("played_at"),
        failed_at: failed_at.or(given_up_at),
        error_code: if is_given_up { Some(0) } else { row.get("error_code") },
        delivery_error: if is_given_up { Some(GIVEN_UP.into()) } else { row.get("delivery_error") },
    })
}
