use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::Stage;
use domain::ids::{ConnectionId, MessageId, PhoneNumberId, TenantId, WabaId};
use domain::lane::{Lane, WaitingReason};
use domain::tier::Tier;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{id, word};
use crate::{Result, budget, service_windows};

/// A job from the bus: which message of which tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Job {
    /// The message.
    pub message_id: MessageId,
    /// Its owner, checked against the row.
    pub tenant_id: TenantId,
}

/// What the claim of one job came to.
#[derive(Clone, Debug)]
pub enum Claim {
    /// The caller owns it until the lease ends, and is to send it.
    Ready(Box<Claimed>),
    /// Its number or connection is blocked; the row says until when, the scheduler brings it back.
    Held {
        /// Until when.
        until: DateTime<Utc>,
        /// Why.
        reason: WaitingReason,
    },
    /// Its deadline has passed; the row says so.
    Expired,
    /// Nothing to do: claimed or finished by somebody, cancelled, not due yet, or not there.
    Done,
}

/// A message that is to be sent now.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The message.
    pub message_id: MessageId,
    /// Owner.
    pub tenant_id: TenantId,
    /// Fencing number of this claim.
    pub claim_no: i32,
    /// Attempts begun before this claim.
    pub attempt_count: i32,
    /// The lane it came through.
    pub lane: Lane,
    /// Never send at or after this instant.
    pub expires_at: DateTime<Utc>,
    /// `+E.164` or a business-scoped user id; not for logs.
    pub recipient: String,
    /// Meta's message object without envelope and recipient.
    pub content: Value,
    /// The number it is sent from.
    pub phone_number_id: PhoneNumberId,
    /// The account of the number.
    pub waba_id: WabaId,
    /// Meta's id of the portfolio whose messaging limit the account shares; the account's own while
    /// that is not known.
    pub portfolio: String,
    /// That limit, or what is assumed.
    pub tier: Tier,
    /// Whether the recipient has written to the number lately, so that the message counts against
    /// no limit of people.
    pub in_service_window: bool,
    /// What Meta allows the number.
    pub messages_per_second: u32,
    /// The connection that sends it.
    pub connection_id: ConnectionId,
    /// The connection's token, sealed; open with [`crate::connections::open_token`].
    pub sealed_token: Vec<u8>,
    /// Trace context of the enqueue request.
    pub traceparent: Option<String>,
}

/// Claims jobs: moves those that are `queued` and due to `sending` under a lease, those past their
/// deadline to `expired`, and notes the wait of those whose number or connection is blocked.
///
/// Two workers that claim the same job at once: the second waits for the first one's row lock,
/// finds the row no longer `queued`, and gets `Done`.
///
/// # Errors
/// `Unavailable`; then no job is claimed.
pub async fn claim(
    client: &impl GenericClient,
    jobs: &[Job],
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<HashMap<Job, Claim>> {
    let mut claims: HashMap<Job, Claim> = jobs.iter().map(|job| (*job, Claim::Done)).collect();
    let message_ids: Vec<Uuid> = claims.keys().map(|job| job.message_id.as_uuid()).collect();
    let tenant_ids: Vec<Uuid> = claims.keys().map(|job| job.tenant_id.as_uuid()).collect();
    let statement = client.prepare_cached(CLAIM).await?;
    let rows = client
        .query(
            &statement,
            &[
                /* message_ids */ &message_ids,
                /* tenant_ids  */ &tenant_ids,
                /* now         */ &now,
                /* lease_until */ &(now + lease),
                /* window_from */ &service_windows::open_after(now),
            ],
        )
        .await?;
    for row in &rows {
        let job = Job {
            message_id: MessageId::from_uuid(row.get("message_id")),
            tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        };
        claims.insert(job, read(row, job)?);
    }
    Ok(claims)
}

const CLAIM: &str = "-- messages::claim
    WITH job AS (
        SELECT * FROM UNNEST($1::uuid[], $2::uuid[]) AS u (message_id, tenant_id)
    ),
    locked AS (
        SELECT m.message_id
        FROM   messages m
        JOIN   job USING (message_id)
        ORDER BY m.message_id
        FOR NO KEY UPDATE OF m
    ),
    claimed AS (
        UPDATE messages m
        SET    stage          = CASE WHEN m.expires_at <= $3        THEN 'expired'
                                     WHEN hold.until IS NOT NULL    THEN 'queued'
                                     ELSE 'sending' END,
               stage_at       = $3,
               claim_no       = m.claim_no + 1,
               lease_until    = $4,
               waiting_reason = CASE WHEN m.expires_at > $3 THEN hold.reason END,
               not_before     = CASE WHEN m.expires_at > $3 AND hold.until IS NOT NULL
                                     THEN LEAST(hold.until, m.expires_at) END,
               due_at         = LEAST(COALESCE(hold.until, $4), m.expires_at),
               sweep_count    = 0
        FROM   job,
               phone_numbers n
               JOIN wabas w USING (waba_id),
               connections c,
               LATERAL (
                   SELECT CASE WHEN c.status = 'DISCONNECTED' OR c.access_token IS NULL
                               THEN 'infinity'
                               WHEN c.blocked_until > $3 OR n.paused_until > $3
                               THEN GREATEST(c.blocked_until, n.paused_until) END AS until,
                          CASE WHEN c.status = 'DISCONNECTED' OR c.access_token IS NULL
                                 OR c.blocked_until > $3 THEN 'credential'
                               WHEN n.paused_until  > $3 THEN 'number_paused' END AS reason
               ) AS hold
        WHERE  m.message_id      = job.message_id
          -- Not what it is looked up by: while a table is young, every index looks as good.
          AND  (m.tenant_id = job.tenant_id) IS TRUE
          AND  m.delivery_status = 'queued'
          AND  (m.not_before IS NULL OR m.not_before <= $3 OR m.expires_at <= $3)
          AND  n.phone_number_id = m.phone_number_id
          AND  n.tenant_id       = m.tenant_id
          AND  c.connection_id   = n.connection_id
          AND  (SELECT count(*) FROM locked) >= 0
        RETURNING m.message_id, m.tenant_id, m.stage, m.claim_no, m.attempt_count, m.lane,
                  m.expires_at, m.recipient, m.content, m.phone_number_id, m.traceparent,
                  m.waiting_reason, m.not_before, n.waba_id, n.messages_per_second,
                  c.connection_id, c.access_token,
                  COALESCE(w.portfolio_id, w.waba_id) AS portfolio, w.tier,
                  EXISTS (
                      SELECT
                      FROM   service_windows s
                      WHERE  s.phone_number_id = m.phone_number_id
                        AND  s.contact         = m.recipient
                        AND  s.tenant_id       = m.tenant_id
                        AND  s.last_inbound_at > $5
                  ) AS in_service_window
    ),
    noted AS (
        INSERT INTO waits (message_id, claim_no, since, until, reason)
        SELECT message_id, claim_no, $3, not_before, waiting_reason
        FROM   claimed
        WHERE  stage = 'queued'
    )
    SELECT * FROM claimed";

fn read(row: &Row, job: Job) -> Result<Claim> {
    Ok(match word(row, "stage")? {
        Stage::Expired => Claim::Expired,
        Stage::Queued => {
            Claim::Held { until: row.get("not_before"), reason: word(row, "waiting_reason")? }
        }
        Stage::Sending => Claim::Ready(Box::new(Claimed {
            message_id: job.message_id,
            tenant_id: job.tenant_id,
            claim_no: row.get("claim_no"),
            attempt_count: row.get("attempt_count"),
            lane: word(row, "lane")?,
            expires_at: row.get("expires_at"),
            recipient: row.get("recipient"),
            content: row.get("content"),
            phone_number_id: id(row, "phone_number_id")?,
            waba_id: id(row, "waba_id")?,
            portfolio: row.get("portfolio"),
            tier: budget::tier(row)?,
            in_service_window: row.get("in_service_window"),
            messages_per_second: row.get::<_, i32>("messages_per_second").unsigned_abs(),
            connection_id: ConnectionId::from_uuid(row.get("connection_id")),
            sealed_token: row.get("access_token"),
            traceparent: row.get("traceparent"),
        })),
        // The statement writes no other stage.
        Stage::Unknown | Stage::Accepted | Stage::Failed | Stage::Cancelled => Claim::Done,
    })
}
