//! Whom a rejected POST concerns, and what of theirs explains it.

use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, TenantId, WabaId};
use secrecy::SecretString;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connections::{open_token, open_verify_token};
use crate::{Result, Vault};

/// A connection that a POST was addressed to, or claims to be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Owner.
    pub tenant_id: TenantId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// Whether the tenant's own app signs for it; else the platform's.
    pub is_own_app: bool,
}

/// These connections.
///
/// # Errors
/// `Unavailable`.
pub async fn of_connections(
    client: &impl GenericClient,
    connection_ids: &[ConnectionId],
) -> Result<Vec<Party>> {
    let ids: Vec<Uuid> = connection_ids.iter().map(|id| id.as_uuid()).collect();
    let statement = client
        .prepare_cached(
            "-- webhook_events::of_connections
             SELECT tenant_id, connection_id, kind = 'own_app' AS is_own_app
             FROM   connections
             WHERE  connection_id = ANY($1)",
        )
        .await?;
    Ok(client.query(&statement, &[&ids]).await?.iter().map(party).collect())
}

/// The connections of these accounts, account by account.
///
/// # Errors
/// `Unavailable`.
pub async fn named(
    client: &impl GenericClient,
    waba_ids: &[&WabaId],
) -> Result<Vec<(WabaId, Party)>> {
    let texts: Vec<&str> = waba_ids.iter().map(|id| id.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- webhook_events::named
             SELECT w.waba_id, c.tenant_id, c.connection_id, c.kind = 'own_app' AS is_own_app
             FROM   wabas w
             JOIN   connections c USING (connection_id)
             WHERE  w.waba_id = ANY($1)",
        )
        .await?;
    let rows = client.query(&statement, &[&texts]).await?;
    let account = |row: &Row| Some((row.get::<_, &str>("waba_id").parse().ok()?, party(row)));
    Ok(rows.iter().filter_map(account).collect())
}

fn party(row: &Row) -> Party {
    Party {
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        is_own_app: row.get("is_own_app"),
    }
}

/// What else a tenant may have saved where an app secret belongs.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// Access tokens of its connections.
    pub access: Vec<SecretString>,
    /// Verify tokens of its connections.
    pub verify: Vec<SecretString>,
}

/// The tokens of a tenant; those that do not open with the configured keys are left out.
///
/// # Errors
/// `Unavailable`.
pub async fn tokens(
    client: &impl GenericClient,
    vault: &Vault,
    tenant_id: TenantId,
) -> Result<Tokens> {
    let statement = client
        .prepare_cached(
            "-- webhook_events::tokens
             SELECT connection_id, access_token, verify_token
             FROM   connections
             WHERE  tenant_id = $1
             ORDER BY connection_id",
        )
        .await?;
    let mut tokens = Tokens::default();
    for row in client.query(&statement, &[&tenant_id.as_uuid()]).await? {
        let connection_id = ConnectionId::from_uuid(row.get("connection_id"));
        let (access, verify): (Option<&[u8]>, Option<&[u8]>) =
            (row.get("access_token"), row.get("verify_token"));
        let access = access.and_then(|sealed| open_token(vault, connection_id, sealed).ok());
        let verify = verify.and_then(|sealed| open_verify_token(vault, connection_id, sealed).ok());
        tokens.access.extend(access);
        tokens.verify.extend(verify);
    }
    Ok(tokens)
}
