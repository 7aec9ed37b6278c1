//! What Meta told about accounts, kept as it came.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{TenantId, WabaId};
use domain::scope::Scope;
use serde_json::Value;
use uuid::Uuid;

use crate::accounts::proved;
use crate::{Result, Vault};

/// How long they are kept: longer than Meta takes to decide an appeal.
pub const KEPT: TimeDelta = TimeDelta::days(90);

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountEvent {
    /// What names it: a digest of the rest but scope and receipt, in hex.
    pub event_key: String,
    /// What the signature proved.
    pub scope: Scope,
    /// The account.
    pub waba_id: WabaId,
    /// Meta's name of the field.
    pub kind: String,
    /// When Meta told it.
    pub told_at: DateTime<Utc>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What it says.
    pub value: EventValue,
}

/// How the value is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum EventValue {
    /// Readable: it holds nothing of a person and no secret.
    Clear(Value),
    /// JSON that is sealed before it becomes a row: nobody knows what it may hold.
    Sealed(String),
}

/// Keeps events whose account lies in their scope, each once. Answers those that are new, by key,
/// with the owner of their account.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn keep(
    client: &impl GenericClient,
    vault: &Vault,
    events: &[AccountEvent],
) -> Result<HashMap<String, TenantId>> {
    let each = || events.iter();
    let keys: Vec<&str> = each().map(|event| event.event_key.as_str()).collect();
    let scopes: Vec<Option<Uuid>> = each().map(|event| proved(event.scope)).collect();
    let wabas: Vec<&str> = each().map(|event| event.waba_id.as_str()).collect();
    let kinds: Vec<&str> = each().map(|event| event.kind.as_str()).collect();
    let told_at: Vec<DateTime<Utc>> = each().map(|event| event.told_at).collect();
    let received_at: Vec<DateTime<Utc>> = each().map(|event| event.received_at).collect();
    let values: Vec<Option<&Value>> = each().map(|event| clear(&event.value)).collect();
    let sealed: Vec<Option<Vec<u8>>> = each().map(|event| seal(vault, event)).collect();
    let statement = client
        .prepare_cached(
            "-- account_events::keep
             INSERT INTO account_events (event_key, tenant_id, waba_id, kind, told_at,
                                         received_at, value, sealed)
             SELECT DISTINCT ON (u.event_key) u.event_key, w.tenant_id, w.waba_id, u.kind,
                    u.told_at, u.received_at, u.value, u.sealed
             FROM   UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                           $6::timestamptz[], $7::jsonb[], $8::bytea[])
                    AS u (event_key, proved, waba_id, kind, told_at, received_at, value, sealed)
             JOIN   wabas       w ON w.waba_id = u.waba_id
             JOIN   connections c ON c.connection_id = w.connection_id
                                 AND in_scope(u.proved, c.connection_id, c.kind)
             ORDER BY u.event_key
             ON CONFLICT (event_key) DO NOTHING
             RETURNING event_key, tenant_id",
        )
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                /* event_keys  */ &keys,
                /* proved      */ &scopes,
                /* waba_ids    */ &wabas,
                /* kinds       */ &kinds,
                /* told_at     */ &told_at,
                /* received_at */ &received_at,
                /* values      */ &values,
                /* sealed      */ &sealed,
            ],
        )
        .await?;
    let owner = |row: &tokio_postgres::Row| TenantId::from_uuid(row.get("tenant_id"));
    Ok(rows.iter().map(|row| (row.get("event_key"), owner(row))).collect())
}

fn clear(value: &EventValue) -> Option<&Value> {
    match value {
        EventValue::Clear(value) => Some(value),
        EventValue::Sealed(_) => None,
    }
}

fn seal(vault: &Vault, event: &AccountEvent) -> Option<Vec<u8>> {
    let EventValue::Sealed(json) = &event.value else { return None };
    Some(vault.seal("account_events", &event.event_key, "sealed", json.as_bytes()))
}

/// Forgets events after [`KEPT`]; answers how many.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_old(client: &impl GenericClient, now: DateTime<Utc>) -> Result<u64> {
    let statement = client
        .prepare_cached(
            "-- account_events::forget_old
             DELETE FROM account_events
             WHERE  received_at <= $1",
        )
        .await?;
    Ok(client.execute(&statement, &[&(now - KEPT)]).await?)
}
