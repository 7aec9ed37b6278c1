//! Facts that arrived before anybody could tell whose they are.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::Facts;
use domain::ids::Wamid;

use crate::Result;
use crate::statuses::{FactColumns, Origin, OriginColumns, merged_facts};

/// How long an orphan is kept: as long as Meta repeats a webhook.
/// <https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks>
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// Facts of a message that is known only by Meta's id.
#[derive(Clone, Debug)]
pub struct Orphan {
    /// Where they come from.
    pub origin: Origin,
    /// Meta's id.
    pub wamid: Wamid,
    /// The facts, already merged: one entry for each message in a batch.
    pub facts: Facts,
}

/// Keeps orphans whose origin lies in its scope, merging them with what is kept already. Answers
/// how many; the others are about numbers that are not ours.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn keep(
    client: &impl GenericClient,
    orphans: &[Orphan],
    now: DateTime<Utc>,
) -> Result<u64> {
    let facts = FactColumns::of(orphans.iter().map(|orphan| &orphan.facts));
    let origins = OriginColumns::of(orphans.iter().map(|orphan| &orphan.origin));
    let wamids: Vec<&str> = orphans.iter().map(|orphan| orphan.wamid.as_str()).collect();
    let statement = client.prepare_cached(KEEP).await?;
    let kept = client
        .execute(
            &statement,
            &[
                /* wamids        */ &wamids,
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
                /* received_at   */ &now,
            ],
        )
        .await?;
    Ok(kept)
}

const KEEP: &str = concat!(
    "-- orphans::keep
    INSERT INTO orphan_statuses AS o (phone_number_id, wamid, received_at, sent_at, delivered_at,
                                      opened_at, played_at, failed_at, error_code, delivery_error)
    SELECT u.phone_number_id, u.wamid, $12, u.sent_at, u.delivered_at, u.opened_at, u.played_at,
           u.failed_at, u.error_code, u.delivery_error
    FROM   UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                  $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[],
                  $10::int[], $11::text[])
           AS u (wamid, connection_id, waba_id, phone_number_id, sent_at, delivered_at, opened_at,
                 played_at, failed_at, error_code, delivery_error)
    JOIN   phone_numbers n ON n.phone_number_id = u.phone_number_id AND n.waba_id = u.waba_id
    JOIN   connections   c ON c.connection_id   = n.connection_id
                          AND in_scope(u.connection_id, c.connection_id, c.kind)
    ORDER BY u.phone_number_id, u.wamid
    ON CONFLICT (phone_number_id, wamid) DO UPDATE SET ",
    merged_facts!("o", "EXCLUDED")
);

/// Merges orphans into the messages whose wamid is stored by now; answers how many found theirs.
///
/// # Errors
/// `Unavailable`.
pub async fn adopt(client: &impl GenericClient, limit: i64) -> Result<u64> {
    let statement = client.prepare_cached(ADOPT).await?;
    Ok(client.execute(&statement, &[&limit]).await?)
}

const ADOPT: &str = concat!(
    "-- orphans::adopt
    WITH found AS (
        SELECT o.phone_number_id, o.wamid, m.message_id
        FROM   orphan_statuses o
        JOIN   messages m ON m.wamid = o.wamid AND m.phone_number_id = o.phone_number_id
        LIMIT  $1
        FOR NO KEY UPDATE OF o, m SKIP LOCKED
    ),
    taken AS (
        DELETE FROM orphan_statuses o
        USING  found f
        WHERE  o.phone_number_id = f.phone_number_id AND o.wamid = f.wamid
        RETURNING o.*, f.message_id
    )
    UPDATE messages m SET ",
    merged_facts!("m", "t"),
    " FROM taken t WHERE m.message_id = t.message_id"
);

/// Forgets orphans that nobody claimed in time; answers how many.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_old(client: &impl GenericClient, now: DateTime<Utc>) -> Result<u64> {
    let statement = client
        .prepare_cached(
            "-- orphans::forget_old
             DELETE FROM orphan_statuses
             WHERE  received_at <= $1",
        )
        .await?;
    Ok(client.execute(&statement, &[&(now - KEPT)]).await?)
}
