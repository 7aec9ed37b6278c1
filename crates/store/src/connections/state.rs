//! What becomes of a connection.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::ConnectionId;
use tokio_postgres::types::ToSql;

use crate::Result;

/// Gives a connection another label.
///
/// # Errors
/// `Unavailable`.
pub async fn rename(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    label: &str,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::rename
             UPDATE connections SET label = $2 WHERE connection_id = $1",
        )
        .await?;
    client.execute(&statement, &[&connection_id.as_uuid(), &label]).await?;
    Ok(())
}

/// Meta has confirmed token and claims: it is `ACTIVE`, its block is lifted, and it
/// is read from Meta soon.
///
/// # Errors
/// `Unstorable` when it has no token.
pub async fn confirm(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    token_expires_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::confirm
             UPDATE connections
             SET    status                  = 'ACTIVE',
                    status_reason           = NULL,
                    claimed_waba_id         = NULL,
                    claimed_phone_number_id = NULL,
                    token_expires_at        = COALESCE($2, token_expires_at),
                    blocked_until           = NULL,
                    blocked_reason          = NULL,
                    sync_due_at             = LEAST(sync_due_at, now())
             WHERE  connection_id = $1",
        )
        .await?;
    client.execute(&statement, &[&connection_id.as_uuid(), &token_expires_at]).await?;
    Ok(())
}

/// Somebody has to do something about it; one that is disconnected stays so.
///
/// # Errors
/// `Unavailable`.
pub async fn needs_attention(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    reason: &str,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::needs_attention
             UPDATE connections
             SET    status = 'NEEDS_ATTENTION', status_reason = $2
             WHERE  connection_id = $1 AND status <> 'DISCONNECTED'",
        )
        .await?;
    client.execute(&statement, &[&connection_id.as_uuid(), &reason]).await?;
    Ok(())
}

/// Writes whether a connection can be used, as was found: `None`: it can. One that is disconnected,
/// or that Meta has not confirmed yet, stays as it is.
///
/// # Errors
/// `Unavailable`; `Unstorable` when it shall be `ACTIVE` and has no token.
pub async fn stands(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    trouble: Option<&str>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::stands
             UPDATE connections
             SET    status        = CASE WHEN $2::text IS NULL THEN 'ACTIVE'
                                         ELSE 'NEEDS_ATTENTION' END,
                    status_reason = $2
             WHERE  connection_id = $1
               AND  status <> 'DISCONNECTED'
               AND  claimed_waba_id IS NULL
               AND  ((status = 'ACTIVE') <> ($2::text IS NULL) OR status_reason IS DISTINCT FROM $2)",
        )
        .await?;
    client.execute(&statement, &[&connection_id.as_uuid(), &trouble]).await?;
    Ok(())
}

/// Keeps what a test found.
///
/// # Errors
/// `Unavailable`.
pub async fn tested(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    status: &str,
    detail: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::tested
             UPDATE connections
             SET    last_test_at = $4, last_test_status = $2, last_test_detail = $3
             WHERE  connection_id = $1",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 4] = [&connection_id.as_uuid(), &status, &detail, &now];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// Ends a connection: its token is forgotten, what is queued waits, and its app proves no webhook
/// any more. Numbers and history stay. A new token connects it again.
///
/// # Errors
/// `Unavailable`.
pub async fn disconnect(
    transaction: &impl GenericClient,
    connection_id: ConnectionId,
    reason: &str,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::disconnect
             WITH unsubscribed AS (
                 UPDATE wabas SET subscribed_at = NULL WHERE connection_id = $1
             )
             UPDATE connections
             SET    status            = 'DISCONNECTED',
                    status_reason     = $2,
                    access_token      = NULL,
                    token_fingerprint = NULL,
                    token_expires_at  = NULL,
                    blocked_until     = NULL,
                    blocked_reason    = NULL
             WHERE  connection_id = $1",
        )
        .await?;
    transaction.execute(&statement, &[&connection_id.as_uuid(), &reason]).await?;
    Ok(())
}
