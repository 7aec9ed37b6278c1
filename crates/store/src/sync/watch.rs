//! Whose standing is looked at next, and what is made of it.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, TenantId};
use tokio_postgres::types::ToSql;

use crate::Result;

/// Takes up to `limit` connections that nobody has looked at since `before`.
///
/// # Errors
/// `Unavailable`.
pub async fn watch(
    client: &impl GenericClient,
    before: DateTime<Utc>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ConnectionId>> {
    let statement = client
        .prepare_cached(
            "-- sync::watch
             UPDATE connections c
             SET    watched_at = $3
             FROM   (
                        SELECT connection_id
                        FROM   connections
                        WHERE  watched_at IS NULL OR watched_at <= $1
                        ORDER BY watched_at NULLS FIRST
                        LIMIT  $2
                        FOR NO KEY UPDATE SKIP LOCKED
                    ) AS due
             WHERE  c.connection_id = due.connection_id
             RETURNING c.connection_id",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 3] =
        [/* before */ &before, /* limit */ &limit, /* now */ &now];
    let rows = client.query(&statement, &parameters).await?;
    Ok(rows.iter().map(|row| ConnectionId::from_uuid(row.get("connection_id"))).collect())
}

/// Keeps others from judging a connection until the transaction ends; answers whose it is.
///
/// # Errors
/// `Unavailable`.
pub async fn judge(
    transaction: &impl GenericClient,
    connection_id: ConnectionId,
) -> Result<Option<TenantId>> {
    let statement = transaction
        .prepare_cached(
            "-- sync::judge
             SELECT tenant_id
             FROM   connections
             WHERE  connection_id = $1
             FOR NO KEY UPDATE",
        )
        .await?;
    let row = transaction.query_opt(&statement, &[&connection_id.as_uuid()]).await?;
    Ok(row.map(|row| TenantId::from_uuid(row.get("tenant_id"))))
}

/// How many notifications of each kind are open.
///
/// # Errors
/// `Unavailable`.
pub async fn open_by_kind(client: &impl GenericClient) -> Result<Vec<(String, i64)>> {
    let statement = client
        .prepare_cached(
            "-- sync::open_by_kind
             SELECT kind, count(*) AS open
             FROM   notifications
             WHERE  cleared_at IS NULL
             GROUP BY kind",
        )
        .await?;
    let rows = client.query(&statement, &[]).await?;
    Ok(rows.iter().map(|row| (row.get("kind"), row.get("open"))).collect())
}
