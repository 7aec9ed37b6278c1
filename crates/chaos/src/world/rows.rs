//! What stands in the database, by statements of our own: the law is checked from outside, so none
//! of what Waypost itself reads with is trusted here.

use std::collections::BTreeSet;
use std::time::Duration;

use store::{Client, Db, DbConfig};

use crate::snapshot::{Facts, Row};

/// The database of a run.
pub(crate) struct Database(Db);

/// What was found in it.
#[derive(Default)]
pub(crate) struct Seen {
    /// All messages.
    pub(crate) rows: Vec<Row>,
    /// All service windows: number, person.
    pub(crate) windows: BTreeSet<(String, String)>,
    /// POSTs with a good signature in the log.
    pub(crate) logged: u64,
    /// POSTs in the spool.
    pub(crate) spooled: u64,
}

const MESSAGES: &str = "
    SELECT m.message_id::text AS message_id, m.client_data, m.phone_number_id, m.recipient,
           m.delivery_status, m.on_unknown, m.waiting_reason, m.not_before IS NOT NULL AS has_not_before,
           m.expires_at <= now() AS is_past_its_deadline,
           m.error_code, m.delivery_error,
           (SELECT count(*) FROM attempts a
            WHERE  a.message_id = m.message_id
              AND  coalesce(a.outcome, 'ambiguous') = 'ambiguous') AS ambiguous,
           m.accepted_at IS NOT NULL AS accepted, m.sent_at      IS NOT NULL AS sent,
           m.opened_at   IS NOT NULL AS opened,   m.delivered_at IS NOT NULL AS delivered,
           m.failed_at   IS NOT NULL AS failed
    FROM   messages m
    ORDER BY m.message_id";

impl Database {
    /// The one at this URL.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub(crate) fn new(url: String) -> anyhow::Result<Self> {
        let config =
            DbConfig { connections: 2, timeout: Duration::from_secs(10), ..DbConfig::new(url) };
        Ok(Self(Db::new(&config)?))
    }

    /// All messages.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn messages(&self) -> anyhow::Result<Vec<Row>> {
        messages(&self.0.client().await?).await
    }

    /// Everything.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn look(&self) -> anyhow::Result<Seen> {
        let client = self.0.client().await?;
        let windows =
            client.query("SELECT phone_number_id, contact FROM service_windows", &[]).await?;
        let count = async |table: &str| {
            let row = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await?;
            anyhow::Ok(row.get::<_, i64>(0).unsigned_abs())
        };
        Ok(Seen {
            rows: messages(&client).await?,
            windows: windows.iter().map(|row| (row.get(0), row.get(1))).collect(),
            logged: count("webhook_events WHERE signature_valid").await?,
            spooled: count("webhook_spool").await?,
        })
    }
}

async fn messages(client: &Client) -> anyhow::Result<Vec<Row>> {
    let rows = client.query(MESSAGES, &[]).await?;
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        read.push(Row {
            message_id: row.get("message_id"),
            client_data: row.get::<_, Option<String>>("client_data").unwrap_or_default(),
            phone_number_id: row.get("phone_number_id"),
            recipient: row.get("recipient"),
            status: row.get("delivery_status"),
            on_unknown: row.get("on_unknown"),
            waiting_reason: row.get("waiting_reason"),
            has_not_before: row.get("has_not_before"),
            is_past_its_deadline: row.get("is_past_its_deadline"),
            error_code: row.get("error_code"),
            delivery_error: row.get("delivery_error"),
            ambiguous_attempts: usize::try_from(row.get::<_, i64>("ambiguous")).unwrap_or(0),
            facts: Facts {
                accepted: row.get("accepted"),
                sent: row.get("sent"),
                delivered: row.get("delivered"),
                opened: row.get("opened"),
                failed: row.get("failed"),
            },
        });
    }
    Ok(read)
}
