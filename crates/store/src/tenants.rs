//! Tenants.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::TenantId;

use crate::Result;

/// Makes a tenant.
///
/// # Errors
/// `Duplicate` when the name is taken, `Unstorable` when it is empty or over 100 characters.
pub async fn create(
    client: &impl GenericClient,
    name: &str,
    now: DateTime<Utc>,
) -> Result<TenantId> {
    let tenant_id = TenantId::at(now);
    let statement = client
        .prepare_cached(
            "-- tenants::create
             INSERT INTO tenants (tenant_id, name, created_at)
             VALUES ($1, $2, $3)",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&tenant_id.as_uuid(), &name, &now];
    client.execute(&statement, &parameters).await?;
    Ok(tenant_id)
}

/// The tenant of that name, made when there is none: for set-ups that may run twice.
///
/// # Errors
/// As [`create`].
pub async fn ensure(
    client: &impl GenericClient,
    name: &str,
    now: DateTime<Utc>,
) -> Result<TenantId> {
    match find(client, name).await? {
        Some(tenant_id) => Ok(tenant_id),
        None => match create(client, name, now).await {
            Err(crate::Error::Duplicate { .. }) => {
                let found = find(client, name).await?;
                found.ok_or(crate::Error::Corrupt { table: "tenants", column: "name" })
            }
            created => created,
        },
    }
}

/// The tenant of that name, or of that id.
///
/// # Errors
/// `Unavailable`.
pub async fn find(client: &impl GenericClient, name_or_id: &str) -> Result<Option<TenantId>> {
    let statement = client
        .prepare_cached(
            "-- tenants::find
             SELECT tenant_id
             FROM   tenants
             WHERE  name = $1 OR tenant_id::text = $1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&name_or_id]).await?;
    Ok(row.map(|row| TenantId::from_uuid(row.get("tenant_id"))))
}

/// The names of tenants.
///
/// # Errors
/// `Unavailable`.
pub async fn names(
    client: &impl GenericClient,
    tenant_ids: &[TenantId],
) -> Result<HashMap<TenantId, String>> {
    let statement = client
        .prepare_cached(
            "-- tenants::names
             SELECT tenant_id, name
             FROM   tenants
             WHERE  tenant_id = ANY($1)",
        )
        .await?;
    let ids: Vec<_> = tenant_ids.iter().map(|tenant_id| tenant_id.as_uuid()).collect();
    let rows = client.query(&statement, &[&ids]).await?;
    let name =
        |row: &tokio_postgres::Row| (TenantId::from_uuid(row.get("tenant_id")), row.get("name"));
    Ok(rows.iter().map(name).collect())
}
