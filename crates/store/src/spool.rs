//! POSTs that could not be published because the bus was away.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::EventId;
use uuid::Uuid;

use crate::{Error, Result, Vault};

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

/// The oldest spooled messages. Two schedulers may take the same ones: publishing a POST twice does
/// no harm, losing it would.
///
/// # Errors
/// `Unavailable`; `Corrupt` when no configured key opens an envelope.
pub async fn oldest(
    client: &impl GenericClient,
    vault: &Vault,
    limit: i64,
) -> Result<Vec<Spooled>> {
    let statement = client
        .prepare_cached(
            "-- spool::oldest
             SELECT event_id, routing_key, envelope
             FROM   webhook_spool
             ORDER BY event_id
             LIMIT  $1",
        )
        .await?;
    let rows = client.query(&statement, &[&limit]).await?;
    rows.iter()
        .map(|row| {
            let event_id = EventId::from_uuid(row.get("event_id"));
            let sealed = row.get("envelope");
            let envelope =
                vault
                    .open("webhook_spool", &event_id.to_string(), "envelope", sealed)
                    .map_err(|_| Error::Corrupt { table: "webhook_spool", column: "envelope" })?;
            Ok(Spooled { event_id, routing_key: row.get("routing_key"), envelope })
        })
        .collect()
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
