//! Monthly partitions, made ahead of time and dropped when they are old.

use chrono::{DateTime, Months, Utc};
use deadpool_postgres::GenericClient;

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
) -> Result<usize> {
    let months = old_months(client, "webhook_events", before).await?;
    for month in &months {
        drop_month(client, "webhook_events", month).await?;
    }
    Ok(months.len())
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
/// `Database` when a table is too busy to be locked within 200 ms: then the rest later.
pub async fn drop_messages(
    client: &impl GenericClient,
    before: DateTime<Utc>,
) -> Result<Vec<OldMonth>> {
    let mut told = Vec::new();
    for month in old_months(client, "messages", before).await? {
        let Some(unfinished) = unfinished(client, &month).await? else { continue };
        if unfinished == 0 {
            forget_resolutions(client, &month).await?;
            // The messages last: as long as they are there, the month is found again.
            for table in ["waits", "attempts", "messages"] {
                drop_month(client, table, &month).await?;
            }
        }
        told.push(OldMonth { month, unfinished });
    }
    Ok(told)
}

async fn old_months(
    client: &impl GenericClient,
    table: &str,
    before: DateTime<Utc>,
) -> Result<Vec<String>> {
    let statement = client
        .prepare_cached(
            "-- partitions::old_months
             SELECT old_months($1, $2) AS month",
        )
        .await?;
    let rows = client.query(&statement, &[&table, &before]).await?;
    Ok(rows.iter().map(|row| row.get("month")).collect())
}

async fn drop_month(client: &impl GenericClient, table: &str, month: &str) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- partitions::drop_month
             SELECT drop_month_partition($1, $2)",
        )
        .await?;
    client.execute(&statement, &[&table, &month]).await?;
    Ok(())
}

/// `None` when somebody else has dropped it.
async fn unfinished(client: &impl GenericClient, month: &str) -> Result<Option<i64>> {
    let statement = client
        .prepare_cached(
            "-- partitions::unfinished
             SELECT unfinished_messages($1) AS unfinished",
        )
        .await?;
    Ok(client.query_one(&statement, &[&month]).await?.get("unfinished"))
}

async fn forget_resolutions(client: &impl GenericClient, month: &str) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- partitions::forget_resolutions
             SELECT forget_resolutions($1)",
        )
        .await?;
    client.execute(&statement, &[&month]).await?;
    Ok(())
}
