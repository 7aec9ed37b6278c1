//! Connections as their rows hold them.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{AppId, ConnectionId, PhoneNumberId, TenantId, WabaId};
use tokio_postgres::Row;

use crate::{Error, Result};

/// Whose app signs the webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The platform's own.
    Platform,
    /// The tenant's own.
    OwnApp,
}

impl Kind {
    /// The word in rows and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::OwnApp => "own_app",
        }
    }
}

/// Whether a connection can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It can.
    Active,
    /// A person has to do something; what can be sent is sent.
    NeedsAttention,
    /// Nothing is sent, and its app proves no webhook.
    Disconnected,
}

impl Status {
    /// The word in rows and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::NeedsAttention => "NEEDS_ATTENTION",
            Self::Disconnected => "DISCONNECTED",
        }
    }
}

/// A connection without its secrets.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its id.
    pub connection_id: ConnectionId,
    /// Owner.
    pub tenant_id: TenantId,
    /// Whose app.
    pub kind: Kind,
    /// What people call it; may be empty.
    pub label: String,
    /// Meta's id of the app, where told.
    pub app_id: Option<AppId>,
    /// Whether it can be used.
    pub status: Status,
    /// What is to be done, or why it is disconnected.
    pub status_reason: Option<String>,
    /// The WABA that it claims and Meta has not confirmed.
    pub claimed_waba_id: Option<WabaId>,
    /// The number that it claims and Meta has not confirmed.
    pub claimed_phone_number_id: Option<PhoneNumberId>,
    /// Tells tokens apart; `None`: it has no token, or one of an older version.
    pub token_fingerprint: Option<String>,
    /// The token that the environment set last, likewise.
    pub environment_fingerprint: Option<String>,
    /// When Meta will refuse the token; `None`: never, or not known.
    pub token_expires_at: Option<DateTime<Utc>>,
    /// The access token, sealed; open with [`super::open_token`]. `None`: it has none.
    pub sealed_token: Option<Vec<u8>>,
    /// The verify token, sealed; open with [`super::open_verify_token`]. `None`: it has none.
    pub sealed_verify_token: Option<Vec<u8>>,
    /// The last part of its webhook URL.
    pub webhook_token: Option<String>,
    /// Until when the dispatcher sends nothing, because Meta refused.
    pub blocked_until: Option<DateTime<Utc>>,
    /// What a person has to do to unblock it.
    pub blocked_reason: Option<String>,
    /// When it was last tested.
    pub last_test_at: Option<DateTime<Utc>>,
    /// `ok`, or the kind of failure.
    pub last_test_status: Option<String>,
    /// What the test found.
    pub last_test_detail: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its token was last replaced.
    pub updated_at: DateTime<Utc>,
}

/// A tenant's connections, the oldest first.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn list(client: &impl GenericClient, tenant_id: TenantId) -> Result<Vec<Connection>> {
    let statement = client
        .prepare_cached(
            "-- connections::list
             SELECT * FROM connections WHERE tenant_id = $1 ORDER BY connection_id",
        )
        .await?;
    client.query(&statement, &[&tenant_id.as_uuid()]).await?.iter().map(read).collect()
}

/// A tenant's connection of that id.
///
/// # Errors
/// `Unavailable`; `Corrupt` when the row cannot be read.
pub async fn find(
    client: &impl GenericClient,
    tenant_id: TenantId,
    connection_id: ConnectionId,
) -> Result<Option<Connection>> {
    let statement = client
        .prepare_cached(
            "-- connections::find
             SELECT * FROM connections WHERE tenant_id = $1 AND connection_id = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&tenant_id.as_uuid(), &connection_id.as_uuid()];
    client.query_opt(&statement, &parameters).await?.as_ref().map(read).transpose()
}

/// As [`find`], and keeps others from changing it until the transaction ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(
    transaction: &impl GenericClient,
    tenant_id: TenantId,
    connection_id: ConnectionId,
) -> Result<Option<Connection>> {
    let statement = transaction
        .prepare_cached(
            "-- connections::lock
             SELECT * FROM connections
             WHERE  tenant_id = $1 AND connection_id = $2
             FOR NO KEY UPDATE",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&tenant_id.as_uuid(), &connection_id.as_uuid()];
    transaction.query_opt(&statement, &parameters).await?.as_ref().map(read).transpose()
}

/// The connection of whichever tenant that sends from a number: for operators.
///
/// # Errors
/// As [`find`].
pub async fn of_number(
    client: &impl GenericClient,
    phone_number_id: &PhoneNumberId,
) -> Result<Option<Connection>> {
    let statement = client
        .prepare_cached(
            "-- connections::of_number
             SELECT c.*
             FROM   phone_numbers n
             JOIN   connections   c USING (connection_id)
             WHERE  n.phone_number_id = $1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&phone_number_id.as_str()]).await?;
    row.as_ref().map(read).transpose()
}

/// The oldest connection of a tenant through the platform's app that has the token with this
/// fingerprint and is not disconnected.
///
/// # Errors
/// As [`find`].
pub async fn by_token(
    client: &impl GenericClient,
    tenant_id: TenantId,
    token_fingerprint: &str,
) -> Result<Option<Connection>> {
    let statement = client
        .prepare_cached(
            "-- connections::by_token
             SELECT *
             FROM   connections
             WHERE  tenant_id = $1 AND token_fingerprint = $2
               AND  kind = 'platform' AND status <> 'DISCONNECTED'
             ORDER BY connection_id
             LIMIT  1",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&tenant_id.as_uuid(), &token_fingerprint];
    client.query_opt(&statement, &parameters).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Connection> {
    Ok(Connection {
        connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        kind: match row.get("kind") {
            "platform" => Kind::Platform,
            "own_app" => Kind::OwnApp,
            _ => return Err(corrupt("kind")),
        },
        label: row.get("label"),
        app_id: id(row, "app_id")?,
        status: match row.get("status") {
            "ACTIVE" => Status::Active,
            "NEEDS_ATTENTION" => Status::NeedsAttention,
            "DISCONNECTED" => Status::Disconnected,
            _ => return Err(corrupt("status")),
        },
        status_reason: row.get("status_reason"),
        claimed_waba_id: id(row, "claimed_waba_id")?,
        claimed_phone_number_id: id(row, "claimed_phone_number_id")?,
        token_fingerprint: row.get("token_fingerprint"),
        environment_fingerprint: row.get("environment_fingerprint"),
        token_expires_at: row.get("token_expires_at"),
        sealed_token: row.get("access_token"),
        sealed_verify_token: row.get("verify_token"),
        webhook_token: row.get("webhook_token"),
        blocked_until: row.get("blocked_until"),
        blocked_reason: row.get("blocked_reason"),
        last_test_at: row.get("last_test_at"),
        last_test_status: row.get("last_test_status"),
        last_test_detail: row.get("last_test_detail"),
        created_at: row.get("created_at"),
        updated_at: row.get("updated_at"),
    })
}

fn id<T: std::str::FromStr>(row: &Row, column: &'static str) -> Result<Option<T>> {
    let text: Option<&str> = row.get(column);
    text.map(|text| text.parse().map_err(|_| corrupt(column))).transpose()
}

fn corrupt(column: &'static str) -> Error {
    Error::Corrupt { table: "connections", column }
}
