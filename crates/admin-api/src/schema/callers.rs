//! What requests about callers look like, for the API document.

use chrono::{DateTime, Utc};
use domain::role::Role;
use serde_json::Value;
use store::audit::Actor;
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};

use super::words;
use crate::keys::Scope;

/// The lines of the audit log to read.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `query` reads")]
pub(crate) struct AuditParameters {
    /// How many lines a page holds, default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// What was done; with a trailing `.` all that begins so, as in `member.`.
    #[param(example = "member.added")]
    action: Option<String>,
    /// By what kind of actor.
    #[param(schema_with = actor_kind)]
    actor_kind: Option<String>,
    /// To what: its id.
    subject: Option<String>,
    /// At this instant or later.
    since: Option<DateTime<Utc>>,
    /// Before this instant.
    until: Option<DateTime<Utc>>,
}

/// The notifications to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what the handler reads")]
pub(crate) struct NotificationParameters {
    /// How many notifications a page holds, default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Those that are open (the default), those that have healed or were dismissed, or all.
    #[param(schema_with = notification_state)]
    state: Option<String>,
    /// Only those that the caller has not read.
    unread: Option<bool>,
}

/// A key to make.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::api_keys` reads")]
pub(crate) struct ApiKeyRequest {
    /// What the key is for: one line of at most 100 characters.
    #[schema(example = "billing")]
    name: String,
    /// What it may do; `messages:write` and `messages:read` when left out.
    #[schema(required = false, schema_with = scopes)]
    scopes: Vec<String>,
}

/// Somebody who shall act for the tenant.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::members` reads")]
pub(crate) struct MemberRequest {
    /// The identity provider: `iss` of their tokens. When left out, the one whose tokens this
    /// installation takes; required when it takes none.
    #[schema(example = "https://accounts.example.com")]
    issuer: Option<String>,
    /// Their id there: `sub` of their tokens. Required unless `email` is given.
    subject: Option<String>,
    /// Their address, which the provider must have verified when they first come.
    #[schema(example = "ana@example.com")]
    email: Option<String>,
    /// What they may do.
    #[schema(schema_with = role)]
    role: String,
}

/// A role.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::members` reads")]
pub(crate) struct RoleRequest {
    /// What they may do.
    #[schema(schema_with = role)]
    role: String,
}

pub(crate) fn role() -> Object {
    words("What they may do.", Role::ALL.iter().map(|word| word.as_str())).build()
}

pub(crate) fn role_or_null() -> Object {
    let meaning = "What a member is for the tenant; null: an API key has no role.";
    let roles = Role::ALL.iter().map(|word| Value::from(word.as_str()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(roles.chain([Value::Null]).collect::<Vec<_>>()))
        .description(Some(meaning))
        .build()
}

pub(crate) fn scopes() -> Array {
    let scope = words("A scope.", Scope::ALL.iter().map(|word| word.as_str()));
    ArrayBuilder::new().items(scope).build()
}

fn actor_kind() -> Object {
    words("By what kind of actor.", Actor::KINDS.into_iter()).build()
}

fn notification_state() -> Object {
    words("Which.", ["open", "cleared", "all"].into_iter()).build()
}
