//! Which connection is asked about next.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{AppId, ConnectionId, TenantId, WabaId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::connections::Kind;
use crate::{Error, Result};

/// A connection that Meta is to be asked about now.
#[derive(Clone)]
pub struct Due {
    /// Owner.
    pub tenant_id: TenantId,
    /// Its id.
    pub connection_id: ConnectionId,
    /// Whose app.
    pub kind: Kind,
    /// Meta's id of the app, where told.
    pub app_id: Option<AppId>,
    /// The access token, sealed; open with [`crate::connections::open_token`].
    pub sealed_token: Option<Vec<u8>>,
    /// When its turn began: the fence of [`finish`].
    pub begun_at: DateTime<Utc>,
    /// How often in a row asking has failed.
    pub failures: u32,
    /// Its accounts.
    pub waba_ids: Vec<WabaId>,
}

/// Takes up to `limit` connections that are due and that nobody is asking about, until
/// `lease_until`. One that Meta has not confirmed yet, or that is disconnected, is never due.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn claim(
    client: &impl GenericClient,
    limit: i64,
    lease_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Due>> {
    let statement = client
        .prepare_cached(
            "-- sync::claim
             WITH due AS (
                 SELECT connection_id
                 FROM   connections
                 WHERE  sync_due_at <= $1
                   AND  (sync_lease_until IS NULL OR sync_lease_until <= $1)
                   AND  status <> 'DISCONNECTED'
                   AND  claimed_waba_id IS NULL
                 ORDER BY sync_due_at
                 LIMIT  $3
                 FOR NO KEY UPDATE SKIP LOCKED
             )
             UPDATE connections c
             SET    sync_begun_at    = $1,
                    sync_lease_until = $2,
                    sync_due_at      = $2
             FROM   due
             WHERE  c.connection_id = due.connection_id
             RETURNING c.tenant_id, c.connection_id, c.kind, c.app_id, c.access_token,
                       c.sync_begun_at, c.sync_failures,
                       ARRAY(SELECT waba_id FROM wabas w
                             WHERE w.connection_id = c.connection_id ORDER BY waba_id) AS waba_ids",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 3] =
        [/* now */ &now, /* lease_until */ &lease_until, /* limit */ &limit];
    client.query(&statement, &parameters).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Due> {
    let waba_ids: Vec<&str> = row.get("waba_ids");
    let waba_ids = waba_ids
        .into_iter()
        .map(|id| id.parse().map_err(|_| Error::Corrupt { table: "wabas", column: "waba_id" }));
    let corrupt = |column| Error::Corrupt { table: "connections", column };
    let kind = match row.get("kind") {
        "platform" => Kind::Platform,
        "own_app" => Kind::OwnApp,
        _ => return Err(corrupt("kind")),
    };
    let app_id: Option<&str> = row.get("app_id");
    Ok(Due {
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        kind,
        app_id: app_id.map(str::parse).transpose().map_err(|_| corrupt("app_id"))?,
        sealed_token: row.get("access_token"),
        begun_at: row.get("sync_begun_at"),
        failures: row.get::<_, i32>("sync_failures").unsigned_abs(),
        waba_ids: waba_ids.collect::<Result<_>>()?,
    })
}

/// Ends a turn: the connection is due again at `next`, or earlier where somebody asked for it
/// meanwhile. Changes nothing when the turn was taken over.
///
/// # Errors
/// `Unavailable`.
pub async fn finish(
    client: &impl GenericClient,
    due: &Due,
    next: DateTime<Utc>,
    failures: u32,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- sync::finish
             UPDATE connections
             SET    sync_due_at      = CASE WHEN sync_due_at < sync_lease_until
                                            THEN LEAST(sync_due_at, $3) ELSE $3 END,
                    sync_lease_until = NULL,
                    sync_failures    = $4
             WHERE  connection_id = $1 AND sync_begun_at = $2",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 4] = [
        /* connection_id */ &due.connection_id.as_uuid(),
        /* begun_at      */ &due.begun_at,
        /* next          */ &next,
        /* failures      */ &i32::try_from(failures).unwrap_or(i32::MAX),
    ];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// Makes a connection due at once; answers whether there is such a one.
///
/// # Errors
/// `Unavailable`.
pub async fn soon(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let statement = client
        .prepare_cached(
            "-- sync::soon
             UPDATE connections
             SET    sync_due_at = LEAST(sync_due_at, $2)
             WHERE  connection_id = $1",
        )
        .await?;
    Ok(client.execute(&statement, &[&connection_id.as_uuid(), &now]).await? > 0)
}
