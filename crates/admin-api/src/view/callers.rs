//! Callers, and what they may do.

use chrono::{DateTime, Utc};
use domain::ids::{ApiKeyId, AuditId, MemberId, NotificationId, TenantId};
use domain::role::Role;
use serde::Serialize;
use serde_json::Value;
use store::api_keys::Listed;
use store::audit::Line;
use store::members::Member;
use store::notifications::Notification;
use utoipa::ToSchema;

use crate::auth::Identity;
use crate::schema;

/// Who is calling.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Every tenant that the caller may act for.
    pub(crate) acts_for: Vec<ActsFor>,
}

/// A tenant that the caller may act for, and how.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActsFor {
    /// The tenant.
    #[schema(value_type = Uuid)]
    tenant_id: TenantId,
    /// What people call it.
    tenant: String,
    /// `api_key` or `member`.
    #[schema(example = "member")]
    actor_kind: &'static str,
    /// Id of the key or member.
    actor: Option<String>,
    /// What a member is for the tenant; null: an API key has no role.
    #[schema(schema_with = schema::role_or_null)]
    role: Option<&'static str>,
    /// All that the caller may do there.
    scopes: Vec<&'static str>,
}

impl ActsFor {
    pub(crate) fn new(identity: &Identity, tenant: String) -> Self {
        Self {
            tenant_id: identity.tenant_id,
            tenant,
            actor_kind: identity.actor.kind(),
            actor: identity.actor.id(),
            role: identity.role.map(Role::as_str),
            scopes: identity.scopes.iter().map(|scope| scope.as_str()).collect(),
        }
    }
}

/// A page of the audit log, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditLog {
    /// The lines.
    pub(crate) data: Vec<AuditLine>,
    /// The `cursor` of the next page; null on the last one.
    pub(crate) next: Option<String>,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditLine {
    /// Its id.
    #[schema(value_type = Uuid)]
    audit_id: AuditId,
    /// When it was done.
    at: DateTime<Utc>,
    /// Who did it: `api_key`, `member`, `operator` (at the command line), `meta` or `waypost`.
    #[schema(example = "member")]
    actor_kind: String,
    /// Id of the key or member; null: there is none.
    actor: Option<String>,
    /// What was done.
    #[schema(example = "member.added")]
    action: String,
    /// Id of what it was done to; null: the tenant itself.
    subject: Option<String>,
    /// What a reader needs beside it.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<Line> for AuditLine {
    fn from(row: Line) -> Self {
        Self {
            audit_id: row.audit_id,
            at: row.at,
            actor_kind: row.actor_kind,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        }
    }
}

/// A page of notifications, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationList {
    /// The notifications.
    pub(crate) data: Vec<NotificationView>,
    /// The `cursor` of the next page; null on the last one.
    pub(crate) next: Option<String>,
}

/// Trouble that a person should know of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationView {
    /// Its id.
    #[schema(value_type = Uuid)]
    notification_id: NotificationId,
    /// What is wrong.
    #[schema(example = "number.quality")]
    kind: String,
    /// With which connection, WABA or number: its id.
    subject: String,
    /// How bad it is: `info`, `warning` or `critical`.
    #[schema(example = "critical")]
    severity: String,
    /// What happened.
    cause: String,
    /// What to do.
    remedy: String,
    /// When it was first seen.
    raised_at: DateTime<Utc>,
    /// When it was last seen.
    last_seen_at: DateTime<Utc>,
    /// How often it was seen.
    occurrences: i32,
    /// When it healed; null: it did not, as far as is known.
    cleared_at: Option<DateTime<Utc>>,
    /// It was dismissed: not among the open ones unless it is seen after this, or worsens.
    dismissed_until: Option<DateTime<Utc>>,
    /// When the caller read it; null: not yet.
    read_at: Option<DateTime<Utc>>,
}

impl From<Notification> for NotificationView {
    fn from(row: Notification) -> Self {
        Self {
            notification_id: row.notification_id,
            kind: row.kind,
            subject: row.subject,
            severity: row.severity,
            cause: row.cause,
            remedy: row.remedy,
            raised_at: row.raised_at,
            last_seen_at: row.last_seen_at,
            occurrences: row.occurrences,
            cleared_at: row.cleared_at,
            dismissed_until: row.dismissed_until,
            read_at: row.read_at,
        }
    }
}

/// A page of API keys, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyList {
    /// The keys.
    pub(crate) data: Vec<ApiKeyView>,
    /// The `cursor` of the next page; null on the last one.
    pub(crate) next: Option<String>,
}

/// An API key, but for its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    /// Its id, the public half.
    #[schema(value_type = Uuid)]
    api_key_id: ApiKeyId,
    /// What it is for.
    name: String,
    /// What it may do.
    #[schema(schema_with = schema::scopes)]
    scopes: Vec<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was last used, to the minute; null: it never was.
    last_used_at: Option<DateTime<Utc>>,
    /// Since when it is refused; null: it is good.
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Listed> for ApiKeyView {
    fn from(row: Listed) -> Self {
        Self {
            api_key_id: row.api_key_id,
            name: row.name,
            scopes: row.scopes,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// A new API key.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyCreated {
    /// The key: `Authorization: Bearer <key>`. It is shown this once.
    pub(crate) key: String,
    #[serde(flatten)]
    pub(crate) api_key: ApiKeyView,
}

/// The members of a tenant, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberList {
    /// The members.
    pub(crate) data: Vec<MemberView>,
    /// Always null: there is one page.
    pub(crate) next: Option<String>,
}

/// Somebody who acts for the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    /// Their id.
    #[schema(value_type = Uuid)]
    member_id: MemberId,
    /// The identity provider: `iss` of their tokens.
    issuer: String,
    /// Their id there: `sub` of their tokens; null until their first call, when they were invited by
    /// address.
    subject: Option<String>,
    /// The address they were invited by.
    email: Option<String>,
    /// What they may do.
    #[schema(schema_with = schema::role)]
    role: &'static str,
    /// When they were added.
    created_at: DateTime<Utc>,
}

impl From<Member> for MemberView {
    fn from(row: Member) -> Self {
        Self {
            member_id: row.member_id,
            issuer: row.issuer,
            subject: row.subject,
            email: row.email,
            role: row.role.as_str(),
            created_at: row.created_at,
        }
    }
}
