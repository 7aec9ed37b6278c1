//! Events as the tenants see whom they concern: through the lines of their own audit log.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, EventId, TenantId};
use serde_json::Value;
use tokio_postgres::Row;

use crate::Result;

/// How the signature of a POST stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It proved an app when it came.
    Valid,
    /// It proved nothing.
    Refused,
    /// It proved nothing when it came, and a secret that was saved later proved it.
    Reverified,
}

impl Standing {
    /// Every word.
    pub const ALL: [Self; 3] = [Self::Valid, Self::Refused, Self::Reverified];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Refused => "refused",
            Self::Reverified => "reverified",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Standing {
    type Err = UnknownStanding;

    fn from_str(text: &str) -> std::result::Result<Self, UnknownStanding> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or(UnknownStanding)
    }
}

/// A text that is no [`Standing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of valid, refused, reverified")]
pub struct UnknownStanding;

/// Which events to read; each `None` leaves all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Not before this instant, by the millisecond.
    pub since: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Whose signature stands so.
    pub standing: Option<Standing>,
    /// That carry this kind of update: one of the words of `kinds`.
    pub kind: Option<String>,
    /// That concern this connection.
    pub connection_id: Option<ConnectionId>,
    /// Older than this one: the next page.
    pub before: Option<EventId>,
}

/// An event, as far as it concerns one tenant.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub event_id: EventId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// To which webhook URL.
    pub path: String,
    /// How its signature stands.
    pub standing: Standing,
    /// Why it was refused, as far as the tenant's own credentials tell: a word of
    /// `domain::diagnosis`.
    pub diagnosis: Option<String>,
    /// Whether only the body of a refused one says that it concerns the tenant.
    pub is_claimed: bool,
    /// When a secret proved it after all.
    pub reverified_at: Option<DateTime<Utc>>,
    /// The connections of the tenant that it concerns.
    pub connection_ids: Vec<ConnectionId>,
    /// Topic words.
    pub kinds: String,
    /// How many POSTs it stands for.
    pub repeats: i32,
    /// Whether its body is still there.
    pub is_kept: bool,
    /// What it carries; `None` when it concerns others too.
    pub contents: Option<Contents>,
}

/// What a POST carries.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Length of the body.
    pub body_bytes: i32,
    /// Items, poison included.
    pub item_count: i32,
    /// Why the whole body could not be read.
    pub parse_error: Option<String>,
    /// Items that could not be used: `[{pointer, detail}]`.
    pub poison: Value,
}

/// The columns of an [`Event`]; the tenant is `$1`. What the line says is the tenant's own; of the
/// row only what tells nothing of others.
macro_rules! select {
    ($name:literal, $rest:literal) => {
        concat!(
            "-- webhook_events::",
            $name,
            "
             SELECT e.event_id, e.received_at, e.path, e.signature_valid, e.reverified_at, e.kinds,
                    e.repeats, e.body_bytes, e.item_count, e.parse_error, e.poison,
                    octet_length(e.body) > 0 AS is_kept,
                    a.detail ->> 'diagnosis' AS diagnosis,
                    COALESCE((a.detail ->> 'claimed')::boolean, false) AS is_claimed,
                    CASE WHEN a.action = 'webhook.inbound.rejected' THEN ARRAY[a.subject]
                         ELSE ARRAY(SELECT jsonb_array_elements_text(
                                        COALESCE(a.detail -> 'connections', '[]')))
                    END AS connection_ids,
                    COALESCE((a.detail ->> 'alone')::boolean, false)
                        OR EXISTS (SELECT FROM connections c
                                   WHERE c.tenant_id = $1 AND c.connection_id = e.connection_id)
                        AS is_whole
             FROM   audit_log a
             JOIN   webhook_events e ON e.event_id = a.audit_id
             WHERE  a.tenant_id = $1
               AND  a.action IN ('webhook.inbound.received', 'webhook.inbound.rejected')
               ",
            $rest
        )
    };
}

/// A page of the events that concern a tenant, the newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn list(
    client: &impl GenericClient,
    tenant_id: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Event>> {
    let statement = client
        .prepare_cached(select!(
            "list",
            "AND  ($2::timestamptz IS NULL OR a.audit_id >= uuid_v7_floor($2))
               AND  ($3::timestamptz IS NULL OR a.audit_id <  uuid_v7_floor($3))
               AND  ($4::uuid IS NULL OR a.audit_id < $4)
               AND  ($5::text IS NULL OR $5 = CASE
                        WHEN e.signature_valid             THEN 'valid'
                        WHEN e.reverified_at IS NOT NULL   THEN 'reverified'
                        ELSE 'refused'
                    END)
               AND  ($6::text IS NULL OR $6 = ANY(string_to_array(e.kinds, '.')))
               AND  ($7::text IS NULL OR COALESCE(a.detail -> 'connections' ? $7, a.subject = $7))
             ORDER BY a.audit_id DESC
             LIMIT  $8"
        ))
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                /* tenant_id     */ &tenant_id.as_uuid(),
                /* since         */ &filter.since,
                /* until         */ &filter.until,
                /* before        */ &filter.before.map(EventId::as_uuid),
                /* standing      */ &filter.standing.map(Standing::as_str),
                /* kind          */ &filter.kind,
                /* connection_id */ &filter.connection_id.map(|id| id.to_string()),
                /* limit         */ &limit,
            ],
        )
        .await?;
    Ok(rows.iter().map(read).collect())
}

/// One event that concerns a tenant.
///
/// # Errors
/// `Unavailable`.
pub async fn find(
    client: &impl GenericClient,
    tenant_id: TenantId,
    event_id: EventId,
) -> Result<Option<Event>> {
    let statement = client.prepare_cached(select!("find", "AND  a.audit_id = $2")).await?;
    let row = client.query_opt(&statement, &[&tenant_id.as_uuid(), &event_id.as_uuid()]).await?;
    Ok(row.as_ref().map(read))
}

fn read(row: &Row) -> Event {
    let reverified_at: Option<DateTime<Utc>> = row.get("reverified_at");
    let connection_ids: Vec<&str> = row.get("connection_ids");
    let contents = Contents {
        body_bytes: row.get("body_bytes"),
        item_count: row.get("item_count"),
        parse_error: row.get("parse_error"),
        poison: row.get("poison"),
    };
    Event {
        event_id: EventId::from_uuid(row.get("event_id")),
        received_at: row.get("received_at"),
        path: row.get("path"),
        standing: match (row.get("signature_valid"), reverified_at) {
            (true, _) => Standing::Valid,
            (false, Some(_)) => Standing::Reverified,
            (false, None) => Standing::Refused,
        },
        diagnosis: row.get("diagnosis"),
        is_claimed: row.get("is_claimed"),
        reverified_at,
        connection_ids: connection_ids.iter().filter_map(|id| id.parse().ok()).collect(),
        kinds: row.get("kinds"),
        repeats: row.get("repeats"),
        is_kept: row.get("is_kept"),
        contents: row.get::<_, bool>("is_whole").then_some(contents),
    }
}
