//! Rejected POSTs, held against secrets that were saved since they came.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, EventId, TenantId};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::open_body;
use crate::{Result, Vault};

/// How long the body of a rejected POST is kept.
const UNVOUCHED: TimeDelta = TimeDelta::days(7);

/// A rejected POST that waits for its secret.
#[derive(Clone)]
pub struct Quarantined {
    /// The event.
    pub event_id: EventId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Which webhook URL it came to.
    pub path: String,
    /// The connection whose secret may prove it.
    pub connection_id: ConnectionId,
    /// Owner of the connection.
    pub tenant_id: TenantId,
    /// The signature header as it came.
    pub signature: String,
    /// The raw body; `None` when no configured key opens it.
    pub body: Option<Vec<u8>>,
    /// `saved_at` of the connection's newest secret.
    pub saved_at: DateTime<Utc>,
}

/// Takes rejected POSTs that have not been held against the newest secret of their connection, and
/// locks them. Those that another one works on are passed over.
///
/// # Errors
/// `Unavailable`.
pub async fn take_untried(
    transaction: &impl GenericClient,
    vault: &Vault,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Quarantined>> {
    let statement = transaction
        .prepare_cached(
            "-- webhook_events::take_untried
             SELECT e.event_id, e.received_at, e.path, e.quarantined_for, e.presented_signature,
                    e.body, s.tenant_id, s.saved_at
             FROM   (SELECT c.connection_id, c.tenant_id, max(s.saved_at) AS saved_at
                     FROM   connections c
                     JOIN   app_secrets s USING (connection_id)
                     WHERE  c.status <> 'DISCONNECTED'
                       AND  (s.retires_at IS NULL OR s.retires_at > $1)
                     GROUP BY c.connection_id) s
             JOIN   webhook_events e ON e.quarantined_for = s.connection_id
             WHERE  COALESCE(e.tried_at, '-infinity') < s.saved_at
               AND  NOT e.signature_valid
               AND  e.reverified_at IS NULL
               AND  e.presented_signature IS NOT NULL
               AND  e.event_id >= uuid_v7_floor($2)
             LIMIT  $3
             FOR UPDATE OF e SKIP LOCKED",
        )
        .await?;
    let rows = transaction.query(&statement, &[&now, &(now - UNVOUCHED), &limit]).await?;
    Ok(rows.iter().map(|row| read(vault, row)).collect())
}

fn read(vault: &Vault, row: &Row) -> Quarantined {
    let event_id = EventId::from_uuid(row.get("event_id"));
    Quarantined {
        event_id,
        received_at: row.get("received_at"),
        path: row.get("path"),
        connection_id: ConnectionId::from_uuid(row.get("quarantined_for")),
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        signature: row.get("presented_signature"),
        body: open_body(vault, event_id, row.get("body")).ok(),
        saved_at: row.get("saved_at"),
    }
}

/// What a secret has proved after all, and what could then be read of it.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The event.
    pub event_id: EventId,
    /// The connection whose secret signed it.
    pub connection_id: ConnectionId,
    /// Topic words it is routed by.
    pub kinds: String,
    /// Items it carries, poison included.
    pub item_count: i32,
    /// Why the whole body could not be read.
    pub parse_error: Option<String>,
    /// Items that could not be read: `[{pointer, detail}]`.
    pub poison: Value,
}

/// Notes that events are proved. `signature_valid` and `diagnosis` stay as they were: they say what
/// was true when it came.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn prove(
    transaction: &impl GenericClient,
    proved: &[Proved],
    now: DateTime<Utc>,
) -> Result<u64> {
    let each = || proved.iter();
    let event_ids: Vec<Uuid> = each().map(|e| e.event_id.as_uuid()).collect();
    let connections: Vec<Uuid> = each().map(|e| e.connection_id.as_uuid()).collect();
    let kinds: Vec<&str> = each().map(|e| e.kinds.as_str()).collect();
    let item_counts: Vec<i32> = each().map(|e| e.item_count).collect();
    let parse_errors: Vec<Option<&str>> = each().map(|e| e.parse_error.as_deref()).collect();
    let poison: Vec<&Value> = each().map(|e| &e.poison).collect();
    let statement = transaction
        .prepare_cached(
            "-- webhook_events::prove
             UPDATE webhook_events e
             SET    reverified_at = $7,
                    connection_id = u.connection_id,
                    kinds         = u.kinds,
                    item_count    = u.item_count,
                    parse_error   = u.parse_error,
                    poison        = u.poison
             FROM   UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::jsonb[])
                    AS u (event_id, connection_id, kinds, item_count, parse_error, poison)
             WHERE  e.event_id = u.event_id
               AND  e.reverified_at IS NULL",
        )
        .await?;
    let proved = transaction
        .execute(
            &statement,
            &[
                /* event_ids    */ &event_ids,
                /* connections  */ &connections,
                /* kinds        */ &kinds,
                /* item_counts  */ &item_counts,
                /* parse_errors */ &parse_errors,
                /* poison       */ &poison,
                /* now          */ &now,
            ],
        )
        .await?;
    Ok(proved)
}

/// Notes that events were held in vain against the secrets that were saved until then.
///
/// # Errors
/// `Unavailable`.
pub async fn tried(
    transaction: &impl GenericClient,
    events: &[(EventId, DateTime<Utc>)],
) -> Result<()> {
    let event_ids: Vec<Uuid> = events.iter().map(|(event_id, _)| event_id.as_uuid()).collect();
    let saved_at: Vec<DateTime<Utc>> = events.iter().map(|(_, saved_at)| *saved_at).collect();
    let statement = transaction
        .prepare_cached(
            "-- webhook_events::tried
             UPDATE webhook_events e
             SET    tried_at = u.saved_at
             FROM   UNNEST($1::uuid[], $2::timestamptz[]) AS u (event_id, saved_at)
             WHERE  e.event_id = u.event_id",
        )
        .await?;
    transaction.execute(&statement, &[&event_ids, &saved_at]).await?;
    Ok(())
}

/// Forgets the bodies of POSTs that nobody has vouched for within a week, and with them the chance
/// to prove them; that they came, and why they were rejected, stays.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_unvouched(
    client: &impl GenericClient,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<u64> {
    let statement = client
        .prepare_cached(
            "-- webhook_events::forget_unvouched
             WITH old AS (
                 SELECT event_id
                 FROM   webhook_events
                 WHERE  NOT signature_valid
                   AND  reverified_at IS NULL
                   AND  octet_length(body) > 0
                   AND  received_at < $1
                 ORDER BY received_at
                 LIMIT  $2
                 FOR UPDATE SKIP LOCKED
             )
             UPDATE webhook_events e
             SET    body = '', presented_signature = NULL
             FROM   old
             WHERE  e.event_id = old.event_id",
        )
        .await?;
    Ok(client.execute(&statement, &[&(now - UNVOUCHED), &limit]).await?)
}
