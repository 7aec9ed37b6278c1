//! A connection through the tenant's own app.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{AppId, ConnectionId, PhoneNumberId, TenantId, WabaId};
use secrecy::SecretString;

use super::credentials::{fingerprint, seal_token, seal_verify_token};
use crate::{Result, Vault};

/// What a tenant gives of its own app. Ids are claims until Meta confirms them.
#[derive(Clone, Debug)]
pub struct NewOwnApp {
    /// Owner.
    pub tenant_id: TenantId,
    /// What people call it; may be empty.
    pub label: String,
    /// Meta's id of the app.
    pub app_id: AppId,
    /// The account that it shall reach.
    pub waba_id: WabaId,
    /// The number of that account.
    pub phone_number_id: PhoneNumberId,
    /// With what it sends.
    pub access_token: SecretString,
    /// What Meta says when it asks whether the webhook URL is ours.
    pub verify_token: SecretString,
    /// The last part of its webhook URL.
    pub webhook_token: String,
    /// What is to be done before Meta confirms the claims.
    pub reason: String,
}

/// Stores a new connection with its claims: it needs attention, has no number yet, and keeps nobody
/// from one. Its app secret is given with [`crate::app_secrets::put`]. Run it in a transaction.
///
/// # Errors
/// `Unavailable`.
pub async fn create_own_app(
    transaction: &impl GenericClient,
    vault: &Vault,
    new: &NewOwnApp,
    now: DateTime<Utc>,
) -> Result<ConnectionId> {
    let connection_id = ConnectionId::at(now);
    let statement = transaction
        .prepare_cached(
            "-- connections::create_own_app
             INSERT INTO connections (connection_id, tenant_id, kind, label, app_id, status,
                                      status_reason, claimed_waba_id, claimed_phone_number_id,
                                      access_token, token_fingerprint, verify_token,
                                      webhook_token, created_at, updated_at)
             VALUES ($1, $2, 'own_app', $3, $4, 'NEEDS_ATTENTION', $5, $6, $7, $8, $9, $10, $11,
                     $12, $12)",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* connection_id     */ &connection_id.as_uuid(),
                /* tenant_id         */ &new.tenant_id.as_uuid(),
                /* label             */ &new.label,
                /* app_id            */ &new.app_id.as_str(),
                /* status_reason     */ &new.reason,
                /* waba_id           */ &new.waba_id.as_str(),
                /* phone_number_id   */ &new.phone_number_id.as_str(),
                /* access_token      */ &seal_token(vault, connection_id, &new.access_token),
                /* token_fingerprint */ &fingerprint(&new.access_token),
                /* verify_token      */
                &seal_verify_token(vault, connection_id, &new.verify_token),
                /* webhook_token     */ &new.webhook_token,
                /* now               */ &now,
            ],
        )
        .await?;
    Ok(connection_id)
}
