//! Answers to accepted requests, replayed when the same request comes again.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::TenantId;
use serde_json::Value;

use crate::Result;

/// How long an answer is replayed; afterwards the key is free.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// What to do with a request that carries a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Begin {
    /// Nobody has used the key: do the work in this transaction, then [`finish`].
    Work,
    /// The same request was answered before: answer the same.
    Replay {
        /// HTTP status of the answer.
        status: i32,
        /// Body of the answer.
        body: Value,
    },
    /// The key was used for another request.
    OtherRequest,
    /// The same key is being worked on at this moment.
    InProgress,
}

/// Takes the key for the rest of the transaction.
///
/// The lock is an advisory one, so a worker that dies leaves no key behind that nobody can use,
/// and a second request is told at once instead of waiting. Two keys whose hashes collide merely
/// see `InProgress` of each other.
///
/// # Errors
/// `Unavailable`.
pub async fn begin(
    transaction: &impl GenericClient,
    tenant_id: TenantId,
    key: &str,
    request_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Begin> {
    let statement = transaction
        .prepare_cached(
            "-- idempotency::lock
             SELECT pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0)) AS is_mine",
        )
        .await?;
    let row = transaction.query_one(&statement, &[&tenant_id.to_string(), &key]).await?;
    if !row.get::<_, bool>("is_mine") {
        return Ok(Begin::InProgress);
    }
    let statement = transaction
        .prepare_cached(
            "-- idempotency::find
             SELECT request_hash, response_status, response_body
             FROM   idempotency_keys
             WHERE  tenant_id       = $1
               AND  idempotency_key = $2
               AND  created_at      > $3",
        )
        .await?;
    let oldest = now - KEPT;
    let row = transaction.query_opt(&statement, &[&tenant_id.as_uuid(), &key, &oldest]).await?;
    Ok(match row {
        None => Begin::Work,
        Some(row) if row.get::<_, &[u8]>("request_hash") != request_hash => Begin::OtherRequest,
        Some(row) => {
            Begin::Replay { status: row.get("response_status"), body: row.get("response_body") }
        }
    })
}

/// Keeps the answer, in the transaction that did the work.
///
/// # Errors
/// `Unavailable`.
pub async fn finish(
    transaction: &impl GenericClient,
    tenant_id: TenantId,
    key: &str,
    request_hash: &[u8],
    status: i32,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- idempotency::finish
             INSERT INTO idempotency_keys (tenant_id, idempotency_key, request_hash,
                                           response_status, response_body, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (tenant_id, idempotency_key) DO UPDATE
             SET    request_hash    = EXCLUDED.request_hash,
                    response_status = EXCLUDED.response_status,
                    response_body   = EXCLUDED.response_body,
                    created_at      = EXCLUDED.created_at",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* tenant_id       */ &tenant_id.as_uuid(),
                /* idempotency_key */ &key,
                /* request_hash    */ &request_hash,
                /* response_status */ &status,
                /* response_body   */ &body,
                /* created_at      */ &now,
            ],
        )
        .await?;
    Ok(())
}

/// Forgets answers that are no longer replayed; answers how many.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_old(client: &impl GenericClient, now: DateTime<Utc>) -> Result<u64> {
    let statement = client
        .prepare_cached(
            "-- idempotency::forget_old
             DELETE FROM idempotency_keys
             WHERE  created_at <= $1",
        )
        .await?;
    Ok(client.execute(&statement, &[&(now - KEPT)]).await?)
}
