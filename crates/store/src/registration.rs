//! Registration of numbers for the Cloud API, and the PIN it needs.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{PhoneNumberId, TenantId};
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result, Vault};

const TABLE: &str = "phone_numbers";
const COLUMN: &str = "pin";

/// Keeps the PIN of a number, sealed. Before it is shown to Meta: an answer that is lost must not
/// lose the PIN that Meta may have set.
///
/// # Errors
/// `Unavailable`.
pub async fn keep_pin(
    client: &impl GenericClient,
    vault: &Vault,
    tenant_id: TenantId,
    phone_number_id: &PhoneNumberId,
    pin: &SecretString,
) -> Result<()> {
    let sealed =
        vault.seal(TABLE, phone_number_id.as_str(), COLUMN, pin.expose_secret().as_bytes());
    let statement = client
        .prepare_cached(
            "-- registration::keep_pin
             UPDATE phone_numbers SET pin = $3 WHERE phone_number_id = $1 AND tenant_id = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&phone_number_id.as_str(), &tenant_id.as_uuid(), &sealed];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// The PIN that was kept; `None` when there is none.
///
/// # Errors
/// `Corrupt` when no configured key opens it.
pub async fn pin(
    client: &impl GenericClient,
    vault: &Vault,
    tenant_id: TenantId,
    phone_number_id: &PhoneNumberId,
) -> Result<Option<SecretString>> {
    const CORRUPT: Error = Error::Corrupt { table: TABLE, column: COLUMN };
    let statement = client
        .prepare_cached(
            "-- registration::pin
             SELECT pin
             FROM   phone_numbers
             WHERE  phone_number_id = $1 AND tenant_id = $2 AND pin IS NOT NULL",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&phone_number_id.as_str(), &tenant_id.as_uuid()];
    let Some(row) = client.query_opt(&statement, &parameters).await? else { return Ok(None) };
    let opened = vault.open(TABLE, phone_number_id.as_str(), COLUMN, row.get("pin"));
    let pin = String::from_utf8(opened.map_err(|_| CORRUPT)?).map_err(|_| CORRUPT)?;
    Ok(Some(pin.into()))
}

/// Notes that Meta has registered the number.
///
/// # Errors
/// `Unavailable`.
pub async fn registered(
    client: &impl GenericClient,
    tenant_id: TenantId,
    phone_number_id: &PhoneNumberId,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- registration::registered
             UPDATE phone_numbers
             SET    registered_at = $3
             WHERE  phone_number_id = $1 AND tenant_id = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&phone_number_id.as_str(), &tenant_id.as_uuid(), &now];
    client.execute(&statement, &parameters).await?;
    Ok(())
}
