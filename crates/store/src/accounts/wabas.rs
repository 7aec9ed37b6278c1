//! Words about accounts.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, TenantId, WabaId};
use domain::scope::Scope;
use uuid::Uuid;

use super::{Told, Touched, newest_word, proved, touched};
use crate::Result;

/// Writes what accounts may do: the word is one of `wabas.status`.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn put_status(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "wabas::put_status",
        table: "wabas",
        key: "t.waba_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id JOIN wabas t ON t.waba_id = w.waba_id",
        row: "t.waba_id = n.waba_id",
        set: "status = n.word, status_detail = n.detail, status_until = n.until, status_at = n.at",
        old: "t.status_at, t.status, t.status_detail",
    );
    touched(client, PUT, told).await
}

/// Writes whether accounts let our token at them: the word is `true` or `false`.
///
/// # Errors
/// As [`put_status`].
pub async fn put_granted(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "wabas::put_granted",
        table: "wabas",
        key: "t.waba_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id JOIN wabas t ON t.waba_id = w.waba_id",
        row: "t.waba_id = n.waba_id",
        set: "granted = n.word::boolean, granted_at = n.at",
        old: "t.granted_at, t.granted::text, NULL",
    );
    touched(client, PUT, told).await
}

/// Writes Meta's verdict on accounts.
///
/// # Errors
/// As [`put_status`].
pub async fn put_review(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "wabas::put_review",
        table: "wabas",
        key: "t.waba_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id JOIN wabas t ON t.waba_id = w.waba_id",
        row: "t.waba_id = n.waba_id",
        set: "review_status = n.word, review_at = n.at",
        old: "t.review_at, t.review_status, NULL",
    );
    touched(client, PUT, told).await
}

/// A messaging limit, as Meta told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitTold {
    /// What the signature proved; of an answer, the connection that asked.
    pub scope: Scope,
    /// The account, or its portfolio: Meta names either.
    pub waba_id: WabaId,
    /// When Meta said it.
    pub at: DateTime<Utc>,
    /// A number, or `unlimited`.
    pub tier: String,
}

/// A limit that is another than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitChanged {
    /// Whose.
    pub tenant_id: TenantId,
    /// The account.
    pub waba_id: String,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// The limit before; `None`: none was known.
    pub before: Option<String>,
    /// The limit now.
    pub tier: String,
}

/// Writes the limits of portfolios: of every account in scope that shares it, whosever it is.
/// Answers the accounts whose limit is another than before.
///
/// # Errors
/// As [`put_status`].
pub async fn put_limits(
    client: &impl GenericClient,
    limits: &[LimitTold],
) -> Result<Vec<LimitChanged>> {
    let scopes: Vec<Option<Uuid>> = limits.iter().map(|limit| proved(limit.scope)).collect();
    let wabas: Vec<&str> = limits.iter().map(|limit| limit.waba_id.as_str()).collect();
    let at: Vec<DateTime<Utc>> = limits.iter().map(|limit| limit.at).collect();
    let tiers: Vec<&str> = limits.iter().map(|limit| limit.tier.as_str()).collect();
    let statement = client.prepare_cached(PUT_LIMITS).await?;
    let rows = client.query(&statement, &[&scopes, &wabas, &at, &tiers]).await?;
    let changed = rows.iter().map(|row| LimitChanged {
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        waba_id: row.get("waba_id"),
        connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        before: row.get("before"),
        tier: row.get("tier"),
    });
    Ok(changed.filter(|limit| limit.before.as_ref() != Some(&limit.tier)).collect())
}

const PUT_LIMITS: &str = "-- wabas::put_limits
    WITH newest AS (
        SELECT DISTINCT ON (t.waba_id) t.waba_id, u.at, u.tier
        FROM   UNNEST($1::uuid[], $2::text[], $3::timestamptz[], $4::text[])
               AS u (proved, waba_id, at, tier)
        JOIN   wabas       w  ON w.waba_id = u.waba_id OR w.portfolio_id = u.waba_id
        JOIN   connections wc ON wc.connection_id = w.connection_id
                             AND in_scope(u.proved, wc.connection_id, wc.kind)
        JOIN   wabas       t  ON t.waba_id = w.waba_id OR t.portfolio_id = w.portfolio_id
        JOIN   connections c  ON c.connection_id = t.connection_id
                             AND in_scope(u.proved, c.connection_id, c.kind)
        ORDER BY t.waba_id, u.at DESC, u.tier COLLATE \"C\" DESC
    ),
    locked AS (
        SELECT t.waba_id, t.tier AS before
        FROM   wabas t
        JOIN   newest n ON n.waba_id = t.waba_id
        ORDER BY t.waba_id
        FOR NO KEY UPDATE OF t
    )
    UPDATE wabas t
    SET    tier = n.tier, tier_at = n.at
    FROM   newest n
    JOIN   locked l USING (waba_id)
    WHERE  t.waba_id = n.waba_id
      AND  newer_word(n.at, n.tier, NULL, t.tier_at, t.tier, NULL)
    RETURNING t.tenant_id, t.waba_id, t.connection_id, l.before, t.tier";

/// Makes the connections of accounts due to be read from Meta: soon, but no connection more often
/// than every two minutes, because Meta allows 200 calls an hour.
/// <https://developers.facebook.com/docs/graph-api/overview/rate-limiting>
///
/// # Errors
/// `Unavailable`.
pub async fn ask_soon(
    client: &impl GenericClient,
    accounts: &[(Scope, WabaId)],
    now: DateTime<Utc>,
) -> Result<()> {
    let scopes: Vec<Option<Uuid>> = accounts.iter().map(|(scope, _)| proved(*scope)).collect();
    let wabas: Vec<&str> = accounts.iter().map(|(_, waba_id)| waba_id.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- wabas::ask_soon
             WITH named AS (
                 SELECT c.connection_id
                 FROM   connections c
                 WHERE  EXISTS (
                            SELECT
                            FROM   UNNEST($1::uuid[], $2::text[]) AS u (proved, waba_id)
                            JOIN   wabas w ON w.waba_id = u.waba_id OR w.portfolio_id = u.waba_id
                            WHERE  w.connection_id = c.connection_id
                              AND  in_scope(u.proved, c.connection_id, c.kind)
                        )
                 ORDER BY c.connection_id
                 FOR NO KEY UPDATE OF c
             )
             UPDATE connections c
             SET    sync_due_at = LEAST(c.sync_due_at,
                                        GREATEST($3, c.sync_begun_at + interval '2 minutes'))
             FROM   named
             WHERE  c.connection_id = named.connection_id",
        )
        .await?;
    client.execute(&statement, &[&scopes, &wabas, &now]).await?;
    Ok(())
}
