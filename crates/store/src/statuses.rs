//! Meta's facts, merged into messages in any order and any number of times.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::Facts;
use domain::ids::{MessageId, PhoneNumberId, WabaId, Wamid};
use domain::scope::Scope;
use uuid::Uuid;

use crate::Result;

/// Where a status says it comes from; both ids must lie in the scope and belong together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// What the signature proved.
    pub scope: Scope,
    /// `entry.id`.
    pub waba_id: WabaId,
    /// `metadata.phone_number_id`.
    pub phone_number_id: PhoneNumberId,
}

/// All that one batch says about one message.
#[derive(Clone, Debug)]
pub struct News {
    /// The message, by our own echoed id or found by its wamid.
    pub message_id: MessageId,
    /// Where the news comes from.
    pub origin: Origin,
    /// Meta's id of the message.
    pub wamid: Wamid,
    /// The recipient as Meta knows it.
    pub wa_id: Option<String>,
    /// The facts, already merged: one entry for each message in a batch.
    pub facts: Facts,
}

/// A message that a batch of news reached.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The message.
    pub message_id: MessageId,
    /// Trace context of its enqueue request.
    pub traceparent: Option<String>,
}

/// Merges news into messages, in one statement. A message outside the origin's scope, or of
/// another number than the origin's, is left alone and out of the answer.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn merge(client: &impl GenericClient, news: &[News]) -> Result<Vec<Merged>> {
    let each = || news.iter();
    let facts = FactColumns::of(each().map(|news| &news.facts));
    let (origins, origin_of) = distinct(each().map(|news| &news.origin));
    let origins = OriginColumns::of(origins.into_iter());
    let message_ids: Vec<Uuid> = each().map(|news| news.message_id.as_uuid()).collect();
    let wamids: Vec<&str> = each().map(|news| news.wamid.as_str()).collect();
    let wa_ids: Vec<Option<&str>> = each().map(|news| news.wa_id.as_deref()).collect();
    let statement = client.prepare_cached(MERGE).await?;
    let rows = client
        .query(
            &statement,
            &[
                /* message_ids   */ &message_ids,
                /* wamids        */ &wamids,
                /* wa_ids        */ &wa_ids,
                /* origin_of     */ &origin_of,
                /* connections   */ &origins.connections,
                /* wabas         */ &origins.waba_ids,
                /* numbers       */ &origins.phone_number_ids,
                /* sent_at       */ &facts.sent_at,
                /* delivered_at  */ &facts.delivered_at,
                /* opened_at     */ &facts.opened_at,
                /* played_at     */ &facts.played_at,
                /* failed_at     */ &facts.failed_at,
                /* error_codes   */ &facts.error_codes,
                /* error_details */ &facts.error_details,
                /* first         */ &message_ids.iter().min(),
                /* last          */ &message_ids.iter().max(),
            ],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| Merged {
            message_id: MessageId::from_uuid(row.get("message_id")),
            traceparent: row.get("traceparent"),
        })
        .collect())
}

/// The assignments that merge the facts of one row into another: instants only become earlier; of
/// two failures the lesser (instant, code, text) stays, as in `domain::delivery::Failure`.
macro_rules! merged_facts {
    ($row:literal, $news:literal) => {
        concat!(
            merged_facts!(@earlier $row, $news, "sent_at"),
            merged_facts!(@earlier $row, $news, "delivered_at"),
            merged_facts!(@earlier $row, $news, "opened_at"),
            merged_facts!(@earlier $row, $news, "played_at"),
            merged_facts!(@earlier $row, $news, "failed_at"),
            merged_facts!(@of_failure $row, $news, "error_code"), ", ",
            merged_facts!(@of_failure $row, $news, "delivery_error"),
        )
    };
    (@earlier $row:literal, $news:literal, $column:literal) => {
        concat!($column, " = LEAST(", $row, ".", $column, ", ", $news, ".", $column, "), ")
    };
    (@of_failure $row:literal, $news:literal, $column:literal) => {
        concat!(
            $column, " = CASE WHEN earlier_failure(",
            $news, ".failed_at, ", $news, ".error_code, ", $news, ".delivery_error, ",
            $row, ".failed_at, ", $row, ".error_code, ", $row, ".delivery_error) ",
            "THEN ", $news, ".", $column, " ELSE ", $row, ".", $column, " END",
        )
    };
}
pub(crate) use merged_facts;

const MERGE: &str = concat!(
    "-- statuses::merge
    WITH u AS (
        SELECT *
        FROM   UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[], $8::timestamptz[],
                      $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
                      $13::int[], $14::text[])
               AS n (message_id, wamid, wa_id, origin, sent_at, delivered_at, opened_at, played_at,
                     failed_at, error_code, delivery_error)
    ),
    -- Once for each origin, not for each message: what a signature reaches takes a look at secrets.
    reached AS MATERIALIZED (
        SELECT o.origin, n.phone_number_id, n.tenant_id
        FROM   UNNEST($5::uuid[], $6::text[], $7::text[]) WITH ORDINALITY
               AS o (connection_id, waba_id, phone_number_id, origin)
        JOIN   phone_numbers n ON n.phone_number_id = o.phone_number_id AND n.waba_id = o.waba_id
        JOIN   connections   c ON c.connection_id   = n.connection_id
                              AND in_scope(o.connection_id, c.connection_id, c.kind)
    ),
    locked AS (
        SELECT m.message_id
        FROM   messages m
        WHERE  m.message_id = ANY($1)
          -- In other months nothing is looked up.
          AND  m.message_id BETWEEN $15 AND $16
        ORDER BY m.message_id
        FOR NO KEY UPDATE OF m
    )
    UPDATE messages m
    SET    wamid          = COALESCE(m.wamid, u.wamid),
           wa_id          = COALESCE(m.wa_id, u.wa_id),
           stage          = CASE WHEN m.stage IN ('queued', 'sending', 'unknown')
                                 THEN 'accepted' ELSE m.stage END,
           waiting_reason = NULL,
           not_before     = NULL,
           ",
    merged_facts!("m", "u"),
    "
    FROM   u
    JOIN   reached s USING (origin)
    WHERE  m.message_id      = u.message_id
      AND  m.phone_number_id = s.phone_number_id
      -- Not what it is looked up by: while a table is young, every index looks as good.
      AND  (m.tenant_id = s.tenant_id) IS TRUE
      AND  (SELECT count(*) FROM locked) >= 0
    RETURNING m.message_id, m.traceparent"
);

/// The messages of a number by Meta's ids, for statuses that carry no id of ours.
///
/// # Errors
/// `Unavailable`.
pub async fn find_by_wamid(
    client: &impl GenericClient,
    wamids: &[(PhoneNumberId, Wamid)],
) -> Result<HashMap<(PhoneNumberId, Wamid), MessageId>> {
    let numbers: Vec<&str> = wamids.iter().map(|(number, _)| number.as_str()).collect();
    let texts: Vec<&str> = wamids.iter().map(|(_, wamid)| wamid.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- statuses::find_by_wamid
             SELECT u.ordinal, m.message_id
             FROM   UNNEST($1::text[], $2::text[]) WITH ORDINALITY
                    AS u (phone_number_id, wamid, ordinal)
             JOIN   messages m
               ON   m.wamid           = u.wamid
              AND   m.phone_number_id = u.phone_number_id",
        )
        .await?;
    let rows = client.query(&statement, &[&numbers, &texts]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let index = usize::try_from(row.get::<_, i64>("ordinal") - 1).ok()?;
            let message_id = MessageId::from_uuid(row.get("message_id"));
            Some((wamids.get(index)?.clone(), message_id))
        })
        .collect())
}

/// Facts of many messages, one array for each column.
#[derive(Default)]
pub(crate) struct FactColumns<'a> {
    pub(crate) sent_at: Vec<Option<DateTime<Utc>>>,
    pub(crate) delivered_at: Vec<Option<DateTime<Utc>>>,
    pub(crate) opened_at: Vec<Option<DateTime<Utc>>>,
    pub(crate) played_at: Vec<Option<DateTime<Utc>>>,
    pub(crate) failed_at: Vec<Option<DateTime<Utc>>>,
    pub(crate) error_codes: Vec<Option<i32>>,
    pub(crate) error_details: Vec<Option<&'a str>>,
}

impl<'a> FactColumns<'a> {
    pub(crate) fn of(facts: impl Iterator<Item = &'a Facts>) -> Self {
        let mut columns = Self::default();
        for facts in facts {
            let failed = facts.failed.as_ref();
            columns.sent_at.push(facts.sent_at);
            columns.delivered_at.push(facts.delivered_at);
            columns.opened_at.push(facts.opened_at);
            columns.played_at.push(facts.played_at);
            columns.failed_at.push(failed.map(|failure| failure.at));
            columns.error_codes.push(failed.map(|failure| failure.code));
            columns.error_details.push(failed.map(|failure| failure.detail.as_str()));
        }
        columns
    }
}

/// Each once, and the ordinal (from 1) of each item's among them.
fn distinct<'a>(origins: impl Iterator<Item = &'a Origin>) -> (Vec<&'a Origin>, Vec<i64>) {
    let (mut each, mut ordinals) = (Vec::new(), HashMap::new());
    let of = origins.map(|origin| {
        *ordinals.entry(origin).or_insert_with(|| {
            each.push(origin);
            each.len() as i64
        })
    });
    let of = of.collect();
    (each, of)
}

/// Origins of many items, one array for each column.
#[derive(Default)]
pub(crate) struct OriginColumns<'a> {
    pub(crate) connections: Vec<Option<Uuid>>,
    pub(crate) waba_ids: Vec<&'a str>,
    pub(crate) phone_number_ids: Vec<&'a str>,
}

impl<'a> OriginColumns<'a> {
    pub(crate) fn of(origins: impl Iterator<Item = &'a Origin>) -> Self {
        let mut columns = Self::default();
        for origin in origins {
            columns.connections.push(connection(origin.scope));
            columns.waba_ids.push(origin.waba_id.as_str());
            columns.phone_number_ids.push(origin.phone_number_id.as_str());
        }
        columns
    }
}

/// The connection that a scope is confined to; the platform's scope is not confined to one.
fn connection(scope: Scope) -> Option<Uuid> {
    match scope {
        Scope::Platform => None,
        Scope::Connection(connection_id) => Some(connection_id.as_uuid()),
    }
}
