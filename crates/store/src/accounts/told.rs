//! Words of Meta's, on their way into rows.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, TenantId, WabaId};
use domain::scope::Scope;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::Result;

/// One word of Meta's about one thing of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What the signature proved; of an answer, the connection that asked.
    pub scope: Scope,
    /// The account.
    pub waba_id: WabaId,
    /// Which thing of it: the digits of a number, the id of a template; empty for itself.
    pub subject: String,
    /// When Meta said it.
    pub at: DateTime<Utc>,
    /// The word.
    pub word: String,
    /// More of it.
    pub detail: Option<String>,
    /// Until when it holds.
    pub until: Option<DateTime<Utc>>,
}

/// What a word has changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Whose.
    pub tenant_id: TenantId,
    /// The account.
    pub waba_id: String,
    /// Its connection.
    pub connection_id: ConnectionId,
}

/// Runs a statement of [`newest_word`] with one array for each part.
pub(crate) async fn write(
    client: &impl GenericClient,
    statement: &str,
    told: &[Told],
) -> Result<Vec<Row>> {
    let scopes: Vec<Option<Uuid>> = told.iter().map(|told| proved(told.scope)).collect();
    let waba_ids: Vec<&str> = told.iter().map(|told| told.waba_id.as_str()).collect();
    let subjects: Vec<&str> = told.iter().map(|told| told.subject.as_str()).collect();
    let at: Vec<DateTime<Utc>> = told.iter().map(|told| told.at).collect();
    let words: Vec<&str> = told.iter().map(|told| told.word.as_str()).collect();
    let details: Vec<Option<&str>> = told.iter().map(|told| told.detail.as_deref()).collect();
    let until: Vec<Option<DateTime<Utc>>> = told.iter().map(|told| told.until).collect();
    let statement = client.prepare_cached(statement).await?;
    let rows = client
        .query(
            &statement,
            &[
                /* proved   */ &scopes, /* waba_ids */ &waba_ids,
                /* subjects */ &subjects, /* at       */ &at, /* words    */ &words,
                /* details  */ &details, /* until    */ &until,
            ],
        )
        .await?;
    Ok(rows)
}

/// As [`write`], and reads what was changed.
pub(crate) async fn touched(
    client: &impl GenericClient,
    statement: &str,
    told: &[Told],
) -> Result<Vec<Touched>> {
    let rows = write(client, statement, told).await?;
    Ok(rows
        .iter()
        .map(|row| Touched {
            tenant_id: TenantId::from_uuid(row.get("tenant_id")),
            waba_id: row.get("waba_id"),
            connection_id: ConnectionId::from_uuid(row.get("connection_id")),
        })
        .collect())
}

/// The connection that a scope is confined to; the platform's is not confined to one.
pub(crate) fn proved(scope: Scope) -> Option<Uuid> {
    match scope {
        Scope::Platform => None,
        Scope::Connection(connection_id) => Some(connection_id.as_uuid()),
    }
}

/// A statement that writes the newest word of many: the row of `$table` (as `t`, which `$join` finds
/// for a word `u` and its account `w`, and `$row` for the newest word `n`) gets `$set`, if the word
/// is newer than `$old` (instant, word, detail). All rows are locked first, in the order of `$key`.
macro_rules! newest_word {
    (
        $name:literal, table: $table:literal, key: $key:literal, join: $join:literal,
        row: $row:literal, set: $set:literal, old: $old:literal $(,)?
    ) => {
        concat!(
            "-- ",
            $name,
            "
            WITH newest AS (
                SELECT DISTINCT ON (",
            $key,
            ") ",
            $key,
            ", w.connection_id, u.at, u.word, u.detail, u.until
                FROM   UNNEST($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[],
                              $6::text[], $7::timestamptz[])
                       AS u (proved, waba_id, subject, at, word, detail, until)
                ",
            $join,
            "
                JOIN   connections c ON c.connection_id = w.connection_id
                                    AND in_scope(u.proved, c.connection_id, c.kind)
                ORDER BY ",
            $key,
            ", u.at DESC, u.word COLLATE \"C\" DESC,
                         COALESCE(u.detail, '') COLLATE \"C\" DESC
            ),
            locked AS (
                SELECT 1
                FROM   ",
            $table,
            " t
                JOIN   newest n ON ",
            $row,
            "
                ORDER BY ",
            $key,
            "
                FOR NO KEY UPDATE OF t
            )
            UPDATE ",
            $table,
            " t
            SET    ",
            $set,
            "
            FROM   newest n, (SELECT count(*) FROM locked) AS held
            WHERE  ",
            $row,
            "
              AND  newer_word(n.at, n.word, n.detail, ",
            $old,
            ")
            RETURNING t.tenant_id, t.waba_id, n.connection_id"
        )
    };
}
pub(crate) use newest_word;
