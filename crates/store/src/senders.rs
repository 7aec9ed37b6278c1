//! What a tenant has at Meta: looked up for requests that name a number, an account or nothing.

use deadpool_postgres::GenericClient;
use domain::ids::{AppId, ConnectionId, PhoneNumberId, TenantId, WabaId};

use crate::{Error, Result};

/// The numbers of a tenant in the order of their ids, `limit` at most.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn numbers_of(
    client: &impl GenericClient,
    tenant_id: TenantId,
    limit: i64,
) -> Result<Vec<PhoneNumberId>> {
    let statement = client
        .prepare_cached(
            "-- senders::numbers_of
             SELECT phone_number_id
             FROM   phone_numbers
             WHERE  tenant_id = $1
             ORDER BY phone_number_id
             LIMIT  $2",
        )
        .await?;
    let rows = client.query(&statement, &[&tenant_id.as_uuid(), &limit]).await?;
    rows.iter()
        .map(|row| {
            let corrupt = Error::Corrupt { table: "phone_numbers", column: "phone_number_id" };
            row.get::<_, &str>("phone_number_id").parse().map_err(|_| corrupt)
        })
        .collect()
}

/// Why the connection of a tenant's number may not send; `None` when it may.
///
/// # Errors
/// `Unavailable`.
pub async fn blocked_reason(
    client: &impl GenericClient,
    tenant_id: TenantId,
    phone_number_id: &PhoneNumberId,
) -> Result<Option<String>> {
    let statement = client
        .prepare_cached(
            "-- senders::blocked_reason
             SELECT c.blocked_reason
             FROM   phone_numbers n
             JOIN   connections   c ON c.connection_id = n.connection_id
             WHERE  n.phone_number_id = $1
               AND  n.tenant_id       = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&phone_number_id.as_str(), &tenant_id.as_uuid()];
    let row = client.query_opt(&statement, &parameters).await?;
    Ok(row.and_then(|row| row.get("blocked_reason")))
}

/// What stands behind one of Meta's ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A phone number id.
    PhoneNumber,
    /// The id of a WhatsApp Business Account.
    Waba,
}

/// With what a node of a tenant is reached.
#[derive(Clone)]
pub struct Reach {
    /// What the id stands for.
    pub node: Node,
    /// The account: itself, or that of the number.
    pub waba_id: WabaId,
    /// The tenant's own app, whose token it is; `None`: the platform's.
    pub own_app_id: Option<AppId>,
    /// The connection whose token it is.
    pub connection_id: ConnectionId,
    /// The token, sealed: for [`crate::connections::open_token`].
    pub sealed_token: Vec<u8>,
}

/// With what a tenant reaches one of its numbers or accounts; `None` when it is not the tenant's, or
/// its connection has no token.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn reach(
    client: &impl GenericClient,
    tenant_id: TenantId,
    node_id: &str,
) -> Result<Option<Reach>> {
    let statement = client
        .prepare_cached(
            "-- senders::reach
             SELECT own.is_waba, own.waba_id, c.connection_id, c.access_token,
                    CASE WHEN c.kind = 'own_app' THEN c.app_id END AS own_app_id
             FROM   (
                        SELECT false AS is_waba, n.waba_id, n.connection_id
                        FROM   phone_numbers n
                        JOIN   wabas         w ON w.waba_id = n.waba_id AND w.granted
                        WHERE  n.phone_number_id = $1
                          AND  n.tenant_id       = $2
                        UNION ALL
                        SELECT true AS is_waba, w.waba_id, w.connection_id
                        FROM   wabas w
                        WHERE  w.waba_id   = $1
                          AND  w.tenant_id = $2
                          AND  w.granted
                    ) own
             JOIN   connections c ON c.connection_id = own.connection_id AND c.tenant_id = $2
             WHERE  c.access_token IS NOT NULL
             ORDER BY own.is_waba
             LIMIT  1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&node_id, &tenant_id.as_uuid()]).await?;
    let Some(row) = row else { return Ok(None) };
    let waba_id = row.get::<_, &str>("waba_id").parse();
    let own_app_id = row.get::<_, Option<&str>>("own_app_id").map(str::parse).transpose();
    Ok(Some(Reach {
        node: if row.get("is_waba") { Node::Waba } else { Node::PhoneNumber },
        waba_id: waba_id.map_err(|_| Error::Corrupt { table: "wabas", column: "waba_id" })?,
        own_app_id: own_app_id
            .map_err(|_| Error::Corrupt { table: "connections", column: "app_id" })?,
        connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        sealed_token: row.get("access_token"),
    }))
}
