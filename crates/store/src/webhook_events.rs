//! Every POST to a webhook URL.

mod attribution;
mod outside;
mod parties;
mod quarantine;
mod read;
mod replay;

pub use self::attribution::{Healing, Named, attribute, heal, reject};
pub use self::outside::{Reach, outside};
pub use self::parties::{Party, Tokens, named, of_connections, tokens};
pub use self::quarantine::{Proved, Quarantined, forget_unvouched, prove, take_untried, tried};
pub use self::read::{Contents, Event, Filter, Standing, UnknownStanding, find, list};
pub use self::replay::{Stored, Stretch, accounts_of, stored, stored_between};

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, EventId};
use serde_json::Value;
use uuid::Uuid;

use crate::{Error, Result, Vault};

/// A POST as it was received, and what could be read of it.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Given by ingress.
    pub event_id: EventId,
    /// When the whole body had been read.
    pub received_at: DateTime<Utc>,
    /// Which webhook URL it came to.
    pub path: String,
    /// Why the signature was refused; `None` when it is valid.
    pub diagnosis: Option<String>,
    /// The connection whose own app signed it.
    pub connection_id: Option<ConnectionId>,
    /// The connection under whose secrets a rejected one may prove good later.
    pub quarantined_for: Option<ConnectionId>,
    /// The signature header of a rejected one whose whole body is kept.
    pub presented_signature: Option<String>,
    /// Topic words it was routed by.
    pub kinds: String,
    /// The raw body; sealed before it is stored.
    pub body: Vec<u8>,
    /// Items it carried, poison included.
    pub item_count: i32,
    /// Why the whole body could not be read.
    pub parse_error: Option<String>,
    /// Items that could not be read: `[{pointer, detail}]`.
    pub poison: Value,
    /// How many POSTs this row stands for.
    pub repeats: i32,
}

/// Inserts events in one statement; those that are there already (a redelivery on the bus) stay as
/// they are. Answers the ids that are new.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn insert(
    client: &impl GenericClient,
    vault: &Vault,
    events: &[NewEvent],
) -> Result<HashSet<EventId>> {
    let each = || events.iter();
    let event_ids: Vec<Uuid> = each().map(|e| e.event_id.as_uuid()).collect();
    let bodies: Vec<Vec<u8>> = each().map(|e| seal_body(vault, e)).collect();
    let sizes: Vec<i32> = each().map(|e| i32::try_from(e.body.len()).unwrap_or(i32::MAX)).collect();
    let received_at: Vec<DateTime<Utc>> = each().map(|e| e.received_at).collect();
    let paths: Vec<&str> = each().map(|e| e.path.as_str()).collect();
    let diagnoses: Vec<Option<&str>> = each().map(|e| e.diagnosis.as_deref()).collect();
    let connections: Vec<Option<Uuid>> =
        each().map(|e| e.connection_id.map(ConnectionId::as_uuid)).collect();
    let kinds: Vec<&str> = each().map(|e| e.kinds.as_str()).collect();
    let item_counts: Vec<i32> = each().map(|e| e.item_count).collect();
    let parse_errors: Vec<Option<&str>> = each().map(|e| e.parse_error.as_deref()).collect();
    let poison: Vec<&Value> = each().map(|e| &e.poison).collect();
    let repeats: Vec<i32> = each().map(|e| e.repeats).collect();
    let quarantined_for: Vec<Option<Uuid>> =
        each().map(|e| e.quarantined_for.map(ConnectionId::as_uuid)).collect();
    let signatures: Vec<Option<&str>> = each().map(|e| e.presented_signature.as_deref()).collect();
    let statement = client
        .prepare_cached(
            "-- webhook_events::insert
             INSERT INTO webhook_events (event_id, received_at, path, signature_valid, diagnosis,
                                         connection_id, kinds, body, body_bytes, item_count,
                                         parse_error, poison, repeats, quarantined_for,
                                         presented_signature)
             SELECT u.event_id, u.received_at, u.path, u.diagnosis IS NULL, u.diagnosis,
                    u.connection_id, u.kinds, u.body, u.body_bytes, u.item_count,
                    u.parse_error, u.poison, u.repeats, u.quarantined_for,
                    u.presented_signature
             FROM   UNNEST($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[],
                           $6::text[], $7::bytea[], $8::int[], $9::int[], $10::text[],
                           $11::jsonb[], $12::int[], $13::uuid[], $14::text[])
                    AS u (event_id, received_at, path, diagnosis, connection_id, kinds, body,
                          body_bytes, item_count, parse_error, poison, repeats, quarantined_for,
                          presented_signature)
             ON CONFLICT (event_id) DO NOTHING
             RETURNING event_id",
        )
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                &event_ids,
                &received_at,
                &paths,
                &diagnoses,
                &connections,
                &kinds,
                &bodies,
                &sizes,
                &item_counts,
                &parse_errors,
                &poison,
                &repeats,
                &quarantined_for,
                &signatures,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| EventId::from_uuid(row.get("event_id"))).collect())
}

/// The raw body of an event; `None` when there is no such event, or its body is forgotten.
///
/// # Errors
/// `Corrupt` when no configured key opens it.
pub async fn body(
    client: &impl GenericClient,
    vault: &Vault,
    event_id: EventId,
) -> Result<Option<Vec<u8>>> {
    let statement = client
        .prepare_cached(
            "-- webhook_events::body
             SELECT body
             FROM   webhook_events
             WHERE  event_id = $1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&event_id.as_uuid()]).await?;
    let sealed = row.as_ref().map(|row| row.get::<_, &[u8]>("body"));
    let kept = sealed.filter(|sealed| !sealed.is_empty());
    kept.map(|sealed| open_body(vault, event_id, sealed)).transpose()
}

fn open_body(vault: &Vault, event_id: EventId, sealed: &[u8]) -> Result<Vec<u8>> {
    let opened = vault.open("webhook_events", &event_id.to_string(), "body", sealed);
    opened.map_err(|_| Error::Corrupt { table: "webhook_events", column: "body" })
}

fn seal_body(vault: &Vault, event: &NewEvent) -> Vec<u8> {
    vault.seal("webhook_events", &event.event_id.to_string(), "body", &event.body)
}
