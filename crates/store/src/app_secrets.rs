//! Secrets with which tenants' own apps sign their webhooks.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, SecretId, TenantId};
use ring::digest;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Error, Result, Vault};

const TABLE: &str = "app_secrets";
const COLUMN: &str = "secret";

/// SHA-256 of a secret: the same secret in two connections is the same app.
pub fn fingerprint(secret: &SecretString) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.expose_secret().as_bytes()).as_ref().to_vec()
}

/// A secret, opened.
#[derive(Clone, Debug)]
pub struct AppSecret {
    /// Its id.
    pub secret_id: SecretId,
    /// The connection whose app signs with it.
    pub connection_id: ConnectionId,
    /// Owner.
    pub tenant_id: TenantId,
    /// The secret.
    pub secret: SecretString,
    /// The opaque part of the connection's webhook URL.
    pub webhook_token: Option<String>,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// From when it proves nothing new.
    pub retires_at: Option<DateTime<Utc>>,
}

/// Gives a connection its current secret: earlier ones prove webhooks until `old_until`. A secret
/// that it had before becomes current again and is sealed anew. Run it in a transaction.
///
/// # Errors
/// `Unavailable`.
pub async fn put(
    transaction: &impl GenericClient,
    vault: &Vault,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    secret: &SecretString,
    old_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<SecretId> {
    let fingerprint = fingerprint(secret);
    let secret_id = known(transaction, connection_id, &fingerprint).await?;
    let secret_id = secret_id.unwrap_or_else(|| SecretId::at(now));
    let sealed =
        vault.seal(TABLE, &secret_id.to_string(), COLUMN, secret.expose_secret().as_bytes());
    let statement = transaction
        .prepare_cached(
            "-- app_secrets::put
             WITH retired AS (
                 UPDATE app_secrets
                 SET    retires_at = LEAST(retires_at, $6)
                 WHERE  connection_id = $2 AND secret_id <> $1
             )
             INSERT INTO app_secrets (secret_id, connection_id, tenant_id, secret, fingerprint,
                                      created_at, saved_at)
             VALUES ($1, $2, $3, $4, $5, $7, $7)
             ON CONFLICT (connection_id, fingerprint) DO UPDATE
             SET    secret = EXCLUDED.secret, retires_at = NULL, saved_at = EXCLUDED.saved_at",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* secret_id     */ &secret_id.as_uuid(),
                /* connection_id */ &connection_id.as_uuid(),
                /* tenant_id     */ &tenant_id.as_uuid(),
                /* secret        */ &sealed,
                /* fingerprint   */ &fingerprint,
                /* old_until     */ &old_until,
                /* now           */ &now,
            ],
        )
        .await?;
    Ok(secret_id)
}

async fn known(
    transaction: &impl GenericClient,
    connection_id: ConnectionId,
    fingerprint: &[u8],
) -> Result<Option<SecretId>> {
    let statement = transaction
        .prepare_cached(
            "-- app_secrets::known
             SELECT secret_id
             FROM   app_secrets
             WHERE  connection_id = $1 AND fingerprint = $2
             FOR UPDATE",
        )
        .await?;
    let row = transaction.query_opt(&statement, &[&connection_id.as_uuid(), &fingerprint]).await?;
    Ok(row.map(|row| SecretId::from_uuid(row.get("secret_id"))))
}

/// The secrets that prove webhooks at `now`, of all connections that are not disconnected. One that
/// does not open with the configured keys is left out, and counted in the second part.
///
/// # Errors
/// `Unavailable`.
pub async fn active(
    client: &impl GenericClient,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<(Vec<AppSecret>, usize)> {
    read_active(client, vault, None, now).await
}

/// As [`active`], of these connections alone.
///
/// # Errors
/// `Unavailable`.
pub async fn active_of(
    client: &impl GenericClient,
    vault: &Vault,
    connection_ids: &[ConnectionId],
    now: DateTime<Utc>,
) -> Result<(Vec<AppSecret>, usize)> {
    let ids: Vec<Uuid> = connection_ids.iter().map(|id| id.as_uuid()).collect();
    read_active(client, vault, Some(&ids), now).await
}

async fn read_active(
    client: &impl GenericClient,
    vault: &Vault,
    of: Option<&[Uuid]>,
    now: DateTime<Utc>,
) -> Result<(Vec<AppSecret>, usize)> {
    let statement = client
        .prepare_cached(
            "-- app_secrets::active
             SELECT s.secret_id, s.connection_id, s.tenant_id, s.secret, s.created_at,
                    s.retires_at, c.webhook_token
             FROM   app_secrets s
             JOIN   connections c USING (connection_id)
             WHERE  (s.retires_at IS NULL OR s.retires_at > $1)
               AND  c.status <> 'DISCONNECTED'
               AND  ($2::uuid[] IS NULL OR s.connection_id = ANY($2))
             ORDER BY s.secret_id",
        )
        .await?;
    let rows = client.query(&statement, &[&now, &of]).await?;
    let opened: Vec<AppSecret> = rows.iter().filter_map(|row| open(vault, row).ok()).collect();
    let sealed = rows.len() - opened.len();
    Ok((opened, sealed))
}

/// The current secret of a connection's own app; `None`: it has none.
///
/// # Errors
/// `Corrupt` when it does not open with the configured keys.
pub async fn current(
    client: &impl GenericClient,
    vault: &Vault,
    connection_id: ConnectionId,
) -> Result<Option<SecretString>> {
    let statement = client
        .prepare_cached(
            "-- app_secrets::current
             SELECT s.secret_id, s.connection_id, s.tenant_id, s.secret, s.created_at,
                    s.retires_at, c.webhook_token
             FROM   app_secrets s
             JOIN   connections c USING (connection_id)
             WHERE  s.connection_id = $1 AND s.retires_at IS NULL
             ORDER BY s.secret_id DESC
             LIMIT  1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&connection_id.as_uuid()]).await?;
    row.map(|row| Ok(open(vault, &row)?.secret)).transpose()
}

/// Every secret that a tenant has, retired ones too: for the diagnosis of a signature.
///
/// # Errors
/// `Corrupt` when one does not open with the configured keys.
pub async fn of_tenant(
    client: &impl GenericClient,
    vault: &Vault,
    tenant_id: TenantId,
) -> Result<Vec<AppSecret>> {
    let statement = client
        .prepare_cached(
            "-- app_secrets::of_tenant
             SELECT s.secret_id, s.connection_id, s.tenant_id, s.secret, s.created_at,
                    s.retires_at, c.webhook_token
             FROM   app_secrets s
             JOIN   connections c USING (connection_id)
             WHERE  s.tenant_id = $1
             ORDER BY s.secret_id",
        )
        .await?;
    let rows = client.query(&statement, &[&tenant_id.as_uuid()]).await?;
    rows.iter().map(|row| open(vault, row)).collect()
}

fn open(vault: &Vault, row: &Row) -> Result<AppSecret> {
    const CORRUPT: Error = Error::Corrupt { table: TABLE, column: COLUMN };
    let secret_id = SecretId::from_uuid(row.get("secret_id"));
    let opened = vault.open(TABLE, &secret_id.to_string(), COLUMN, row.get("secret"));
    let secret = String::from_utf8(opened.map_err(|_| CORRUPT)?).map_err(|_| CORRUPT)?;
    Ok(AppSecret {
        secret_id,
        connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        secret: secret.into(),
        webhook_token: row.get("webhook_token"),
        created_at: row.get("created_at"),
        retires_at: row.get("retires_at"),
    })
}

/// A secret as anybody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// First 12 hex digits of its SHA-256.
    pub fingerprint: String,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// From when it proves nothing new.
    pub retires_at: Option<DateTime<Utc>>,
}

/// The secrets of a connection that prove webhooks at `now`, the newest first, without opening them.
///
/// # Errors
/// `Unavailable`.
pub async fn marks(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<Vec<Mark>> {
    let statement = client
        .prepare_cached(
            "-- app_secrets::marks
             SELECT left(encode(fingerprint, 'hex'), 12) AS mark, created_at, retires_at
             FROM   app_secrets
             WHERE  connection_id = $1 AND (retires_at IS NULL OR retires_at > $2)
             ORDER BY retires_at DESC NULLS FIRST, secret_id DESC",
        )
        .await?;
    let rows = client.query(&statement, &[&connection_id.as_uuid(), &now]).await?;
    let mark = |row: &Row| Mark {
        fingerprint: row.get("mark"),
        created_at: row.get("created_at"),
        retires_at: row.get("retires_at"),
    };
    Ok(rows.iter().map(mark).collect())
}
