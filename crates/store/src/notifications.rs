//! Trouble that a person should know of: raised once for each cause, cleared when it heals.

mod inbox;
mod reconcile;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{NotificationId, TenantId};
use domain::role::Role;

use crate::Result;

pub use self::inbox::{Dismissed, Notification, Reader, State, dismiss, list, mark_read};
pub use self::reconcile::reconcile;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Will become trouble.
    Warning,
    /// Messages do not go out or come in.
    Critical,
}

impl Severity {
    /// The word in rows and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A piece of trouble. `cause` and `remedy` hold no secret and no customer's number.
#[derive(Clone, Debug)]
pub struct Trouble<'a> {
    /// Whose.
    pub tenant_id: TenantId,
    /// What is wrong, as `thing.trouble`.
    pub kind: &'a str,
    /// With which connection, WABA or number.
    pub subject: &'a str,
    /// How bad.
    pub severity: Severity,
    /// Who should know.
    pub roles: &'a [Role],
    /// What happened.
    pub cause: &'a str,
    /// What to do.
    pub remedy: &'a str,
}

/// Raises a notification, or counts one more occurrence of the open one with the same tenant, kind
/// and subject, whose words it renews. Answers whether it is new.
///
/// # Errors
/// `Unavailable`.
pub async fn raise(
    client: &impl GenericClient,
    trouble: &Trouble<'_>,
    now: DateTime<Utc>,
) -> Result<bool> {
    raise_times(client, trouble, 1, now).await
}

/// As [`raise`], for trouble that was seen several times at once.
///
/// # Errors
/// `Unavailable`.
pub async fn raise_times(
    client: &impl GenericClient,
    trouble: &Trouble<'_>,
    times: i32,
    now: DateTime<Utc>,
) -> Result<bool> {
    let roles: Vec<&str> = trouble.roles.iter().map(|role| role.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- notifications::raise
             INSERT INTO notifications (notification_id, tenant_id, kind, subject, severity, roles,
                                        cause, remedy, raised_at, last_seen_at, occurrences)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)
             ON CONFLICT (tenant_id, kind, subject) WHERE cleared_at IS NULL DO UPDATE
             SET    last_seen_at = EXCLUDED.last_seen_at,
                    dismissed_until = CASE WHEN severity_rank(EXCLUDED.severity)
                                                <= severity_rank(notifications.severity)
                                           THEN notifications.dismissed_until END,
                    -- As many as there can be, and no more.
                    occurrences  = LEAST(notifications.occurrences::bigint + $10, 2147483647),
                    severity     = EXCLUDED.severity,
                    cause        = EXCLUDED.cause,
                    remedy       = EXCLUDED.remedy
             RETURNING xmax = 0 AS is_new",
        )
        .await?;
    let row = client
        .query_one(
            &statement,
            &[
                /* notification_id */ &NotificationId::at(now).as_uuid(),
                /* tenant_id       */ &trouble.tenant_id.as_uuid(),
                /* kind            */ &trouble.kind,
                /* subject         */ &trouble.subject,
                /* severity        */ &trouble.severity.as_str(),
                /* roles           */ &roles,
                /* cause           */ &trouble.cause,
                /* remedy          */ &trouble.remedy,
                /* now             */ &now,
                /* times           */ &times,
            ],
        )
        .await?;
    Ok(row.get("is_new"))
}

/// Clears the open notification of that kind and subject; answers whether there was one.
///
/// # Errors
/// `Unavailable`.
pub async fn clear(
    client: &impl GenericClient,
    tenant_id: TenantId,
    kind: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let statement = client
        .prepare_cached(
            "-- notifications::clear
             UPDATE notifications
             SET    cleared_at = $4
             WHERE  tenant_id = $1 AND kind = $2 AND subject = $3 AND cleared_at IS NULL",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&tenant_id.as_uuid(), &kind, &subject, &now];
    Ok(client.execute(&statement, &parameters).await? > 0)
}
