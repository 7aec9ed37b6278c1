//! What can be published again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, EventId, TenantId, WabaId};
use domain::scope::Scope;
use tokio_postgres::Row;
use uuid::Uuid;

use super::open_body;
use crate::{Result, Vault};

/// A stretch of time.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Its begin, by the millisecond.
    pub since: DateTime<Utc>,
    /// Its end, which is no part of it.
    pub until: DateTime<Utc>,
    /// Only what came after this event.
    pub after: Option<EventId>,
}

/// A POST that was proved, as it came.
pub struct Stored {
    /// The event.
    pub event_id: EventId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// To which webhook URL.
    pub path: String,
    /// What its signature proved.
    pub scope: Scope,
    /// Whether it was the tenant's own app that signed it.
    pub is_own: bool,
    /// The raw body.
    pub body: Vec<u8>,
}

macro_rules! select {
    ($name:literal, $rest:literal) => {
        concat!(
            "-- webhook_events::",
            $name,
            "
             SELECT e.event_id, e.received_at, e.path, e.connection_id, e.body,
                    EXISTS (SELECT FROM connections c
                            WHERE c.tenant_id = $1 AND c.connection_id = e.connection_id) AS is_own
             FROM   audit_log a
             JOIN   webhook_events e ON e.event_id = a.audit_id
             WHERE  a.tenant_id = $1
               AND  a.action IN ('webhook.inbound.received', 'webhook.inbound.rejected')
               AND  (e.signature_valid OR e.reverified_at IS NOT NULL)
               AND  octet_length(e.body) > 0
               ",
            $rest
        )
    };
}

/// A proved event that concerns a tenant; `None` when it has no such one, or nothing is left of it.
///
/// # Errors
/// `Corrupt` when no configured key opens its body.
pub async fn stored(
    client: &impl GenericClient,
    vault: &Vault,
    tenant_id: TenantId,
    event_id: EventId,
) -> Result<Option<Stored>> {
    let statement = client.prepare_cached(select!("stored", "AND  a.audit_id = $2")).await?;
    let row = client.query_opt(&statement, &[&tenant_id.as_uuid(), &event_id.as_uuid()]).await?;
    row.map(|row| read(vault, &row)).transpose()
}

/// The proved events of a stretch that concern a tenant, the oldest first.
///
/// # Errors
/// `Corrupt` when no configured key opens one of the bodies.
pub async fn stored_between(
    client: &impl GenericClient,
    vault: &Vault,
    tenant_id: TenantId,
    stretch: &Stretch,
    limit: i64,
) -> Result<Vec<Stored>> {
    let statement = client
        .prepare_cached(select!(
            "stored_between",
            "AND  a.audit_id >= uuid_v7_floor($2)
               AND  a.audit_id <  uuid_v7_floor($3)
               AND  ($4::uuid IS NULL OR a.audit_id > $4)
             ORDER BY a.audit_id
             LIMIT  $5"
        ))
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                /* tenant_id */ &tenant_id.as_uuid(),
                /* since     */ &stretch.since,
                /* until     */ &stretch.until,
                /* after     */ &stretch.after.map(EventId::as_uuid),
                /* limit     */ &limit,
            ],
        )
        .await?;
    rows.iter().map(|row| read(vault, row)).collect()
}

fn read(vault: &Vault, row: &Row) -> Result<Stored> {
    let event_id = EventId::from_uuid(row.get("event_id"));
    let connection_id: Option<Uuid> = row.get("connection_id");
    Ok(Stored {
        event_id,
        received_at: row.get("received_at"),
        path: row.get("path"),
        scope: connection_id
            .map_or(Scope::Platform, |id| Scope::Connection(ConnectionId::from_uuid(id))),
        is_own: row.get("is_own"),
        body: open_body(vault, event_id, row.get("body"))?,
    })
}

/// Which of these accounts are a tenant's.
///
/// # Errors
/// `Unavailable`.
pub async fn accounts_of(
    client: &impl GenericClient,
    tenant_id: TenantId,
    waba_ids: &BTreeSet<WabaId>,
) -> Result<BTreeSet<WabaId>> {
    let texts: Vec<&str> = waba_ids.iter().map(WabaId::as_str).collect();
    let statement = client
        .prepare_cached(
            "-- webhook_events::accounts_of
             SELECT waba_id FROM wabas WHERE tenant_id = $1 AND waba_id = ANY($2)",
        )
        .await?;
    let rows = client.query(&statement, &[&tenant_id.as_uuid(), &texts]).await?;
    Ok(rows.iter().filter_map(|row| row.get::<_, &str>("waba_id").parse().ok()).collect())
}
