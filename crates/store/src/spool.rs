//! POSTs that could not be published because the bus was away.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::EventId;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Result, Vault};

/// A bus message that waits for the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spooled {
    /// As in `webhook_events`.
    pub event_id: EventId,
    /// The topic words to publish it under.
    pub routing_key: String,
    /// The encoded bus message; sealed at rest.
    pub envelope: Vec<u8>,
}

/// Keeps a bus message until the bus is back.
///
/// # Errors
/// `Unavailable`.
pub async fn keep(
    client: &impl GenericClient,
    vault: &Vault,
    spooled: &Spooled,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = spooled.event_id.to_string();
    let sealed = vault.seal("webhook_spool", &row, "envelope", &spooled.envelope);
    let statement = client
        .prepare_cached(
            "-- spool::keep
             INSERT INTO webhook_spool (event_id, routing_key, envelope, created_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (event_id) DO NOTHING",
        )
        .await?;
    client
        .execute(
            &statement,
            &[
                /* event_id    */ &spooled.event_id.as_uuid(),
                /* routing_key */ &spooled.routing_key,
                /* envelope    */ &sealed,
                /* created_at  */ &now,
            ],
        )
        .await?;
    Ok(())
}

/// A part of the spool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What can be published, the oldest first.
    pub spooled: Vec<Spooled>,
    /// How many more there are in between that no configured key opens. They stay for the day on
    /// which their key is back, and hold up nobody.
    pub closed: usize,
    /// The event that the next page follows; `None` when this is the last.
    pub last: Option<EventId>,
}

/// The oldest spooled messages after an event. Two schedulers may take the same ones: publishing a
/// POST twice does no harm, losing it would.
///
/// # Errors
/// `Unavailable`.
pub async fn oldest(
    client: &impl GenericClient,
    vault: &Vault,
    after: Option<EventId>,
    limit: i64,
) -> Result<Page> {
    let statement = client
        .prepare_cached(
            "-- spool::oldest
             SELECT event_id, routing_key, envelope
             FROM   webhook_spool
             WHERE  $1::uuid IS NULL OR event_id > $1
             ORDER BY event_id
             LIMIT  $2",
        )
        .await?;
    let rows = client.query(&statement, &[&after.map(EventId::as_uuid), &limit]).await?;
    let spooled: Vec<Spooled> = rows.iter().filter_map(|row| open(vault, row)).collect();
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
    let last = rows.last().filter(|_| is_full).map(|row| EventId::from_uuid(row.get("event_id")));
    Ok(Page { closed: rows.len() - spooled.len(), spooled, last })
}

fn open(vault: &Vault, row: &Row) -> Option<Spooled> {
    let event_id = EventId::from_uuid(row.get("event_id"));
    let sealed = row.get("envelope");
    let envelope = vault.open("webhook_spool", &event_id.to_string(), "envelope", sealed).ok()?;
    Some(Spooled { event_id, routing_key: row.get("routing_key"), envelope })
}

/// Forgets messages that were published.
///
/// # Errors
/// `Unavailable`.
pub async fn delete(client: &impl GenericClient, event_ids: &[EventId]) -> Result<()> {
    let ids: Vec<Uuid> = event_ids.iter().map(|event_id| event_id.as_uuid()).collect();
    let statement = client
        .prepare_cached(
            "-- spool::delete
             DELETE FROM webhook_spool
             WHERE  event_id = ANY($1)",
        )
        .await?;
    client.execute(&statement, &[&ids]).await?;
    Ok(())
}
