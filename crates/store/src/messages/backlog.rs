//! What is unfinished, over all tenants, for those who watch.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::DeliveryStatus;
use domain::lane::{Lane, WaitingReason};

use super::{status, word};
use crate::{Error, Result};

/// Unfinished messages that stand alike.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// Queued, being sent or unknown.
    pub status: DeliveryStatus,
    /// The queue they go through.
    pub lane: Lane,
    /// Why they wait, if they are queued; `None`: only for their turn.
    pub waiting_reason: Option<WaitingReason>,
    /// How many.
    pub messages: i64,
    /// Of the queued: since when the oldest of those that may go now might have gone; `None` when all
    /// of them wait for a later instant. Of the others: since when the oldest stands so.
    pub since: Option<DateTime<Utc>>,
}

/// Counts what is unfinished, in one statement; each state by an index of its own.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn backlog(client: &impl GenericClient, now: DateTime<Utc>) -> Result<Vec<Backlog>> {
    let statement = client
        .prepare_cached(
            "-- messages::backlog
             SELECT delivery_status, lane, waiting_reason, count(*) AS messages,
                    min(GREATEST(stage_at, not_before))
                        FILTER (WHERE not_before IS NULL OR not_before <= $1) AS since
             FROM   messages
             WHERE  stage = 'queued' AND delivery_status = 'queued'
             GROUP BY delivery_status, lane, waiting_reason
             UNION ALL
             SELECT delivery_status, lane, NULL, count(*), min(stage_at)
             FROM   messages
             WHERE  stage = 'sending' AND delivery_status = 'sending'
             GROUP BY delivery_status, lane
             UNION ALL
             SELECT delivery_status, lane, NULL, count(*), min(stage_at)
             FROM   messages
             WHERE  stage = 'unknown' AND delivery_status = 'unknown'
             GROUP BY delivery_status, lane",
        )
        .await?;
    let rows = client.query(&statement, &[&now]).await?;
    rows.iter()
        .map(|row| {
            let waiting: Option<&str> = row.get("waiting_reason");
            Ok(Backlog {
                status: status(row)?,
                lane: word(row, "lane")?,
                waiting_reason: waiting
                    .map(str::parse)
                    .transpose()
                    .map_err(|_| Error::Corrupt { table: "messages", column: "waiting_reason" })?,
                messages: row.get("messages"),
                since: row.get("since"),
            })
        })
        .collect()
}
