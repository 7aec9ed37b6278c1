//! What the scheduler does to messages: time moves them, not a request.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{MessageId, TenantId};
use domain::lane::Lane;
use uuid::Uuid;

use super::word;
use crate::Result;

/// A message whose job is to be published (again).
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// The message.
    pub message_id: MessageId,
    /// Owner.
    pub tenant_id: TenantId,
    /// The lane to publish it to.
    pub lane: Lane,
    /// Trace context of the enqueue request.
    pub traceparent: Option<String>,
}

/// Takes up to `limit` queued messages whose wait is over or whose publish may have been lost, and
/// sets when each is due again should this publish be lost as well: after 1, 2, 4 … 60 minutes, so
/// that a long backlog is not published over and over.
///
/// # Errors
/// `Unavailable`.
pub async fn take_due(
    client: &impl GenericClient,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Due>> {
    let statement = client
        .prepare_cached(
            "-- messages::take_due
             WITH due AS (
                 SELECT message_id
                 FROM   messages
                 WHERE  stage           = 'queued'
                   AND  delivery_status = 'queued'
                   AND  due_at         <= $1
                 ORDER BY due_at
                 LIMIT  $2
                 FOR NO KEY UPDATE SKIP LOCKED
             )
             UPDATE messages m
             SET    due_at      = $1 + LEAST(interval '1 minute' * 2 ^ LEAST(m.sweep_count, 6),
                                             interval '1 hour'),
                    sweep_count = m.sweep_count + 1
             FROM   due
             WHERE  m.message_id = due.message_id
             RETURNING m.message_id, m.tenant_id, m.lane, m.traceparent",
        )
        .await?;
    let rows = client.query(&statement, &[&now, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                message_id: MessageId::from_uuid(row.get("message_id")),
                tenant_id: TenantId::from_uuid(row.get("tenant_id")),
                lane: word(row, "lane")?,
                traceparent: row.get("traceparent"),
            })
        })
        .collect()
}

/// Makes messages due at once whose publish is known to have failed.
///
/// # Errors
/// `Unavailable`; then they are due when the grace of the insert is over.
pub async fn publish_soon(
    client: &impl GenericClient,
    message_ids: &[MessageId],
    now: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = message_ids.iter().map(|id| id.as_uuid()).collect();
    let statement = client
        .prepare_cached(
            "-- messages::publish_soon
             UPDATE messages
             SET    due_at = $2
             WHERE  message_id IN (
                        SELECT message_id
                        FROM   messages
                        WHERE  message_id      = ANY($1)
                          AND  delivery_status = 'queued'
                          AND  due_at          > $2
                        FOR NO KEY UPDATE SKIP LOCKED
                    )",
        )
        .await?;
    client.execute(&statement, &[&ids, &now]).await?;
    Ok(())
}

/// Takes messages back from workers that died: one whose attempt was written ahead may have gone
/// out and becomes `unknown`; one whose attempt was not goes back to the queue, due now. Answers
/// how many of each.
///
/// # Errors
/// `Unavailable`.
pub async fn recover_lapsed(
    client: &impl GenericClient,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<(u64, u64)> {
    let statement = client
        .prepare_cached(
            "-- messages::recover_lapsed
             WITH lapsed AS (
                 SELECT message_id
                 FROM   messages
                 WHERE  stage           = 'sending'
                   AND  delivery_status = 'sending'
                   AND  lease_until    <= $1
                 ORDER BY stage_at
                 LIMIT  $2
                 FOR NO KEY UPDATE SKIP LOCKED
             )
             UPDATE messages m
             SET    stage    = CASE WHEN m.begun_claim_no = m.claim_no
                                    THEN 'unknown' ELSE 'queued' END,
                    stage_at = $1,
                    due_at   = $1
             FROM   lapsed
             WHERE  m.message_id = lapsed.message_id
             RETURNING m.stage = 'unknown' AS is_unknown",
        )
        .await?;
    let rows = client.query(&statement, &[&now, &limit]).await?;
    let unknown = rows.iter().filter(|row| row.get("is_unknown")).count();
    Ok((unknown as u64, (rows.len() - unknown) as u64))
}

/// Applies the messages' own policy to those that have been `unknown` for longer than `grace`:
/// `retry` queues them again until their deadline, `fail` ends them, `hold` (and `retry` past the
/// deadline) leaves them. Answers how many were queued again and how many were failed.
///
/// # Errors
/// `Unavailable`.
pub async fn resolve_unknown(
    client: &impl GenericClient,
    grace: TimeDelta,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<(u64, u64)> {
    const GAVE_UP: &str = "Meta's answer to the send was lost and no status came; it may have been \
                           delivered (on_unknown: fail)";
    let statement = client
        .prepare_cached(
            "-- messages::resolve_unknown
             WITH old AS (
                 SELECT message_id, stage_at AS since
                 FROM   messages
                 WHERE  stage           = 'unknown'
                   AND  delivery_status = 'unknown'
                   AND  stage_at       <= $2
                   AND  (on_unknown = 'fail' OR on_unknown = 'retry' AND expires_at > $1)
                 ORDER BY stage_at
                 LIMIT  $3
                 FOR NO KEY UPDATE SKIP LOCKED
             ),
             resolved AS (
             UPDATE messages m
             SET    stage          = CASE m.on_unknown WHEN 'retry' THEN 'queued' ELSE 'failed' END,
                    stage_at       = $1,
                    due_at         = CASE m.on_unknown WHEN 'retry' THEN $1 ELSE m.due_at END,
                    sweep_count    = 0,
                    failed_at      = CASE m.on_unknown WHEN 'fail' THEN $1 END,
                    error_code     = CASE m.on_unknown WHEN 'fail' THEN 0 END,
                    delivery_error = CASE m.on_unknown WHEN 'fail' THEN $4 END
             FROM   old
             WHERE  m.message_id = old.message_id
             RETURNING m.message_id, m.claim_no, m.on_unknown = 'retry' AS is_retry, old.since
             ),
             told AS (
                 INSERT INTO waits (message_id, claim_no, since, until, reason)
                 SELECT message_id, claim_no, since, $1, 'retry'
                 FROM   resolved
                 WHERE  is_retry
                 ON CONFLICT DO NOTHING
             )
             SELECT is_retry FROM resolved",
        )
        .await?;
    let oldest = now - grace;
    let rows = client.query(&statement, &[&now, &oldest, &limit, &GAVE_UP]).await?;
    let retried = rows.iter().filter(|row| row.get("is_retry")).count();
    Ok((retried as u64, (rows.len() - retried) as u64))
}
