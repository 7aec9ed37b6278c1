//! What our own rows tell of a connection's health, for its diagnosis.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use tokio_postgres::types::ToSql;

use super::read::{Connection, Kind};
use crate::Result;

/// How far back is looked.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// How long a status may take before its absence says something.
const STATUS_GRACE: TimeDelta = TimeDelta::minutes(10);

/// What was seen in the last 24 hours. Of the platform's app the webhooks of all its connections
/// count: they come to one URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The last POST whose signature proved the connection's app, within the window.
    pub last_post_at: Option<DateTime<Utc>>,
    /// What the open notification of refused signatures says, if there is one.
    pub signature_trouble: Option<String>,
    /// Messages that Meta took.
    pub accepted: i64,
    /// Of these, those that have heard of no status for 10 minutes or longer.
    pub without_status: i64,
    /// Messages that failed because a test number or an app in development reaches only listed
    /// recipients (131030).
    pub not_listed: i64,
    /// Messages that wait for the credentials.
    pub waiting: i64,
    /// The code of Meta's about templates (132…) with which most messages failed, and how many.
    pub unfit_templates: Option<(i32, i64)>,
}

/// Gathers the evidence; not as the tenant, whose role does not see webhooks.
///
/// # Errors
/// `Unavailable`.
pub async fn evidence(
    client: &impl GenericClient,
    connection: &Connection,
    now: DateTime<Utc>,
) -> Result<Evidence> {
    let statement = client
        .prepare_cached(
            "-- connections::evidence
             SELECT m.*, p.last_post_at, s.cause, t.error_code, t.failed
             FROM   (
                        SELECT count(accepted_at) AS accepted,
                               count(*) FILTER (WHERE delivery_status = 'accepted'
                                                  AND accepted_at < $5) AS without_status,
                               count(*) FILTER (WHERE error_code = 131030) AS not_listed,
                               count(*) FILTER (WHERE delivery_status = 'queued'
                                                  AND waiting_reason = 'credential') AS waiting
                        FROM   messages
                        WHERE  tenant_id = $1
                          AND  message_id >= uuid_v7_floor($4)
                          AND  phone_number_id IN (SELECT phone_number_id
                                                   FROM   phone_numbers
                                                   WHERE  connection_id = $2)
                    ) AS m
             LEFT JOIN LATERAL (
                        SELECT received_at AS last_post_at
                        FROM   webhook_events
                        WHERE  event_id >= uuid_v7_floor($4)
                          AND  signature_valid
                          AND  ((NOT $3 AND connection_id = $2) OR ($3 AND connection_id IS NULL))
                        ORDER BY event_id DESC
                        LIMIT  1
                    ) AS p ON true
             LEFT JOIN LATERAL (
                        SELECT cause
                        FROM   notifications
                        WHERE  tenant_id = $1 AND kind = 'webhook.signature' AND subject = ($2::uuid)::text
                          AND  cleared_at IS NULL AND last_seen_at >= $4
                        LIMIT  1
                    ) AS s ON true
             LEFT JOIN LATERAL (
                        SELECT error_code, count(*) AS failed
                        FROM   messages
                        WHERE  tenant_id = $1
                          AND  message_id >= uuid_v7_floor($4)
                          AND  error_code BETWEEN 132000 AND 132999
                          AND  phone_number_id IN (SELECT phone_number_id
                                                   FROM   phone_numbers
                                                   WHERE  connection_id = $2)
                        GROUP BY error_code
                        ORDER BY failed DESC, error_code
                        LIMIT  1
                    ) AS t ON true",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 5] = [
        /* tenant_id     */ &connection.tenant_id.as_uuid(),
        /* connection_id */ &connection.connection_id.as_uuid(),
        /* is_platform   */ &(connection.kind == Kind::Platform),
        /* since         */ &(now - WINDOW),
        /* grace_ended   */ &(now - STATUS_GRACE),
    ];
    let row = client.query_one(&statement, &parameters).await?;
    Ok(Evidence {
        last_post_at: row.get("last_post_at"),
        signature_trouble: row.get("cause"),
        accepted: row.get("accepted"),
        without_status: row.get("without_status"),
        not_listed: row.get("not_listed"),
        waiting: row.get("waiting"),
        unfit_templates: row
            .get::<_, Option<i32>>("error_code")
            .map(|code| (code, row.get("failed"))),
    })
}
