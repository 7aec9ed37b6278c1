//! What keeps messages from going, and what lets them go on.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, PhoneNumberId};
use secrecy::SecretString;

use super::credentials::seal_token;
use crate::{Result, Vault};

/// Stops every send of a connection until `until`, because Meta refused its credentials: it needs
/// attention, for the reason given. The messages wait; whichever comes first, a new token or the instant, lets them go on. A refusal of
/// a token that has been replaced meanwhile stops nothing.
///
/// # Errors
/// `Unavailable`.
pub async fn block(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    sealed_token: &[u8],
    until: DateTime<Utc>,
    reason: &str,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::block
             UPDATE connections
             SET    blocked_until  = GREATEST(blocked_until, $3),
                    blocked_reason = $4,
                    status         = 'NEEDS_ATTENTION',
                    status_reason  = $4
             WHERE  connection_id = $1
               AND  access_token  = $2
               AND  status       <> 'DISCONNECTED'",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [
        /* connection_id */ &connection_id.as_uuid(),
        /* access_token  */ &sealed_token,
        /* until         */ &until,
        /* reason        */ &reason,
    ];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// Lets a connection send again with the token that it has: sealed with a new nonce, so that nobody
/// who remembers that it was refused takes it for the same. [`wake_waiting`] makes what waits due.
///
/// # Errors
/// `Unavailable`.
pub async fn revive(
    transaction: &impl GenericClient,
    vault: &Vault,
    connection_id: ConnectionId,
    token: &SecretString,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::revive
             UPDATE connections
             SET    access_token = $2, blocked_until = NULL, blocked_reason = NULL
             WHERE  connection_id = $1",
        )
        .await?;
    let sealed = seal_token(vault, connection_id, token);
    transaction.execute(&statement, &[&connection_id.as_uuid(), &sealed]).await?;
    Ok(())
}

/// Stops every send from a number until `until`, e.g. during Meta's maintenance.
///
/// # Errors
/// `Unavailable`.
pub async fn pause_number(
    client: &impl GenericClient,
    phone_number_id: &PhoneNumberId,
    until: DateTime<Utc>,
    reason: &str,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::pause_number
             UPDATE phone_numbers
             SET    paused_until  = GREATEST(paused_until, $2),
                    paused_reason = $3
             WHERE  phone_number_id = $1",
        )
        .await?;
    client.execute(&statement, &[&phone_number_id.as_str(), &until, &reason]).await?;
    Ok(())
}

/// Makes the messages that wait for a connection's credentials due at once.
///
/// # Errors
/// `Unavailable`.
pub async fn wake_waiting(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<u64> {
    let statement = client
        .prepare_cached(
            "-- connections::wake_waiting
             UPDATE messages
             SET    not_before = $2,
                    due_at     = $2
             WHERE  message_id IN (
                        SELECT m.message_id
                        FROM   messages m
                        JOIN   phone_numbers n
                          ON   n.phone_number_id = m.phone_number_id
                         AND   n.tenant_id       = m.tenant_id
                        WHERE  n.connection_id   = $1
                          AND  m.stage           = 'queued'
                          AND  m.delivery_status = 'queued'
                          AND  m.waiting_reason IN ('credential', 'number_paused')
                        FOR NO KEY UPDATE OF m SKIP LOCKED
                    )",
        )
        .await?;
    Ok(client.execute(&statement, &[&connection_id.as_uuid(), &now]).await?)
}
