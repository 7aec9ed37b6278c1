//! Putting a WABA and its number under a connection.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, PhoneNumberId, PortfolioId, TenantId, WabaId};
use domain::tier::Tier;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::Result;

/// What is to lie under a connection. Whoever attaches it has seen that it belongs to the tenant:
/// ids that a caller gives prove nothing.
#[derive(Clone, Debug)]
pub struct Attach<'a> {
    /// Owner.
    pub tenant_id: TenantId,
    /// The credentials that reach it.
    pub connection_id: ConnectionId,
    /// The account.
    pub waba_id: &'a WabaId,
    /// The number.
    pub phone_number_id: &'a PhoneNumberId,
    /// The portfolio of the account; `None`: as it was.
    pub portfolio_id: Option<&'a PortfolioId>,
    /// Unique recipients in 24 hours: a number or `unlimited`; `None`: as it was.
    pub tier: Option<Tier>,
    /// Messages per second; `None`: as it was, at first Meta's own 80.
    pub messages_per_second: Option<i32>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// They lie under the connection.
    Done,
    /// One of them is somebody else's.
    OtherTenant,
    /// The number is known under another WABA.
    OtherWaba,
    /// They lie under another connection of the tenant that is not disconnected.
    OtherConnection(ConnectionId),
}

/// Puts a WABA with one of its numbers under a connection, or finds it there. From a connection of
/// the same tenant that is disconnected they are taken over, with all numbers of the WABA. Run it in
/// a transaction, and roll back what is not `Done`.
///
/// # Errors
/// `Unstorable` when a setting is out of its range.
pub async fn attach(
    transaction: &impl GenericClient,
    wanted: &Attach<'_>,
    now: DateTime<Utc>,
) -> Result<Attached> {
    insert_waba(transaction, wanted, now).await?;
    let Some(owner) = owner(transaction, OWNER_OF_WABA, wanted.waba_id.as_str()).await? else {
        return Ok(Attached::OtherTenant);
    };
    if owner.tenant_id != wanted.tenant_id {
        return Ok(Attached::OtherTenant);
    }
    if owner.connection_id != wanted.connection_id {
        if !owner.is_disconnected {
            return Ok(Attached::OtherConnection(owner.connection_id));
        }
        move_waba(transaction, wanted.waba_id, wanted.connection_id).await?;
    }
    insert_number(transaction, wanted, now).await?;
    let number = owner_of_number(transaction, wanted).await?;
    Ok(match number {
        Some((tenant_id, waba_id)) if tenant_id == wanted.tenant_id => {
            if waba_id != wanted.waba_id.as_str() {
                return Ok(Attached::OtherWaba);
            }
            settle(transaction, wanted).await?;
            Attached::Done
        }
        Some(_) | None => Attached::OtherTenant,
    })
}

/// A row of another tenant is there and not to be seen, so `DO NOTHING` is all that may be done.
async fn insert_waba(
    transaction: &impl GenericClient,
    wanted: &Attach<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::insert_waba
             INSERT INTO wabas (waba_id, tenant_id, connection_id, created_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (waba_id) DO NOTHING",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 4] = [
        /* waba_id       */ &wanted.waba_id.as_str(),
        /* tenant_id     */ &wanted.tenant_id.as_uuid(),
        /* connection_id */ &wanted.connection_id.as_uuid(),
        /* now           */ &now,
    ];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

async fn insert_number(
    transaction: &impl GenericClient,
    wanted: &Attach<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::insert_number
             INSERT INTO phone_numbers (phone_number_id, waba_id, tenant_id, connection_id,
                                        created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (phone_number_id) DO NOTHING",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 5] = [
        /* phone_number_id */ &wanted.phone_number_id.as_str(),
        /* waba_id         */ &wanted.waba_id.as_str(),
        /* tenant_id       */ &wanted.tenant_id.as_uuid(),
        /* connection_id   */ &wanted.connection_id.as_uuid(),
        /* now             */ &now,
    ];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

/// Who has a WABA.
pub(super) struct Owner {
    pub(super) tenant_id: TenantId,
    pub(super) connection_id: ConnectionId,
    pub(super) is_disconnected: bool,
}

const OWNER_OF_WABA: &str = "-- connections::owner_of_waba
    SELECT w.tenant_id, w.connection_id, c.status = 'DISCONNECTED' AS is_disconnected
    FROM   wabas w
    JOIN   connections c USING (connection_id)
    WHERE  w.waba_id = $1
    FOR NO KEY UPDATE OF w";

async fn owner(transaction: &impl GenericClient, sql: &str, id: &str) -> Result<Option<Owner>> {
    let statement = transaction.prepare_cached(sql).await?;
    let read = |row: &Row| Owner {
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        is_disconnected: row.get("is_disconnected"),
    };
    Ok(transaction.query_opt(&statement, &[&id]).await?.as_ref().map(read))
}

async fn owner_of_number(
    transaction: &impl GenericClient,
    wanted: &Attach<'_>,
) -> Result<Option<(TenantId, String)>> {
    let statement = transaction
        .prepare_cached(
            "-- connections::owner_of_number
             SELECT tenant_id, waba_id
             FROM   phone_numbers
             WHERE  phone_number_id = $1
             FOR NO KEY UPDATE",
        )
        .await?;
    let row = transaction.query_opt(&statement, &[&wanted.phone_number_id.as_str()]).await?;
    Ok(row.map(|row| (TenantId::from_uuid(row.get("tenant_id")), row.get("waba_id"))))
}

/// A WABA moves with all its numbers.
pub(super) async fn move_waba(
    transaction: &impl GenericClient,
    waba_id: &WabaId,
    connection_id: ConnectionId,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::move_waba
             WITH waba AS (
                 UPDATE wabas SET connection_id = $2, subscribed_at = NULL WHERE waba_id = $1
             )
             UPDATE phone_numbers
             SET    connection_id = $2
             WHERE  phone_number_id IN (
                        SELECT phone_number_id
                        FROM   phone_numbers
                        WHERE  waba_id = $1
                        ORDER BY phone_number_id
                        FOR NO KEY UPDATE
                    )",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 2] = [&waba_id.as_str(), &connection_id.as_uuid()];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

/// What is told of both is stored; what is attached is granted, and not paused.
async fn settle(transaction: &impl GenericClient, wanted: &Attach<'_>) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::settle
             WITH waba AS (
                 UPDATE wabas
                 SET    portfolio_id = COALESCE($3, portfolio_id),
                        tier         = COALESCE($4, tier),
                        granted      = true
                 WHERE  waba_id = $1
             )
             UPDATE phone_numbers
             SET    messages_per_second = COALESCE($5, messages_per_second),
                    granted             = true,
                    paused_until        = NULL,
                    paused_reason       = NULL
             WHERE  phone_number_id = $2",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* waba_id             */ &wanted.waba_id.as_str(),
                /* phone_number_id     */ &wanted.phone_number_id.as_str(),
                /* portfolio_id        */ &wanted.portfolio_id.map(PortfolioId::as_str),
                /* tier                */ &wanted.tier.map(|tier| tier.to_string()),
                /* messages_per_second */ &wanted.messages_per_second,
            ],
        )
        .await?;
    Ok(())
}
