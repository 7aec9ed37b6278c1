//! Templates as Meta has them.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, TenantId, WabaId};
use domain::scope::Scope;
use serde_json::Value;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::Result;
use crate::accounts::{Told, Touched, newest_word, proved, touched};

/// A template that Meta spoke of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What the signature proved; of an answer, the connection that asked.
    pub scope: Scope,
    /// The account.
    pub waba_id: WabaId,
    /// Meta's id.
    pub template_id: String,
    /// Its name; empty when Meta left it out.
    pub name: String,
    /// Its language; empty when Meta left it out.
    pub language: String,
}

/// Makes rows of templates that have none yet, in scope. Run it before the words about them.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn hear(client: &impl GenericClient, heard: &[Heard], now: DateTime<Utc>) -> Result<()> {
    let scopes: Vec<Option<Uuid>> = heard.iter().map(|heard| proved(heard.scope)).collect();
    let wabas: Vec<&str> = heard.iter().map(|heard| heard.waba_id.as_str()).collect();
    let ids: Vec<&str> = heard.iter().map(|heard| heard.template_id.as_str()).collect();
    let names: Vec<&str> = heard.iter().map(|heard| heard.name.as_str()).collect();
    let languages: Vec<&str> = heard.iter().map(|heard| heard.language.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- templates::hear
             INSERT INTO templates AS t (tenant_id, waba_id, template_id, name, language,
                                         created_at, updated_at)
             SELECT w.tenant_id, w.waba_id, u.template_id, max(u.name), max(u.language), $6, $6
             FROM   UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
                    AS u (proved, waba_id, template_id, name, language)
             JOIN   wabas       w ON w.waba_id = u.waba_id
             JOIN   connections c ON c.connection_id = w.connection_id
                                 AND in_scope(u.proved, c.connection_id, c.kind)
             GROUP BY w.tenant_id, w.waba_id, u.template_id
             ORDER BY w.waba_id, u.template_id
             ON CONFLICT (waba_id, template_id) DO UPDATE
             SET    name     = GREATEST(t.name, EXCLUDED.name),
                    language = GREATEST(t.language, EXCLUDED.language)
             WHERE  t.name = '' OR t.language = ''",
        )
        .await?;
    client.execute(&statement, &[&scopes, &wabas, &ids, &names, &languages, &now]).await?;
    Ok(())
}

/// Writes the states of templates, with their reason.
///
/// # Errors
/// As [`hear`].
pub async fn put_status(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "templates::put_status",
        table: "templates",
        key: "t.waba_id, t.template_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id
               JOIN templates t ON t.waba_id = w.waba_id AND t.template_id = u.subject",
        row: "t.waba_id = n.waba_id AND t.template_id = n.template_id",
        set: "status = n.word, status_reason = n.detail, status_at = n.at,
              updated_at = CASE WHEN (t.status, t.status_reason) IS DISTINCT FROM (n.word, n.detail)
                                THEN GREATEST(t.updated_at, n.at) ELSE t.updated_at END",
        old: "t.status_at, t.status, t.status_reason",
    );
    touched(client, PUT, told).await
}

/// Writes the quality of templates.
///
/// # Errors
/// As [`hear`].
pub async fn put_quality(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "templates::put_quality",
        table: "templates",
        key: "t.waba_id, t.template_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id
               JOIN templates t ON t.waba_id = w.waba_id AND t.template_id = u.subject",
        row: "t.waba_id = n.waba_id AND t.template_id = n.template_id",
        set: "quality = n.word, quality_at = n.at,
              updated_at = CASE WHEN t.quality IS DISTINCT FROM n.word
                                THEN GREATEST(t.updated_at, n.at) ELSE t.updated_at END",
        old: "t.quality_at, t.quality, NULL",
    );
    touched(client, PUT, told).await
}

/// Writes the categories of templates.
///
/// # Errors
/// As [`hear`].
pub async fn put_category(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "templates::put_category",
        table: "templates",
        key: "t.waba_id, t.template_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id
               JOIN templates t ON t.waba_id = w.waba_id AND t.template_id = u.subject",
        row: "t.waba_id = n.waba_id AND t.template_id = n.template_id",
        set: "category = n.word, category_at = n.at,
              updated_at = CASE WHEN t.category IS DISTINCT FROM n.word
                                THEN GREATEST(t.updated_at, n.at) ELSE t.updated_at END",
        old: "t.category_at, t.category, NULL",
    );
    touched(client, PUT, told).await
}

/// Writes the categories that Meta finds fit.
///
/// # Errors
/// As [`hear`].
pub async fn put_correct_category(
    client: &impl GenericClient,
    told: &[Told],
) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "templates::put_correct_category",
        table: "templates",
        key: "t.waba_id, t.template_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id
               JOIN templates t ON t.waba_id = w.waba_id AND t.template_id = u.subject",
        row: "t.waba_id = n.waba_id AND t.template_id = n.template_id",
        set: "correct_category = n.word, correct_at = n.at,
              updated_at = CASE WHEN t.correct_category IS DISTINCT FROM n.word
                                THEN GREATEST(t.updated_at, n.at) ELSE t.updated_at END",
        old: "t.correct_at, t.correct_category, NULL",
    );
    touched(client, PUT, told).await
}

/// Writes what templates say: the word is Meta's list `components` as JSON.
///
/// # Errors
/// As [`hear`].
pub async fn put_components(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "templates::put_components",
        table: "templates",
        key: "t.waba_id, t.template_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id
               JOIN templates t ON t.waba_id = w.waba_id AND t.template_id = u.subject",
        row: "t.waba_id = n.waba_id AND t.template_id = n.template_id",
        set: "components = n.word::jsonb, components_at = n.at,
              updated_at = CASE WHEN t.components IS DISTINCT FROM n.word::jsonb
                                THEN GREATEST(t.updated_at, n.at) ELSE t.updated_at END",
        old: "t.components_at, t.components::text, NULL",
    );
    touched(client, PUT, told).await
}

/// Notes that all templates of an account were read, asked for at `asked_at`: these are all that it
/// has, each with its `parameter_format`. Those of which nothing newer is known are `DELETED`.
///
/// # Errors
/// As [`hear`].
pub async fn put_all(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    waba_id: &WabaId,
    listed: &[(String, Option<String>)],
    asked_at: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<&str> = listed.iter().map(|(id, _)| id.as_str()).collect();
    let formats: Vec<Option<&str>> = listed.iter().map(|(_, format)| format.as_deref()).collect();
    let statement = client
        .prepare_cached(
            "-- templates::put_all
             WITH account AS (
                 UPDATE wabas
                 SET    templates_synced_at = $5
                 WHERE  waba_id = $1
                   AND  connection_id = $2
                   AND  (templates_synced_at IS NULL OR templates_synced_at <= $5)
                 RETURNING waba_id
             ),
             known AS (
                 SELECT t.waba_id, t.template_id, u.template_id IS NOT NULL AS is_listed, u.format
                 FROM   templates t
                 JOIN   account USING (waba_id)
                 LEFT JOIN UNNEST($3::text[], $4::text[]) AS u (template_id, format)
                        ON u.template_id = t.template_id
                 ORDER BY t.waba_id, t.template_id
                 FOR NO KEY UPDATE OF t
             )
             UPDATE templates t
             SET    parameter_format = COALESCE(k.format, t.parameter_format),
                    status        = CASE WHEN k.is_listed THEN t.status ELSE 'DELETED' END,
                    status_reason = CASE WHEN k.is_listed THEN t.status_reason END,
                    status_at     = CASE WHEN k.is_listed THEN t.status_at ELSE $5 END,
                    updated_at    = CASE WHEN k.is_listed THEN t.updated_at
                                         ELSE GREATEST(t.updated_at, $5) END
             FROM   known k
             WHERE  t.waba_id = k.waba_id
               AND  t.template_id = k.template_id
               AND  CASE WHEN k.is_listed
                         THEN k.format IS DISTINCT FROM t.parameter_format
                         ELSE t.status IS DISTINCT FROM 'DELETED'
                              AND t.created_at <= $5
                              AND (t.status_at IS NULL OR t.status_at <= $5) END",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 5] = [
        /* waba_id       */ &waba_id.as_str(),
        /* connection_id */ &connection_id.as_uuid(),
        /* ids           */ &ids,
        /* formats       */ &formats,
        /* asked_at      */ &asked_at,
    ];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// A template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The account.
    pub waba_id: String,
    /// Meta's id.
    pub template_id: String,
    /// Its name.
    pub name: String,
    /// Its language, e.g. `en_US`.
    pub language: String,
    /// `AUTHENTICATION`, `MARKETING` or `UTILITY`.
    pub category: Option<String>,
    /// The category that Meta finds fit, or will give it.
    pub correct_category: Option<String>,
    /// Meta's word; only `APPROVED` can be sent.
    pub status: Option<String>,
    /// Why.
    pub status_reason: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality: Option<String>,
    /// What it says, as Meta's list.
    pub components: Option<Value>,
    /// `NAMED` or `POSITIONAL`.
    pub parameter_format: Option<String>,
    /// When a word of Meta's last changed it.
    pub updated_at: DateTime<Utc>,
}

/// The templates of a tenant by name and language, those of one account or of all; deleted ones are
/// left out.
///
/// # Errors
/// `Unavailable`.
pub async fn list(
    client: &impl GenericClient,
    tenant_id: TenantId,
    waba_id: Option<&WabaId>,
) -> Result<Vec<Template>> {
    let statement = client
        .prepare_cached(
            "-- templates::list
             SELECT waba_id, template_id, name, language, category, correct_category, status,
                    status_reason, quality, components, parameter_format, updated_at
             FROM   templates
             WHERE  tenant_id = $1
               AND  ($2::text IS NULL OR waba_id = $2)
               AND  status IS DISTINCT FROM 'DELETED'
             ORDER BY name, language, waba_id, template_id",
        )
        .await?;
    let rows =
        client.query(&statement, &[&tenant_id.as_uuid(), &waba_id.map(WabaId::as_str)]).await?;
    Ok(rows
        .iter()
        .map(|row| Template {
            waba_id: row.get("waba_id"),
            template_id: row.get("template_id"),
            name: row.get("name"),
            language: row.get("language"),
            category: row.get("category"),
            correct_category: row.get("correct_category"),
            status: row.get("status"),
            status_reason: row.get("status_reason"),
            quality: row.get("quality"),
            components: row.get("components"),
            parameter_format: row.get("parameter_format"),
            updated_at: row.get("updated_at"),
        })
        .collect())
}
