//! The audit log: who did what, written in the transaction of what was done.

use std::fmt;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ApiKeyId, AuditId, MemberId, TenantId};
use serde_json::Value;

use crate::Result;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of an API key.
    ApiKey(ApiKeyId),
    /// A member, by a token of their identity provider.
    Member(MemberId),
    /// Somebody at the command line of this installation.
    Operator,
    /// Meta, by a webhook.
    Meta,
    /// Waypost by itself.
    Waypost,
}

impl Actor {
    /// The words for all kinds.
    pub const KINDS: [&str; 5] = ["api_key", "member", "operator", "meta", "waypost"];

    /// The word for its kind in rows and in the API.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api_key",
            Self::Member(_) => "member",
            Self::Operator => "operator",
            Self::Meta => "meta",
            Self::Waypost => "waypost",
        }
    }

    /// The id of the key or member.
    pub fn id(self) -> Option<String> {
        match self {
            Self::ApiKey(id) => Some(id.to_string()),
            Self::Member(id) => Some(id.to_string()),
            Self::Operator | Self::Meta | Self::Waypost => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "{} {id}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}

/// What was done. `detail` holds no secret, no body and no customer's number.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Whom it concerns.
    pub tenant_id: TenantId,
    /// Who did it.
    pub actor: Actor,
    /// What, as `thing.done`.
    pub action: &'a str,
    /// Id of what it was done to; `None`: the tenant itself.
    pub subject: Option<&'a str>,
    /// What a reader needs beside it; an object.
    pub detail: Value,
}

/// Writes a line; call it in the transaction of the change it tells of.
///
/// # Errors
/// `Unavailable`.
pub async fn write(
    transaction: &impl GenericClient,
    entry: &Entry<'_>,
    now: DateTime<Utc>,
) -> Result<AuditId> {
    let audit_id = AuditId::at(now);
    let statement = transaction
        .prepare_cached(
            "-- audit::write
             INSERT INTO audit_log (audit_id, tenant_id, at, actor_kind, actor, action, subject,
                                    detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* audit_id   */ &audit_id.as_uuid(),
                /* tenant_id  */ &entry.tenant_id.as_uuid(),
                /* at         */ &now,
                /* actor_kind */ &entry.actor.kind(),
                /* actor      */ &entry.actor.id(),
                /* action     */ &entry.action,
                /* subject    */ &entry.subject,
                /* detail     */ &entry.detail,
            ],
        )
        .await?;
    Ok(audit_id)
}

/// Which lines to read; each `None` leaves all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this action, or with a trailing `.` of all that begin so.
    pub action: Option<String>,
    /// By this kind of actor.
    pub actor_kind: Option<String>,
    /// To this thing.
    pub subject: Option<String>,
    /// Not before this instant.
    pub since: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Older than this line: the next page.
    pub before: Option<AuditId>,
}

/// A line as it was written.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its id.
    pub audit_id: AuditId,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// See [`Actor::kind`].
    pub actor_kind: String,
    /// Id of the key or member.
    pub actor: Option<String>,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: Option<String>,
    /// What a reader needs beside it.
    pub detail: Value,
}

/// A page of a tenant's lines, the newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn list(
    client: &impl GenericClient,
    tenant_id: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Line>> {
    let statement = client
        .prepare_cached(
            "-- audit::list
             SELECT audit_id, at, actor_kind, actor, action, subject, detail
             FROM   audit_log
             WHERE  tenant_id = $1
               AND  ($2::text IS NULL OR action = $2
                     OR (right($2, 1) = '.' AND starts_with(action, $2)))
               AND  ($3::text IS NULL OR actor_kind = $3)
               AND  ($4::text IS NULL OR subject = $4)
               AND  ($5::timestamptz IS NULL OR audit_id >= uuid_v7_floor($5))
               AND  ($6::timestamptz IS NULL OR audit_id <  uuid_v7_floor($6))
               AND  ($7::uuid IS NULL OR audit_id < $7)
             ORDER BY audit_id DESC
             LIMIT  $8",
        )
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                /* tenant_id  */ &tenant_id.as_uuid(),
                /* action     */ &filter.action,
                /* actor_kind */ &filter.actor_kind,
                /* subject    */ &filter.subject,
                /* since      */ &filter.since,
                /* until      */ &filter.until,
                /* before     */ &filter.before.map(AuditId::as_uuid),
                /* limit      */ &limit,
            ],
        )
        .await?;
    let line = |row: &tokio_postgres::Row| Line {
        audit_id: AuditId::from_uuid(row.get("audit_id")),
        at: row.get("at"),
        actor_kind: row.get("actor_kind"),
        actor: row.get("actor"),
        action: row.get("action"),
        subject: row.get("subject"),
        detail: row.get("detail"),
    };
    Ok(rows.iter().map(line).collect())
}
