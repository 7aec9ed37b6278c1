//! A number as an operator or the environment adds it: through the platform's app, unchecked.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, PhoneNumberId, PortfolioId, TenantId, WabaId};
use domain::tier::Tier;
use secrecy::{ExposeSecret, SecretString};

use super::attach::{Attach, Attached, attach};
use super::credentials::{fingerprint, open_token, set_token};
use super::platform::insert;
use super::read::{Connection, by_token, find};
use crate::{Result, Vault};

/// A number as an operator adds it.
#[derive(Clone, Debug)]
pub struct NewNumber {
    /// Owner.
    pub tenant_id: TenantId,
    /// The account it belongs to.
    pub waba_id: WabaId,
    /// Meta's id of the number.
    pub phone_number_id: PhoneNumberId,
    /// The portfolio whose messaging limit it shares, where known.
    pub portfolio_id: Option<PortfolioId>,
    /// Messages per second that Meta allows it.
    pub messages_per_second: i32,
    /// Unique recipients in 24 hours: a number or `unlimited`; `None` until Meta tells.
    pub tier: Option<Tier>,
    /// With what it sends.
    pub access_token: SecretString,
}

/// What came of adding a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new, and so is its connection, or the one of an earlier number with the same token.
    New(ConnectionId),
    /// It was there: token and settings were replaced, a block was lifted.
    Renewed(ConnectionId),
    /// The number or its WABA belongs to another tenant; nothing was changed.
    OtherTenant,
    /// The number is known under another WABA; nothing was changed. Statuses that name the wrong
    /// account move no message, so a slip of the pen must not move a number.
    OtherWaba,
    /// Its WABA sends with another token, and other numbers with it; nothing was changed. Whoever
    /// means to replace the token of all of them says so with [`set_token`].
    OtherToken {
        /// The connection that has the other token.
        connection_id: ConnectionId,
        /// How many other numbers send with it.
        others: i64,
    },
}

/// Adds a number with its WABA and connection, or renews one that is there: running it twice with
/// the same values changes nothing. A WABA stays under its connection; a new one goes under the
/// tenant's connection that has the same token, or under a new one. Run it in a transaction.
///
/// # Errors
/// `Unstorable` when a setting is out of its range.
pub async fn add_number(
    transaction: &impl GenericClient,
    vault: &Vault,
    number: &NewNumber,
    now: DateTime<Utc>,
) -> Result<Added> {
    let owners = owners(transaction, number).await?;
    if owners.iter().any(|owner| owner.tenant_id != number.tenant_id) {
        return Ok(Added::OtherTenant);
    }
    if owners.iter().any(|owner| owner.waba_id != number.waba_id.as_str()) {
        return Ok(Added::OtherWaba);
    }
    let is_known = owners.iter().any(|owner| owner.is_number);
    let connection = match owners.first() {
        Some(owner) => find(transaction, number.tenant_id, owner.connection_id).await?,
        None => by_token(transaction, number.tenant_id, &fingerprint(&number.access_token)).await?,
    };
    if let Some(connection) = &connection
        && !has_token(vault, connection, &number.access_token)
    {
        let others = others(transaction, connection.connection_id, number).await?;
        if others > 0 {
            let connection_id = connection.connection_id;
            return Ok(Added::OtherToken { connection_id, others });
        }
    }
    let connection_id = match &connection {
        Some(connection) => connection.connection_id,
        None => insert(transaction, number.tenant_id, None, now).await?,
    };
    set_token(transaction, vault, connection_id, &number.access_token, None, now).await?;
    let wanted = Attach {
        tenant_id: number.tenant_id,
        connection_id,
        waba_id: &number.waba_id,
        phone_number_id: &number.phone_number_id,
        portfolio_id: number.portfolio_id.as_ref(),
        tier: number.tier,
        messages_per_second: Some(number.messages_per_second),
    };
    Ok(match attach(transaction, &wanted, now).await? {
        Attached::Done if is_known => Added::Renewed(connection_id),
        Attached::Done => Added::New(connection_id),
        Attached::OtherTenant => Added::OtherTenant,
        // Somebody else has added it at the same moment.
        Attached::OtherWaba | Attached::OtherConnection(_) => Added::OtherWaba,
    })
}

/// Who has the number, and who has its WABA.
struct Owner {
    tenant_id: TenantId,
    connection_id: ConnectionId,
    waba_id: String,
    is_number: bool,
}

async fn owners(transaction: &impl GenericClient, number: &NewNumber) -> Result<Vec<Owner>> {
    let statement = transaction
        .prepare_cached(
            "-- connections::owners
             SELECT tenant_id, connection_id, waba_id, true AS is_number
             FROM   phone_numbers WHERE phone_number_id = $1
             UNION ALL
             SELECT tenant_id, connection_id, waba_id, false
             FROM   wabas         WHERE waba_id = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&number.phone_number_id.as_str(), &number.waba_id.as_str()];
    let rows = transaction.query(&statement, &parameters).await?;
    Ok(rows
        .iter()
        .map(|row| Owner {
            tenant_id: TenantId::from_uuid(row.get("tenant_id")),
            connection_id: ConnectionId::from_uuid(row.get("connection_id")),
            waba_id: row.get("waba_id"),
            is_number: row.get("is_number"),
        })
        .collect())
}

/// A row of an older version has no fingerprint; its token itself tells.
fn has_token(vault: &Vault, connection: &Connection, token: &SecretString) -> bool {
    match (&connection.token_fingerprint, &connection.sealed_token) {
        (Some(known), _) => *known == fingerprint(token),
        (None, Some(sealed)) => open_token(vault, connection.connection_id, sealed)
            .is_ok_and(|known| known.expose_secret() == token.expose_secret()),
        (None, None) => true,
    }
}

async fn others(
    transaction: &impl GenericClient,
    connection_id: ConnectionId,
    number: &NewNumber,
) -> Result<i64> {
    let statement = transaction
        .prepare_cached(
            "-- connections::others
             SELECT count(*) AS others
             FROM   phone_numbers
             WHERE  connection_id = $1 AND phone_number_id <> $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&connection_id.as_uuid(), &number.phone_number_id.as_str()];
    Ok(transaction.query_one(&statement, &parameters).await?.get("others"))
}
