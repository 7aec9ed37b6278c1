//! Connections through the platform's app.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{AppId, ConnectionId, TenantId, WabaId};
use secrecy::SecretString;

use super::attach::move_waba;
use super::credentials::set_token;
use super::state::{disconnect, needs_attention};
use crate::{Result, Vault};

/// What a signup gives.
#[derive(Clone, Debug)]
pub struct NewPlatform<'a> {
    /// Owner.
    pub tenant_id: TenantId,
    /// The platform's app.
    pub app_id: &'a AppId,
    /// With what it sends.
    pub access_token: &'a SecretString,
    /// What is to be done before it can be used.
    pub reason: &'a str,
}

/// Stores a new connection with its token; it needs attention and has no number yet. Run it in a
/// transaction.
///
/// # Errors
/// `Unavailable`.
pub async fn create_platform(
    transaction: &impl GenericClient,
    vault: &Vault,
    new: &NewPlatform<'_>,
    now: DateTime<Utc>,
) -> Result<ConnectionId> {
    let connection_id = insert(transaction, new.tenant_id, Some(new.app_id), now).await?;
    set_token(transaction, vault, connection_id, new.access_token, None, now).await?;
    needs_attention(transaction, connection_id, new.reason).await?;
    Ok(connection_id)
}

/// A connection without a token, which it gets in the same transaction.
pub(super) async fn insert(
    transaction: &impl GenericClient,
    tenant_id: TenantId,
    app_id: Option<&AppId>,
    now: DateTime<Utc>,
) -> Result<ConnectionId> {
    let connection_id = ConnectionId::at(now);
    let statement = transaction
        .prepare_cached(
            "-- connections::insert_platform
             INSERT INTO connections (connection_id, tenant_id, kind, app_id, status, created_at,
                                      updated_at)
             VALUES ($1, $2, 'platform', $3, 'NEEDS_ATTENTION', $4, $4)",
        )
        .await?;
    let app_id = app_id.map(AppId::as_str);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&connection_id.as_uuid(), &tenant_id.as_uuid(), &app_id, &now];
    transaction.execute(&statement, &parameters).await?;
    Ok(connection_id)
}

/// Moves a WABA with its numbers from another connection of the tenant to this one. The other is
/// ended when nothing is left under it. Run it in a transaction.
///
/// # Errors
/// `Unavailable`.
pub async fn take_over(
    transaction: &impl GenericClient,
    waba_id: &WabaId,
    from: ConnectionId,
    to: ConnectionId,
) -> Result<()> {
    move_waba(transaction, waba_id, to).await?;
    let statement = transaction
        .prepare_cached(
            "-- connections::take_over: left
             SELECT count(*) AS left FROM wabas WHERE connection_id = $1",
        )
        .await?;
    let row = transaction.query_one(&statement, &[&from.as_uuid()]).await?;
    if row.get::<_, i64>("left") == 0 {
        disconnect(transaction, from, "a newer signup took its place").await?;
    }
    Ok(())
}
