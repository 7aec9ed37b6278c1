//! API keys: the public half finds the row, the secret half is compared as a hash.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ApiKeyId, TenantId};

use crate::Result;

/// A key as the row holds it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The only tenant it acts for.
    pub tenant_id: TenantId,
    /// SHA-256 of the secret half.
    pub secret_hash: Vec<u8>,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// Stores a new key.
///
/// # Errors
/// `Unavailable`.
pub async fn create(
    client: &impl GenericClient,
    api_key_id: ApiKeyId,
    name: &str,
    key: &ApiKey,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- api_keys::create
             INSERT INTO api_keys (api_key_id, tenant_id, name, secret_hash, scopes, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .await?;
    client
        .execute(
            &statement,
            &[
                /* api_key_id  */ &api_key_id.as_uuid(),
                /* tenant_id   */ &key.tenant_id.as_uuid(),
                /* name        */ &name,
                /* secret_hash */ &key.secret_hash,
                /* scopes      */ &key.scopes,
                /* created_at  */ &now,
            ],
        )
        .await?;
    Ok(())
}

/// The key with that public half, unless it was revoked.
///
/// # Errors
/// `Unavailable`.
pub async fn find(client: &impl GenericClient, api_key_id: ApiKeyId) -> Result<Option<ApiKey>> {
    let statement = client
        .prepare_cached(
            "-- api_keys::find
             SELECT tenant_id, secret_hash, scopes
             FROM   api_keys
             WHERE  api_key_id = $1
               AND  revoked_at IS NULL",
        )
        .await?;
    let row = client.query_opt(&statement, &[&api_key_id.as_uuid()]).await?;
    Ok(row.map(|row| ApiKey {
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        secret_hash: row.get("secret_hash"),
        scopes: row.get("scopes"),
    }))
}

/// A key as its tenant sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id, the public half.
    pub api_key_id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute; `None`: it never was.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when it is refused; `None`: it is good.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A page of a tenant's keys, the newest first; with `only` that one alone.
///
/// # Errors
/// `Unavailable`.
pub async fn list(
    client: &impl GenericClient,
    tenant_id: TenantId,
    only: Option<ApiKeyId>,
    before: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<Listed>> {
    let statement = client
        .prepare_cached(
            "-- api_keys::list
             SELECT api_key_id, name, scopes, created_at, last_used_at, revoked_at
             FROM   api_keys
             WHERE  tenant_id = $1
               AND  ($2::uuid IS NULL OR api_key_id = $2)
               AND  ($3::uuid IS NULL OR api_key_id < $3)
             ORDER BY api_key_id DESC
             LIMIT  $4",
        )
        .await?;
    let (only, before) = (only.map(ApiKeyId::as_uuid), before.map(ApiKeyId::as_uuid));
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&tenant_id.as_uuid(), &only, &before, &limit];
    let rows = client.query(&statement, &parameters).await?;
    let listed = |row: &tokio_postgres::Row| Listed {
        api_key_id: ApiKeyId::from_uuid(row.get("api_key_id")),
        name: row.get("name"),
        scopes: row.get("scopes"),
        created_at: row.get("created_at"),
        last_used_at: row.get("last_used_at"),
        revoked_at: row.get("revoked_at"),
    };
    Ok(rows.iter().map(listed).collect())
}

/// Revokes a key; answers whose it was, or `None` when there was none to revoke.
///
/// # Errors
/// `Unavailable`.
pub async fn revoke(
    client: &impl GenericClient,
    api_key_id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<Option<TenantId>> {
    let statement = client
        .prepare_cached(
            "-- api_keys::revoke
             UPDATE api_keys
             SET    revoked_at = $2
             WHERE  api_key_id = $1
               AND  revoked_at IS NULL
             RETURNING tenant_id",
        )
        .await?;
    let row = client.query_opt(&statement, &[&api_key_id.as_uuid(), &now]).await?;
    Ok(row.map(|row| TenantId::from_uuid(row.get("tenant_id"))))
}

/// Notes that a key is used, unless that was noted within the last minute; answers whether it is
/// its first use of the day (UTC).
///
/// # Errors
/// `Unavailable`.
pub async fn note_use(
    client: &impl GenericClient,
    api_key_id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let statement = client
        .prepare_cached(
            "-- api_keys::note_use
             UPDATE api_keys k
             SET    last_used_at = $2
             FROM  (SELECT api_key_id, last_used_at
                    FROM   api_keys
                    WHERE  api_key_id = $1
                      AND  (last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute')
                    FOR UPDATE) was
             WHERE  k.api_key_id = was.api_key_id
             RETURNING was.last_used_at IS NULL
                    OR date_trunc('day', was.last_used_at, 'UTC') < date_trunc('day', $2::timestamptz, 'UTC')
                    AS is_first",
        )
        .await?;
    let row = client.query_opt(&statement, &[&api_key_id.as_uuid(), &now]).await?;
    Ok(row.is_some_and(|row| row.get("is_first")))
}
