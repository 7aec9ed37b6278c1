//! Whom a portfolio has reached outside a service window in a moving day: what Meta's messaging
//! limit counts. Nobody keeps a count; it follows from attempts and from what became of them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::lane::Lane;
use domain::tier::{COUNTS_FOR, Tier};
use tokio_postgres::Row;

use crate::{Error, Result};

/// A delivery may be this much later than its attempt and still be seen to count.
const LATEST_DELIVERY: TimeDelta = TimeDelta::days(2);

/// Recipients, each with the latest time; not for logs.
pub type People = HashMap<String, DateTime<Utc>>;

/// Whether an attempt `a` of a message `m` counts: unless it provably came to nothing. Of a message that
/// failed it counts if it was delivered all the same, and if the failure proves nothing of an attempt
/// whose answer was lost: code 0 is our own decision, and a refusal is about a later attempt.
macro_rules! counts {
    () => {
        "(a.outcome IS NULL OR a.outcome NOT IN ('not_sent', 'rejected'))
         AND (m.failed_at IS NULL OR m.delivered_at IS NOT NULL OR m.error_code = 0
              OR EXISTS (SELECT
                         FROM   attempts r
                         WHERE  r.message_id = m.message_id
                           AND  r.outcome    = 'rejected'))"
    };
}

/// Whom the portfolio has reached lately, by the latest of attempt and delivery.
///
/// # Errors
/// `Unavailable`.
pub async fn reached(
    client: &impl GenericClient,
    portfolio: &str,
    now: DateTime<Utc>,
) -> Result<People> {
    let statement = client
        .prepare_cached(concat!(
            "-- budget::reached
             SELECT m.recipient, max(GREATEST(a.begun_at, m.delivered_at)) AS at
             FROM   attempts a
             JOIN   messages m USING (message_id)
             WHERE  a.counted_waba_id IN (SELECT waba_id
                                          FROM   wabas
                                          WHERE  COALESCE(portfolio_id, waba_id) = $1)
               AND  a.begun_at > $2
               AND  GREATEST(a.begun_at, m.delivered_at) > $3
               AND  ",
            counts!(),
            "
             GROUP BY m.recipient"
        ))
        .await?;
    let begun_after = now - COUNTS_FOR - LATEST_DELIVERY;
    let rows = client.query(&statement, &[&portfolio, &begun_after, &(now - COUNTS_FOR)]).await?;
    Ok(people(&rows))
}

/// Whom the portfolio may be about to reach, and since when: recipients of messages that are claimed
/// and whose attempts have not begun.
///
/// # Errors
/// `Unavailable`.
pub async fn claimed(client: &impl GenericClient, portfolio: &str) -> Result<People> {
    let statement = client
        .prepare_cached(
            "-- budget::claimed
             SELECT m.recipient, max(m.stage_at) AS at
             FROM   messages m
             JOIN   phone_numbers n USING (phone_number_id)
             JOIN   wabas w USING (waba_id)
             WHERE  m.stage           = 'sending'
               AND  m.delivery_status = 'sending'
               AND  m.begun_claim_no  < m.claim_no
               AND  COALESCE(w.portfolio_id, w.waba_id) = $1
             GROUP BY m.recipient",
        )
        .await?;
    Ok(people(&client.query(&statement, &[&portfolio]).await?))
}

fn people(rows: &[Row]) -> People {
    rows.iter().map(|row| (row.get("recipient"), row.get("at"))).collect()
}

/// How much of its messaging limit a portfolio has used.
#[derive(Clone, Debug)]
pub struct Usage {
    /// As [`crate::messages::Claimed::portfolio`].
    pub portfolio: String,
    /// Its limit, or what is assumed.
    pub tier: Tier,
    /// How many people it has reached, as [`reached`] counts them.
    pub people: u32,
}

/// Counts what all portfolios that have a limit have used of it, in one statement. Its cost grows
/// with their attempts of the last three days.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn usage(client: &impl GenericClient, now: DateTime<Utc>) -> Result<Vec<Usage>> {
    // Meta tells all accounts of a portfolio the same limit, so any of them is as good.
    let statement = client
        .prepare_cached(concat!(
            "-- budget::usage
             SELECT COALESCE(w.portfolio_id, w.waba_id) AS portfolio,
                    min(w.tier)                         AS tier,
                    count(DISTINCT reached.recipient)   AS people
             FROM   wabas w
             LEFT JOIN LATERAL (
                        SELECT m.recipient
                        FROM   attempts a
                        JOIN   messages m USING (message_id)
                        WHERE  a.counted_waba_id = w.waba_id
                          AND  a.begun_at > $1
                          AND  GREATEST(a.begun_at, m.delivered_at) > $2
                          AND  ",
            counts!(),
            "
                    ) AS reached ON true
             WHERE  w.tier IS DISTINCT FROM 'unlimited'
             GROUP BY COALESCE(w.portfolio_id, w.waba_id)"
        ))
        .await?;
    let begun_after = now - COUNTS_FOR - LATEST_DELIVERY;
    let rows = client.query(&statement, &[&begun_after, &(now - COUNTS_FOR)]).await?;
    rows.iter()
        .map(|row| {
            let people: i64 = row.get("people");
            Ok(Usage {
                portfolio: row.get("portfolio"),
                tier: tier(row)?,
                people: u32::try_from(people).unwrap_or(u32::MAX),
            })
        })
        .collect()
}

/// The column `tier` of an account, or what is assumed.
pub(crate) fn tier(row: &Row) -> Result<Tier> {
    let told: Option<&str> = row.get("tier");
    let corrupt = |_| Error::Corrupt { table: "wabas", column: "tier" };
    told.map_or(Ok(Tier::UNTOLD), |text| text.parse().map_err(corrupt))
}

/// A portfolio of which messages wait because it has reached as many people as it may.
#[derive(Clone, Debug)]
pub struct Full {
    /// As [`crate::messages::Claimed::portfolio`].
    pub portfolio: String,
    /// Its limit, or what is assumed.
    pub tier: Tier,
}

/// Portfolios of which messages wait for [`domain::lane::WaitingReason::PortfolioBudget`].
///
/// # Errors
/// `Unavailable`.
pub async fn full(client: &impl GenericClient) -> Result<Vec<Full>> {
    let statement = client
        .prepare_cached(
            "-- budget::full
             SELECT DISTINCT COALESCE(w.portfolio_id, w.waba_id) AS portfolio, w.tier
             FROM   phone_numbers n
             JOIN   wabas w USING (waba_id)
             WHERE  EXISTS (
                        SELECT
                        FROM   messages m
                        WHERE  m.phone_number_id = n.phone_number_id
                          AND  m.stage           = 'queued'
                          AND  m.delivery_status = 'queued'
                          AND  m.waiting_reason  = 'portfolio_budget'
                    )",
        )
        .await?;
    let rows = client.query(&statement, &[]).await?;
    rows.iter().map(|row| Ok(Full { portfolio: row.get("portfolio"), tier: tier(row)? })).collect()
}

/// Lets up to `room` waiting messages of these lanes ask again at once, the urgent and old ones
/// first; less those that may already and have not yet. Answers how many may ask now.
///
/// # Errors
/// `Unavailable`.
pub async fn let_ask(
    client: &impl GenericClient,
    portfolio: &str,
    lanes: &[Lane],
    room: i64,
    now: DateTime<Utc>,
) -> Result<u64> {
    let lanes: Vec<&str> = lanes.iter().map(|lane| lane.as_str()).collect();
    let statement = client
        .prepare_cached(
            "-- budget::let_ask
             WITH waiting AS (
                 SELECT m.message_id, m.lane, m.not_before
                 FROM   messages m
                 JOIN   phone_numbers n USING (phone_number_id)
                 JOIN   wabas w USING (waba_id)
                 WHERE  m.stage           = 'queued'
                   AND  m.delivery_status = 'queued'
                   AND  m.waiting_reason  = 'portfolio_budget'
                   AND  m.lane            = ANY($2)
                   AND  COALESCE(w.portfolio_id, w.waba_id) = $1
             ),
             next AS (
                 SELECT message_id
                 FROM   waiting
                 WHERE  not_before > $4
                 ORDER BY array_position($2, lane), message_id
                 LIMIT  GREATEST(0, $3 - (SELECT count(*) FROM waiting WHERE not_before <= $4))
             ),
             locked AS (
                 SELECT message_id
                 FROM   messages
                 JOIN   next USING (message_id)
                 WHERE  delivery_status = 'queued'
                 ORDER BY message_id
                 FOR NO KEY UPDATE OF messages SKIP LOCKED
             )
             UPDATE messages m
             SET    not_before = $4, due_at = $4
             FROM   locked
             WHERE  m.message_id = locked.message_id",
        )
        .await?;
    Ok(client.execute(&statement, &[&portfolio, &lanes, &room, &now]).await?)
}
