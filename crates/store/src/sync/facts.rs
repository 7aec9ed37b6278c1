//! Everything that rows know of how a connection stands.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, TenantId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::Result;
use crate::connections::{Connection, Kind};

/// Everything that rows know of how a connection stands.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The connection itself.
    pub connection: Connection,
    /// Its token.
    pub token: TokenFacts,
    /// Its accounts.
    pub accounts: Vec<AccountFacts>,
    /// Its numbers.
    pub numbers: Vec<NumberFacts>,
    /// What goes out and comes in.
    pub traffic: Traffic,
}

/// What Meta said of a token; see the columns of `connections`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whether Meta takes it.
    pub valid: Option<bool>,
    /// Why it does not.
    pub problem: Option<String>,
    /// Permissions that it needs and lacks.
    pub lacks: Vec<String>,
    /// Why app id, App Secret and token do not belong together.
    pub app_problem: Option<String>,
}

/// How an account stands; see the columns of `wabas`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFacts {
    /// Meta's id.
    pub waba_id: String,
    /// Whether Meta lets our token at it.
    pub granted: bool,
    /// What it may do.
    pub status: Option<String>,
    /// More of it.
    pub status_detail: Option<String>,
    /// When that ends.
    pub status_until: Option<DateTime<Utc>>,
    /// When Meta said so.
    pub status_at: Option<DateTime<Utc>>,
    /// Meta's verdict on it.
    pub review_status: Option<String>,
    /// Whether our app gets its webhooks.
    pub subscribed: Option<bool>,
    /// Whether it can send.
    pub health: Option<String>,
    /// What stands in the way.
    pub health_detail: Option<String>,
    /// How many of its numbers are not connected here.
    pub unlisted_numbers: i32,
    /// When it was last read from Meta.
    pub synced_at: Option<DateTime<Utc>>,
}

/// How a number stands; see the columns of `phone_numbers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberFacts {
    /// Meta's id.
    pub phone_number_id: String,
    /// Its account.
    pub waba_id: String,
    /// Whether Meta lists it.
    pub granted: bool,
    /// Meta's word for where it stands.
    pub status: Option<String>,
    /// How customers like it.
    pub quality_rating: Option<String>,
    /// The verdict on its name.
    pub name_status: Option<String>,
    /// Why.
    pub name_reason: Option<String>,
    /// Whether it can send.
    pub health: Option<String>,
    /// What stands in its way.
    pub health_detail: Option<String>,
}

/// What went out a while ago, and what came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The last few messages that Meta took, and that had time to hear of a status.
    pub accepted: i64,
    /// How many of these have heard of none.
    pub silent: i64,
    /// When Meta took the first of them.
    pub since: Option<DateTime<Utc>>,
    /// When the last webhook of the connection's app came.
    pub last_post_at: Option<DateTime<Utc>>,
    /// Whether signatures are refused.
    pub refused: bool,
}

/// Gathers them. `grace`: how long a status may take; `few`: how many messages are looked at.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn facts(
    client: &impl GenericClient,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    grace: TimeDelta,
    few: i64,
    now: DateTime<Utc>,
) -> Result<Option<Facts>> {
    let found = crate::connections::find(client, tenant_id, connection_id).await?;
    let Some(connection) = found else { return Ok(None) };
    Ok(Some(Facts {
        token: token(client, connection_id).await?,
        accounts: accounts(client, connection_id).await?,
        numbers: numbers(client, connection_id).await?,
        traffic: Traffic {
            last_post_at: last_post_at(client, &connection).await?,
            ..sent(client, tenant_id, connection_id, grace, few, now).await?
        },
        connection,
    }))
}

async fn token(client: &impl GenericClient, connection_id: ConnectionId) -> Result<TokenFacts> {
    let statement = client
        .prepare_cached(
            "-- sync::facts: token
             SELECT token_valid, token_problem, token_lacks, app_problem
             FROM   connections
             WHERE  connection_id = $1",
        )
        .await?;
    let row = client.query_one(&statement, &[&connection_id.as_uuid()]).await?;
    Ok(TokenFacts {
        valid: row.get("token_valid"),
        problem: row.get("token_problem"),
        lacks: row.get::<_, Option<Vec<String>>>("token_lacks").unwrap_or_default(),
        app_problem: row.get("app_problem"),
    })
}

async fn accounts(
    client: &impl GenericClient,
    connection_id: ConnectionId,
) -> Result<Vec<AccountFacts>> {
    let statement = client
        .prepare_cached(
            "-- sync::facts: accounts
             SELECT waba_id, granted, status, status_detail, status_until, status_at,
                    review_status, subscribed, health, health_detail, unlisted_numbers, synced_at
             FROM   wabas
             WHERE  connection_id = $1
             ORDER BY waba_id",
        )
        .await?;
    let account = |row: &Row| AccountFacts {
        waba_id: row.get("waba_id"),
        granted: row.get("granted"),
        status: row.get("status"),
        status_detail: row.get("status_detail"),
        status_until: row.get("status_until"),
        status_at: row.get("status_at"),
        review_status: row.get("review_status"),
        subscribed: row.get("subscribed"),
        health: row.get("health"),
        health_detail: row.get("health_detail"),
        unlisted_numbers: row.get("unlisted_numbers"),
        synced_at: row.get("synced_at"),
    };
    let rows = client.query(&statement, &[&connection_id.as_uuid()]).await?;
    Ok(rows.iter().map(account).collect())
}

async fn numbers(
    client: &impl GenericClient,
    connection_id: ConnectionId,
) -> Result<Vec<NumberFacts>> {
    let statement = client
        .prepare_cached(
            "-- sync::facts: numbers
             SELECT phone_number_id, waba_id, granted, status, quality_rating, name_status, name_reason,
                    health, health_detail
             FROM   phone_numbers
             WHERE  connection_id = $1
             ORDER BY phone_number_id",
        )
        .await?;
    let number = |row: &Row| NumberFacts {
        phone_number_id: row.get("phone_number_id"),
        waba_id: row.get("waba_id"),
        granted: row.get("granted"),
        status: row.get("status"),
        quality_rating: row.get("quality_rating"),
        name_status: row.get("name_status"),
        name_reason: row.get("name_reason"),
        health: row.get("health"),
        health_detail: row.get("health_detail"),
    };
    let rows = client.query(&statement, &[&connection_id.as_uuid()]).await?;
    Ok(rows.iter().map(number).collect())
}

/// Looks at a few messages of the last hour or so, so that a busy tenant costs no more than others.
async fn sent(
    client: &impl GenericClient,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    grace: TimeDelta,
    few: i64,
    now: DateTime<Utc>,
) -> Result<Traffic> {
    let statement = client
        .prepare_cached(
            "-- sync::facts: traffic
             SELECT count(*)                                          AS accepted,
                    count(*) FILTER (WHERE delivery_status = 'accepted') AS silent,
                    min(accepted_at)                                  AS since,
                    EXISTS (SELECT FROM notifications
                            WHERE tenant_id = $1 AND kind = 'webhook.signature'
                              AND subject = ($2::uuid)::text AND cleared_at IS NULL) AS refused
             FROM   (
                        SELECT accepted_at, delivery_status
                        FROM   messages
                        WHERE  tenant_id = $1
                          AND  message_id >= uuid_v7_floor($3)
                          AND  accepted_at < $4
                          AND  phone_number_id IN (SELECT phone_number_id
                                                   FROM   phone_numbers
                                                   WHERE  connection_id = $2)
                        ORDER BY message_id DESC
                        LIMIT  $5
                    ) AS m",
        )
        .await?;
    let since = now - (grace * 3).max(TimeDelta::hours(1));
    let parameters: [&(dyn ToSql + Sync); 5] = [
        /* tenant_id     */ &tenant_id.as_uuid(),
        /* connection_id */ &connection_id.as_uuid(),
        /* since         */ &since,
        /* grace_ended   */ &(now - grace),
        /* few           */ &few,
    ];
    let row = client.query_one(&statement, &parameters).await?;
    Ok(Traffic {
        accepted: row.get("accepted"),
        silent: row.get("silent"),
        since: row.get("since"),
        last_post_at: None,
        refused: row.get("refused"),
    })
}

/// Several connections may share an app: then each one's webhooks count for all.
async fn last_post_at(
    client: &impl GenericClient,
    connection: &Connection,
) -> Result<Option<DateTime<Utc>>> {
    let row = match connection.kind {
        Kind::Platform => {
            let statement = client
                .prepare_cached(
                    "-- sync::facts: platform's webhook
                     SELECT received_at
                     FROM   webhook_events
                     WHERE  connection_id IS NULL AND signature_valid
                     ORDER BY event_id DESC
                     LIMIT  1",
                )
                .await?;
            client.query_opt(&statement, &[]).await?
        }
        Kind::OwnApp => {
            let statement = client
                .prepare_cached(
                    "-- sync::facts: own app's webhook
                     SELECT max(e.received_at) AS received_at
                     FROM   (
                                SELECT $1::uuid AS connection_id
                                UNION
                                SELECT p.connection_id
                                FROM   app_secrets o
                                JOIN   app_secrets p ON p.fingerprint = o.fingerprint
                                WHERE  o.connection_id = $1
                            ) AS s
                     CROSS JOIN LATERAL (
                                SELECT received_at
                                FROM   webhook_events
                                WHERE  connection_id = s.connection_id AND signature_valid
                                ORDER BY event_id DESC
                                LIMIT  1
                            ) AS e",
                )
                .await?;
            client.query_opt(&statement, &[&connection.connection_id.as_uuid()]).await?
        }
    };
    Ok(row.and_then(|row| row.get("received_at")))
}
