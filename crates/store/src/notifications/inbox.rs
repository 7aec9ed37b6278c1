//! Notifications as those see them in whose inbox they are.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{NotificationId, TenantId};
use domain::role::Role;
use tokio_postgres::Row;

use crate::Result;

/// A notification as somebody sees it.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its id.
    pub notification_id: NotificationId,
    /// See [`super::Trouble`].
    pub kind: String,
    /// See [`super::Trouble`].
    pub subject: String,
    /// See [`super::Severity::as_str`].
    pub severity: String,
    /// What happened.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// When it was first seen.
    pub raised_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// How often.
    pub occurrences: i32,
    /// When it healed.
    pub cleared_at: Option<DateTime<Utc>>,
    /// Until when somebody keeps it out of the open ones.
    pub dismissed_until: Option<DateTime<Utc>>,
    /// When this reader read it.
    pub read_at: Option<DateTime<Utc>>,
}

/// Which notifications to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Those that have not healed, but for those that were dismissed.
    #[default]
    Open,
    /// Those that have healed or were dismissed.
    Cleared,
    /// All.
    All,
}

impl State {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Cleared => "cleared",
            Self::All => "all",
        }
    }
}

/// Whose notifications to read, and which.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// Of this tenant.
    pub tenant_id: TenantId,
    /// Whose read state: id of a member or API key.
    pub reader: &'a str,
    /// In the inbox of one of these roles.
    pub roles: &'a [Role],
    /// In this state.
    pub state: State,
    /// Only those that this reader has not read.
    pub only_unread: bool,
    /// Older than this one: the next page.
    pub before: Option<NotificationId>,
}

/// A page of notifications, the newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn list(
    client: &impl GenericClient,
    reader: &Reader<'_>,
    limit: i64,
) -> Result<Vec<Notification>> {
    let roles: Vec<&str> = reader.roles.iter().map(|role| role.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- notifications::list
             SELECT n.notification_id, n.kind, n.subject, n.severity, n.cause, n.remedy,
                    n.raised_at, n.last_seen_at, n.occurrences, n.cleared_at, n.dismissed_until,
                    r.read_at
             FROM   notifications n
             LEFT JOIN notification_reads r
               ON   r.notification_id = n.notification_id AND r.reader = $2
             WHERE  n.tenant_id = $1
               AND  n.roles && $3
               AND  ($4 = 'all' OR ($4 = 'open')
                                   = (n.cleared_at IS NULL
                                      AND n.last_seen_at > COALESCE(n.dismissed_until, '-infinity')))
               AND  (NOT $5 OR r.read_at IS NULL)
               AND  ($6::uuid IS NULL OR n.notification_id < $6)
             ORDER BY n.notification_id DESC
             LIMIT  $7",
        )
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                /* tenant_id   */ &reader.tenant_id.as_uuid(),
                /* reader      */ &reader.reader,
                /* roles       */ &roles,
                /* state       */ &reader.state.as_str(),
                /* only_unread */ &reader.only_unread,
                /* before      */ &reader.before.map(NotificationId::as_uuid),
                /* limit       */ &limit,
            ],
        )
        .await?;
    Ok(rows.iter().map(read).collect())
}

fn read(row: &Row) -> Notification {
    Notification {
        notification_id: NotificationId::from_uuid(row.get("notification_id")),
        kind: row.get("kind"),
        subject: row.get("subject"),
        severity: row.get("severity"),
        cause: row.get("cause"),
        remedy: row.get("remedy"),
        raised_at: row.get("raised_at"),
        last_seen_at: row.get("last_seen_at"),
        occurrences: row.get("occurrences"),
        cleared_at: row.get("cleared_at"),
        dismissed_until: row.get("dismissed_until"),
        read_at: row.get("read_at"),
    }
}

/// Notes that a reader has read a notification; answers whether it is in the inbox of one of these
/// roles. With `None` all open ones are noted.
///
/// # Errors
/// `Unavailable`.
pub async fn mark_read(
    client: &impl GenericClient,
    tenant_id: TenantId,
    notification_id: Option<NotificationId>,
    (reader, roles): (&str, &[Role]),
    now: DateTime<Utc>,
) -> Result<bool> {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- notifications::mark_read
             WITH known AS (
                 SELECT notification_id
                 FROM   notifications
                 WHERE  tenant_id = $1
                   AND  (notification_id = $2 OR ($2 IS NULL AND cleared_at IS NULL))
                   AND  roles && $4
             ),
             noted AS (
                 INSERT INTO notification_reads (notification_id, tenant_id, reader, read_at)
                 SELECT notification_id, $1, $3, $5 FROM known
                 ON CONFLICT (notification_id, reader) DO NOTHING
             )
             SELECT count(*) AS known FROM known",
        )
        .await?;
    let row = client
        .query_one(
            &statement,
            &[
                /* tenant_id       */ &tenant_id.as_uuid(),
                /* notification_id */ &notification_id.map(NotificationId::as_uuid),
                /* reader          */ &reader,
                /* roles           */ &roles,
                /* now             */ &now,
            ],
        )
        .await?;
    Ok(row.get::<_, i64>("known") > 0)
}

/// What a dismissal came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dismissed {
    /// It is open no more; it was of this kind.
    Done(String),
    /// It had healed, or was dismissed, before.
    Before,
    /// None of these roles has such a one in its inbox.
    Missing,
}

/// How long a dismissal lasts.
const QUIET: TimeDelta = TimeDelta::days(1);

/// Takes a notification from the open ones by the will of a person. The same trouble brings it back
/// when it is seen a day later, or at once when it has become worse.
///
/// # Errors
/// `Unavailable`.
pub async fn dismiss(
    client: &impl GenericClient,
    tenant_id: TenantId,
    notification_id: NotificationId,
    roles: &[Role],
    now: DateTime<Utc>,
) -> Result<Dismissed> {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- notifications::dismiss
             WITH dismissed AS (
                 UPDATE notifications
                 SET    dismissed_until = $4
                 WHERE  notification_id = $1 AND tenant_id = $2 AND roles && $3
                   AND  cleared_at IS NULL
                   AND  last_seen_at > COALESCE(dismissed_until, '-infinity')
                 RETURNING notification_id
             )
             SELECT n.kind, d.notification_id IS NOT NULL AS is_dismissed
             FROM   notifications n
             LEFT JOIN dismissed d USING (notification_id)
             WHERE  n.notification_id = $1 AND n.tenant_id = $2 AND n.roles && $3",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&notification_id.as_uuid(), &tenant_id.as_uuid(), &roles, &(now + QUIET)];
    Ok(match client.query_opt(&statement, &parameters).await? {
        Some(row) if row.get("is_dismissed") => Dismissed::Done(row.get("kind")),
        Some(_) => Dismissed::Before,
        None => Dismissed::Missing,
    })
}
