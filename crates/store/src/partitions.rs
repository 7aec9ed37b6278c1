//! Monthly partitions, made ahead of time and dropped when they are old.

use chrono::{DateTime, Months, Utc};
use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use crate::Result;

/// The tables that have a partition for each month.
const TABLES: [&str; 5] = ["messages", "attempts", "waits", "webhook_events", "audit_log"];

/// Makes the partitions of this month and of `months_ahead` more; answers how many were missing.
///
/// # Errors
/// `Database` when a default partition already holds rows of a missing month.
pub async fn ensure(
    client: &impl GenericClient,
    now: DateTime<Utc>,
    months_ahead: u32,
) -> Result<i32> {
    let mut made = 0;
    for month in 0..=months_ahead {
        let instant = now + Months::new(month);
        let statement = client
            .prepare_cached(
                "-- partitions::ensure
                 SELECT ensure_month_partition($1, $2) AS made",
            )
            .await?;
        for table in TABLES {
            let row = client.query_one(&statement, &[&table, &instant]).await?;
            made += row.get::<_, i32>("made");
        }
    }
    Ok(made)
}

/// Drops the partitions of webhook events whose month ended before `before`; answers how many.
///
/// # Errors
/// `Database` when the table is too busy to be locked within 200 ms: then later.
pub async fn drop_webhook_events(
    client: &impl GenericClient,
    before: DateTime<Utc>,
) -> Result<i32> {
    let statement = client
        .prepare_cached(
            "-- partitions::drop_webhook_events
             SELECT drop_month_partitions('webhook_events', $1) AS dropped",
        )
        .await?;
    Ok(client.query_one(&statement, &[&before]).await?.get("dropped"))
}

/// A month of messages that is old enough to be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldMonth {
    /// `YYYYMM`, UTC.
    pub month: String,
    /// How many of its messages are queued, being sent or unknown. The month was dropped if none
    /// is, and kept else.
    pub unfinished: i64,
}

/// Drops messages, with all that is known of them, of the months that ended before `before`; answers
/// what became of each such month. One that holds an unfinished message is kept whole.
///
/// # Errors
/// `Database` when the tables are too busy to be locked within 200 ms: then later.
pub async fn drop_messages(
    client: &impl GenericClient,
    before: DateTime<Utc>,
) -> Result<Vec<OldMonth>> {
    let statement = client
        .prepare_cached(
            "-- partitions::drop_messages
             SELECT month, unfinished FROM drop_message_months($1)",
        )
        .await?;
    let rows = client.query(&statement, &[&before]).await?;
    let month = |row: &Row| OldMonth { month: row.get("month"), unfinished: row.get("unfinished") };
    Ok(rows.iter().map(month).collect())
}
