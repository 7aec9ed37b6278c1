//! Whose log an event stands in: a line of the audit log for each tenant that it concerns.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, EventId, TenantId, WabaId};
use domain::scope::Scope;
use serde_json::Value;
use uuid::Uuid;

use crate::Result;

/// A proved event, and the accounts that it names.
#[derive(Clone, Debug)]
pub struct Named {
    /// The event.
    pub event_id: EventId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What its signature proved.
    pub scope: Scope,
    /// The accounts that its entries name.
    pub waba_ids: Vec<WabaId>,
    /// What a reader of the line needs; an object.
    pub detail: Value,
}

/// One array for each column: events, and the accounts of each.
struct Columns<'a> {
    named_events: Vec<Uuid>,
    named_proved: Vec<Option<Uuid>>,
    named_at: Vec<DateTime<Utc>>,
    named_wabas: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(events: &'a [Named]) -> Self {
        let each = || events.iter().flat_map(|e| e.waba_ids.iter().map(move |id| (e, id)));
        Self {
            named_events: each().map(|(event, _)| event.event_id.as_uuid()).collect(),
            named_proved: each().map(|(event, _)| proved(event.scope)).collect(),
            named_at: each().map(|(event, _)| event.received_at).collect(),
            named_wabas: each().map(|(_, waba_id)| waba_id.as_str()).collect(),
        }
    }
}

fn proved(scope: Scope) -> Option<Uuid> {
    match scope {
        Scope::Platform => None,
        Scope::Connection(connection_id) => Some(connection_id.as_uuid()),
    }
}

/// Writes `webhook.inbound.received` for every tenant whose accounts an event names within its
/// scope; when it names none, for the tenant whose secret signed it. `detail.alone` says whether it
/// names no account of anybody else, `detail.connections` which of the tenant's it concerns. A line that is there stays. Call it in the transaction that
/// inserts the events.
///
/// # Errors
/// `Unavailable`.
pub async fn attribute(transaction: &impl GenericClient, events: &[Named]) -> Result<u64> {
    let columns = Columns::of(events);
    let each = || events.iter();
    let event_ids: Vec<Uuid> = each().map(|event| event.event_id.as_uuid()).collect();
    let received_at: Vec<DateTime<Utc>> = each().map(|event| event.received_at).collect();
    let scopes: Vec<Option<Uuid>> = each().map(|event| proved(event.scope)).collect();
    let names: Vec<i64> =
        each().map(|event| i64::try_from(event.waba_ids.len()).unwrap_or(i64::MAX)).collect();
    let details: Vec<&Value> = each().map(|event| &event.detail).collect();
    let statement = transaction
        .prepare_cached(
            "-- webhook_events::attribute
             WITH event AS (
                 SELECT *
                 FROM   UNNEST($1::uuid[], $2::timestamptz[], $3::uuid[], $4::bigint[], $5::jsonb[])
                        AS e (event_id, received_at, proved, names, detail)
             ),
             within AS (
                 SELECT n.event_id, w.tenant_id, count(*) AS names,
                        jsonb_agg(DISTINCT w.connection_id) AS connections
                 FROM   UNNEST($6::uuid[], $7::uuid[], $8::text[])
                        AS n (event_id, proved, waba_id)
                 JOIN   wabas       w ON w.waba_id = n.waba_id
                 JOIN   connections c ON c.connection_id = w.connection_id
                                     AND in_scope(n.proved, c.connection_id, c.kind)
                 GROUP BY n.event_id, w.tenant_id
             ),
             concerned AS (
                 SELECT e.event_id, w.tenant_id, w.names = e.names AS alone, w.connections
                 FROM   event e
                 JOIN   within w USING (event_id)
                 UNION ALL
                 SELECT e.event_id, c.tenant_id, true, jsonb_build_array(c.connection_id)
                 FROM   event e
                 JOIN   connections c ON c.connection_id = e.proved
                 WHERE  NOT EXISTS (SELECT FROM within w WHERE w.event_id = e.event_id)
             )
             INSERT INTO audit_log (audit_id, tenant_id, at, actor_kind, action, subject, detail)
             SELECT e.event_id, k.tenant_id, e.received_at, 'meta', 'webhook.inbound.received',
                    e.event_id::text,
                    e.detail || jsonb_build_object('alone', k.alone, 'connections', k.connections)
             FROM   concerned k
             JOIN   event e USING (event_id)
             ON CONFLICT (audit_id, tenant_id) DO NOTHING",
        )
        .await?;
    let written = transaction
        .execute(
            &statement,
            &[
                /* event_ids    */ &event_ids,
                /* received_at  */ &received_at,
                /* scopes       */ &scopes,
                /* names        */ &names,
                /* details      */ &details,
                /* named_events */ &columns.named_events,
                /* named_proved */ &columns.named_proved,
                /* named_wabas  */ &columns.named_wabas,
            ],
        )
        .await?;
    Ok(written)
}

/// Writes `webhook.inbound.rejected` for a tenant that a rejected POST concerns; a line that is
/// there stays. `detail` holds no word of the body.
///
/// # Errors
/// `Unavailable`.
pub async fn reject(
    transaction: &impl GenericClient,
    event_id: EventId,
    received_at: DateTime<Utc>,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    detail: &Value,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- webhook_events::reject
             INSERT INTO audit_log (audit_id, tenant_id, at, actor_kind, action, subject, detail)
             VALUES ($1, $2, $3, 'waypost', 'webhook.inbound.rejected', $4, $5)
             ON CONFLICT (audit_id, tenant_id) DO NOTHING",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* audit_id  */ &event_id.as_uuid(),
                /* tenant_id */ &tenant_id.as_uuid(),
                /* at        */ &received_at,
                /* subject   */ &connection_id.to_string(),
                /* detail    */ detail,
            ],
        )
        .await?;
    Ok(())
}

/// When a notification of a bad signature counts as healed.
#[derive(Clone, Copy, Debug)]
pub struct Healing<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// So long no bad one must have come, unless a secret was saved since.
    pub quiet: TimeDelta,
}

/// Clears the notifications of the connections that these events prove to work again; answers how
/// many.
///
/// # Errors
/// `Unavailable`.
pub async fn heal(
    transaction: &impl GenericClient,
    events: &[Named],
    healing: Healing<'_>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let columns = Columns::of(events);
    let own = || events.iter().filter_map(|e| Some((proved(e.scope)?, e.received_at)));
    let own_connections: Vec<Uuid> = own().map(|(connection, _)| connection).collect();
    let own_at: Vec<DateTime<Utc>> = own().map(|(_, at)| at).collect();
    let statement = transaction
        .prepare_cached(
            "-- webhook_events::heal
             WITH working AS (
                 SELECT w.connection_id, max(n.received_at) AS at
                 FROM   UNNEST($1::uuid[], $2::timestamptz[], $3::text[])
                        AS n (proved, received_at, waba_id)
                 JOIN   wabas       w ON w.waba_id = n.waba_id
                 JOIN   connections c ON c.connection_id = w.connection_id
                                     AND in_scope(n.proved, c.connection_id, c.kind)
                 GROUP BY w.connection_id
                 UNION ALL
                 SELECT o.connection_id, max(o.received_at)
                 FROM   UNNEST($4::uuid[], $5::timestamptz[]) AS o (connection_id, received_at)
                 GROUP BY o.connection_id
             )
             UPDATE notifications n
             SET    cleared_at = $6
             FROM   working w
             JOIN   connections c USING (connection_id)
             WHERE  n.tenant_id = c.tenant_id
               AND  n.kind      = $7
               AND  n.subject   = c.connection_id::text
               AND  n.cleared_at IS NULL
               AND  (n.last_seen_at <= w.at - make_interval(secs => $8)
                     OR EXISTS (
                         SELECT
                         FROM   app_secrets s
                         WHERE  s.connection_id = c.connection_id
                           AND  s.saved_at > n.last_seen_at
                           AND  s.saved_at <= w.at
                     ))",
        )
        .await?;
    let quiet_s = healing.quiet.as_seconds_f64();
    let healed = transaction
        .execute(
            &statement,
            &[
                /* named_proved    */ &columns.named_proved,
                /* named_at        */ &columns.named_at,
                /* named_wabas     */ &columns.named_wabas,
                /* own_connections */ &own_connections,
                /* own_at          */ &own_at,
                /* now             */ &now,
                /* kind            */ &healing.kind,
                /* quiet_s         */ &quiet_s,
            ],
        )
        .await?;
    Ok(healed)
}
