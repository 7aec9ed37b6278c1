//! The secrets of a connection: sealed, and never shown again.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::ConnectionId;
use ring::digest;
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result, Vault};

const TABLE: &str = "connections";
const ACCESS_TOKEN: &str = "access_token";
const VERIFY_TOKEN: &str = "verify_token";

/// How many hex digits tell tokens apart; too few to find one by.
const FINGERPRINT_DIGITS: usize = 12;

/// The first 12 hex digits of a token's SHA-256: tells tokens apart, opens nothing.
pub fn fingerprint(token: &SecretString) -> String {
    let digest = digest::digest(&digest::SHA256, token.expose_secret().as_bytes());
    let mut digits = hex::encode(digest);
    digits.truncate(FINGERPRINT_DIGITS);
    digits
}

/// Gives a connection its access token: sealed with a new nonce under the current key, also when
/// it is the token that was there. It becomes `ACTIVE`, its claims are confirmed, and every block
/// and pause is lifted; [`super::wake_waiting`] makes what waits due. What Meta said of the token
/// before is forgotten, and Meta is asked soon. Run it in a transaction.
///
/// # Errors
/// `Unavailable`.
pub async fn set_token(
    transaction: &impl GenericClient,
    vault: &Vault,
    connection_id: ConnectionId,
    token: &SecretString,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::set_token
             WITH unpaused AS (
                 UPDATE phone_numbers
                 SET    paused_until = NULL, paused_reason = NULL
                 WHERE  phone_number_id IN (
                            SELECT phone_number_id
                            FROM   phone_numbers
                            WHERE  connection_id = $1 AND paused_until IS NOT NULL
                            ORDER BY phone_number_id
                            FOR NO KEY UPDATE
                        )
             )
             UPDATE connections
             SET    access_token            = $2,
                    token_fingerprint       = $3,
                    token_expires_at        = $4,
                    status                  = 'ACTIVE',
                    status_reason           = NULL,
                    claimed_waba_id         = NULL,
                    claimed_phone_number_id = NULL,
                    blocked_until           = NULL,
                    blocked_reason          = NULL,
                    token_valid             = NULL,
                    token_problem           = NULL,
                    token_lacks             = NULL,
                    token_issued_at         = NULL,
                    token_checked_at        = NULL,
                    app_problem             = NULL,
                    sync_due_at             = LEAST(sync_due_at, $5),
                    updated_at              = $5
             WHERE  connection_id = $1",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* connection_id */ &connection_id.as_uuid(),
                /* access_token  */ &seal_token(vault, connection_id, token),
                /* fingerprint   */ &fingerprint(token),
                /* expires_at    */ &expires_at,
                /* now           */ &now,
            ],
        )
        .await?;
    Ok(())
}

/// Notes that a connection has its token from the environment.
///
/// # Errors
/// `Unavailable`.
pub async fn note_environment(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    token: &SecretString,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::note_environment
             UPDATE connections
             SET    environment_fingerprint = $2
             WHERE  connection_id = $1",
        )
        .await?;
    client.execute(&statement, &[&connection_id.as_uuid(), &fingerprint(token)]).await?;
    Ok(())
}

/// Gives an own app its verify token.
///
/// # Errors
/// `Unavailable`.
pub async fn set_verify_token(
    client: &impl GenericClient,
    vault: &Vault,
    connection_id: ConnectionId,
    verify_token: &SecretString,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::set_verify_token
             UPDATE connections
             SET    verify_token = $2
             WHERE  connection_id = $1",
        )
        .await?;
    let sealed = seal(vault, connection_id, VERIFY_TOKEN, verify_token);
    client.execute(&statement, &[&connection_id.as_uuid(), &sealed]).await?;
    Ok(())
}

/// Gives an own app the last part of its webhook URL; the one it had leads nowhere from then on.
///
/// # Errors
/// `Unavailable`; `Duplicate` when another connection has it.
pub async fn set_webhook_token(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    webhook_token: &str,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::set_webhook_token
             UPDATE connections
             SET    webhook_token = $2
             WHERE  connection_id = $1",
        )
        .await?;
    client.execute(&statement, &[&connection_id.as_uuid(), &webhook_token]).await?;
    Ok(())
}

pub(super) fn seal_token(
    vault: &Vault,
    connection_id: ConnectionId,
    token: &SecretString,
) -> Vec<u8> {
    seal(vault, connection_id, ACCESS_TOKEN, token)
}

pub(super) fn seal_verify_token(
    vault: &Vault,
    connection_id: ConnectionId,
    token: &SecretString,
) -> Vec<u8> {
    seal(vault, connection_id, VERIFY_TOKEN, token)
}

fn seal(
    vault: &Vault,
    connection_id: ConnectionId,
    column: &str,
    secret: &SecretString,
) -> Vec<u8> {
    vault.seal(TABLE, &connection_id.to_string(), column, secret.expose_secret().as_bytes())
}

/// Opens the access token of a connection's row.
///
/// # Errors
/// `Corrupt` when no configured key opens it.
pub fn open_token(
    vault: &Vault,
    connection_id: ConnectionId,
    sealed: &[u8],
) -> Result<SecretString> {
    open(vault, connection_id, ACCESS_TOKEN, sealed)
}

/// Opens the verify token of a connection's row.
///
/// # Errors
/// `Corrupt` when no configured key opens it.
pub fn open_verify_token(
    vault: &Vault,
    connection_id: ConnectionId,
    sealed: &[u8],
) -> Result<SecretString> {
    open(vault, connection_id, VERIFY_TOKEN, sealed)
}

fn open(
    vault: &Vault,
    connection_id: ConnectionId,
    column: &'static str,
    sealed: &[u8],
) -> Result<SecretString> {
    let corrupt = Error::Corrupt { table: TABLE, column };
    let Ok(opened) = vault.open(TABLE, &connection_id.to_string(), column, sealed) else {
        return Err(corrupt);
    };
    String::from_utf8(opened).map(SecretString::from).map_err(|_| corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_tokens_apart_and_shows_none() {
        let (one, other) = (fingerprint(&"token".into()), fingerprint(&"token ".into()));

        assert_eq!(one, "3c469e9d6c58");
        assert_ne!(one, other);
    }
}
