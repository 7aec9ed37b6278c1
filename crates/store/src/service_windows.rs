//! Who has written to a number lately, so that it may answer freely.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;

use crate::Result;
use crate::statuses::{Origin, OriginColumns};

/// How long a window is open after the newest message from a person
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#customer-service-windows>).
const OPEN: TimeDelta = TimeDelta::hours(24);

/// What is sent through a window that closes sooner than this may come too late for it.
const SPARE: TimeDelta = TimeDelta::minutes(5);

/// What a person wrote, as far as windows care.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inbound {
    /// Where it says it came in.
    pub origin: Origin,
    /// `+E.164` as Meta knows it, or a business-scoped user id; not for logs.
    pub contact: String,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// Windows whose newest message is from after this instant are open, and for a while to come.
pub(crate) fn open_after(now: DateTime<Utc>) -> DateTime<Utc> {
    now - OPEN + SPARE
}

/// Opens windows, or keeps them open for longer. What lies outside its origin's scope opens none.
/// Messages to these people that wait for their portfolio's limit need no place in it any more: they
/// are due. Answers the origins that lie in their scope, each with the rate that Meta allows its number.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn open(
    client: &impl GenericClient,
    inbound: &[Inbound],
    now: DateTime<Utc>,
) -> Result<Vec<(Origin, u32)>> {
    let origins = OriginColumns::of(inbound.iter().map(|inbound| &inbound.origin));
    let contacts: Vec<&str> = inbound.iter().map(|inbound| inbound.contact.as_str()).collect();
    let at: Vec<DateTime<Utc>> = inbound.iter().map(|inbound| inbound.at).collect();
    let statement = client.prepare_cached(OPEN_WINDOWS).await?;
    let rows = client
        .query(
            &statement,
            &[
                /* connections */ &origins.connections,
                /* wabas       */ &origins.waba_ids,
                /* numbers     */ &origins.phone_number_ids,
                /* contacts    */ &contacts,
                /* at          */ &at,
                /* now         */ &now,
                /* open_after  */ &open_after(now),
            ],
        )
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let origin =
                &inbound.get(usize::try_from(row.get::<_, i64>("first") - 1).ok()?)?.origin;
            Some((origin.clone(), row.get::<_, i32>("messages_per_second").unsigned_abs()))
        })
        .collect())
}

const OPEN_WINDOWS: &str = "-- service_windows::open
    WITH told AS (
        SELECT u.*, n.tenant_id, n.messages_per_second
        FROM   UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
               WITH ORDINALITY
               AS u (proved, waba_id, phone_number_id, contact, at, ordinal)
        JOIN   phone_numbers n ON n.phone_number_id = u.phone_number_id AND n.waba_id = u.waba_id
        JOIN   connections   c ON c.connection_id   = n.connection_id
                              AND in_scope(u.proved, c.connection_id, c.kind)
    ),
    heard AS (
        SELECT phone_number_id, contact, tenant_id, max(at) AS at
        FROM   told
        GROUP BY phone_number_id, contact, tenant_id
        -- Overlapping batches lock their rows in one order.
        ORDER BY phone_number_id, contact
    ),
    opened AS (
        INSERT INTO service_windows AS s (phone_number_id, contact, tenant_id, last_inbound_at)
        SELECT phone_number_id, contact, tenant_id, at
        FROM   heard
        ON CONFLICT (phone_number_id, contact) DO UPDATE
        SET    tenant_id       = excluded.tenant_id,
               last_inbound_at = CASE WHEN s.tenant_id = excluded.tenant_id
                                      THEN GREATEST(s.last_inbound_at, excluded.last_inbound_at)
                                      ELSE excluded.last_inbound_at END
        WHERE  s.tenant_id       <> excluded.tenant_id
           OR  s.last_inbound_at <  excluded.last_inbound_at
    ),
    waiting AS (
        SELECT m.message_id
        FROM   heard h
        JOIN   messages m ON m.phone_number_id = h.phone_number_id AND m.recipient = h.contact
        WHERE  h.at              > $7
          AND  m.stage           = 'queued'
          AND  m.delivery_status = 'queued'
          AND  m.waiting_reason  = 'portfolio_budget'
          AND  m.not_before      > $6
          AND  m.tenant_id       = h.tenant_id
        ORDER BY m.message_id
        FOR NO KEY UPDATE OF m SKIP LOCKED
    ),
    woken AS (
        UPDATE messages m
        SET    not_before = $6, due_at = $6
        FROM   waiting
        WHERE  m.message_id = waiting.message_id
    )
    SELECT min(ordinal) AS first, messages_per_second
    FROM   told
    GROUP BY proved, waba_id, phone_number_id, messages_per_second";

/// Forgets windows that closed before today, up to `limit` at once; answers how many.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_closed(
    client: &impl GenericClient,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<u64> {
    let forgotten = client
        .execute(
            "-- service_windows::forget_closed
             DELETE FROM service_windows
             WHERE  (phone_number_id, contact) IN (
                        SELECT phone_number_id, contact
                        FROM   service_windows
                        WHERE  last_inbound_at < $1
                        LIMIT  $2
                        FOR UPDATE SKIP LOCKED
                    )",
            &[&(now - OPEN * 2), &limit],
        )
        .await?;
    Ok(forgotten)
}
