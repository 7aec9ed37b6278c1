use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::{Failure, Stage};
use domain::ids::{MessageId, WabaId, Wamid};
use domain::lane::WaitingReason;
use uuid::Uuid;

use super::Claimed;
use crate::Result;

/// A claim whose attempt is about to be made.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The message.
    pub message_id: MessageId,
    /// The claim.
    pub claim_no: i32,
    /// The account whose portfolio's messaging limit it counts against; `None` within an open
    /// service window.
    pub counted: Option<WabaId>,
}

impl Claimed {
    /// Its attempt.
    pub fn begin(&self) -> Begin {
        Begin {
            message_id: self.message_id,
            claim_no: self.claim_no,
            counted: (!self.in_service_window).then(|| self.waba_id.clone()),
        }
    }
}

/// Writes attempts ahead of their HTTP calls, renews their leases, and answers which may go on.
/// A claim that lost its lease, or whose message Meta has meanwhile reported on, is not among
/// them and must not be sent.
///
/// # Errors
/// `Unavailable`; then no attempt may be made.
pub async fn begin_attempts(
    client: &impl GenericClient,
    begins: &[Begin],
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<HashSet<MessageId>> {
    let message_ids: Vec<Uuid> = begins.iter().map(|begin| begin.message_id.as_uuid()).collect();
    let claim_nos: Vec<i32> = begins.iter().map(|begin| begin.claim_no).collect();
    let counted: Vec<_> =
        begins.iter().map(|begin| begin.counted.as_ref().map(WabaId::as_str)).collect();
    let statement = client
        .prepare_cached(
            "-- messages::begin_attempts
             WITH c AS (
                 SELECT *
                 FROM   UNNEST($1::uuid[], $2::int[], $5::text[])
                        AS u (message_id, claim_no, counted_waba_id)
             ),
             locked AS (
                 SELECT m.message_id
                 FROM   messages m
                 JOIN   c USING (message_id)
                 ORDER BY m.message_id
                 FOR NO KEY UPDATE OF m
             ),
             begun AS (
                 UPDATE messages m
                 SET    begun_claim_no = m.claim_no,
                        attempt_count  = m.attempt_count + 1,
                        lease_until    = $4
                 FROM   c
                 WHERE  m.message_id      = c.message_id
                   AND  m.claim_no        = c.claim_no
                   AND  m.begun_claim_no  < c.claim_no
                   AND  m.delivery_status = 'sending'
                   AND  m.lease_until     > $3
                   AND  m.expires_at      > $3
                   AND  (SELECT count(*) FROM locked) >= 0
                 RETURNING m.message_id, m.claim_no, c.counted_waba_id
             )
             INSERT INTO attempts (message_id, attempt_no, begun_at, counted_waba_id)
             SELECT message_id, claim_no, $3, counted_waba_id
             FROM   begun
             RETURNING message_id",
        )
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                /* message_ids */ &message_ids,
                /* claim_nos   */ &claim_nos,
                /* now         */ &now,
                /* lease_until */ &(now + lease),
                /* counted     */ &counted,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| MessageId::from_uuid(row.get("message_id"))).collect())
}

/// What one claim came to.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The message.
    pub message_id: MessageId,
    /// The claim.
    pub claim_no: i32,
    /// When it was known.
    pub at: DateTime<Utc>,
    /// The HTTP call, when one was made.
    pub attempt: Option<AttemptOutcome>,
    /// What becomes of the message.
    pub next: Next,
}

/// How an HTTP call to Meta ended, for the timeline.
#[derive(Clone, Debug, Default)]
pub struct AttemptOutcome {
    /// `accepted`, `not_sent`, `rejected` or `ambiguous`.
    pub outcome: &'static str,
    /// Of the answer.
    pub http_status: Option<u16>,
    /// Meta's code.
    pub code: Option<i32>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// Meta's trace id.
    pub fbtrace_id: Option<String>,
}

/// What becomes of a message after its claim.
#[derive(Clone, Debug)]
pub enum Next {
    /// Meta has it.
    Accepted {
        /// Meta's id of it.
        wamid: Wamid,
        /// The recipient as Meta knows it.
        wa_id: Option<String>,
        /// Meta holds it to assess the template.
        held: bool,
    },
    /// It was not sent and waits.
    Wait {
        /// Until when.
        until: DateTime<Utc>,
        /// Why.
        reason: WaitingReason,
    },
    /// Nobody knows whether it was sent.
    Unknown,
    /// It will not be sent.
    Failed(Failure),
    /// Its deadline passed while it was claimed.
    Expired,
}

/// Records what claims came to, in one statement.
///
/// An acceptance is a fact and counts whatever happened to the claim since; everything else moves
/// the message only if the claim is still its newest.
///
/// # Errors
/// `Unavailable`; recording the same again is harmless.
pub async fn record(client: &impl GenericClient, finished: &[Finished]) -> Result<()> {
    let column = Columns::of(finished);
    let statement = client.prepare_cached(RECORD).await?;
    client
        .execute(
            &statement,
            &[
                &column.message_id,
                &column.claim_no,
                &column.at,
                &column.outcome,
                &column.http_status,
                &column.code,
                &column.error,
                &column.fbtrace_id,
                &column.stage,
                &column.wamid,
                &column.wa_id,
                &column.is_held,
                &column.until,
                &column.reason,
                &column.failure_code,
                &column.failure_detail,
            ],
        )
        .await?;
    Ok(())
}

const RECORD: &str = "-- messages::record
    WITH r AS (
        SELECT *
        FROM   UNNEST($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::int[], $6::int[],
                      $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bool[],
                      $13::timestamptz[], $14::text[], $15::int[], $16::text[])
               AS u (message_id, claim_no, at, outcome, http_status, code, error, fbtrace_id,
                     stage, wamid, wa_id, is_held, until, reason, failure_code, failure_detail)
    ),
    locked AS (
        SELECT m.message_id
        FROM   messages m
        JOIN   r USING (message_id)
        ORDER BY m.message_id
        FOR NO KEY UPDATE OF m
    ),
    finished AS (
        UPDATE attempts a
        SET    finished_at = r.at,
               outcome     = r.outcome,
               http_status = r.http_status,
               error_code  = r.code,
               error       = r.error,
               fbtrace_id  = r.fbtrace_id,
               wamid       = r.wamid
        FROM   r
        WHERE  r.outcome IS NOT NULL
          AND  a.message_id = r.message_id
          AND  a.attempt_no = r.claim_no
    ),
    moved AS (
        UPDATE messages m
        SET    stage          = CASE WHEN m.stage IN ('queued', 'sending', 'unknown')
                                     THEN r.stage ELSE m.stage END,
               stage_at       = CASE WHEN m.stage IN ('queued', 'sending', 'unknown')
                                     THEN r.at ELSE m.stage_at END,
               waiting_reason = r.reason,
               not_before     = r.until,
               due_at         = LEAST(COALESCE(r.until, m.due_at), m.expires_at),
               sweep_count    = 0,
               wamid          = COALESCE(m.wamid, r.wamid),
               wa_id          = COALESCE(m.wa_id, r.wa_id),
               accepted_at    = LEAST(m.accepted_at, CASE WHEN r.wamid IS NOT NULL THEN r.at END),
               held_at        = LEAST(m.held_at, CASE WHEN r.is_held THEN r.at END),
               failed_at      = CASE WHEN r.failure_code IS NULL THEN m.failed_at
                                     ELSE COALESCE(m.failed_at, r.at) END,
               error_code     = COALESCE(m.error_code, r.failure_code),
               delivery_error = COALESCE(m.delivery_error, r.failure_detail)
        FROM   r
        WHERE  m.message_id = r.message_id
          AND  (SELECT count(*) FROM locked) >= 0
          AND  (r.claim_no = m.claim_no AND m.stage = 'sending' OR r.wamid IS NOT NULL)
        RETURNING m.message_id
    )
    INSERT INTO waits (message_id, claim_no, since, until, reason)
    SELECT r.message_id, r.claim_no, r.at, r.until, r.reason
    FROM   r
    JOIN   moved USING (message_id)
    WHERE  r.reason IS NOT NULL
    ON CONFLICT DO NOTHING";

#[derive(Default)]
struct Columns<'a> {
    message_id: Vec<Uuid>,
    claim_no: Vec<i32>,
    at: Vec<DateTime<Utc>>,
    outcome: Vec<Option<&'a str>>,
    http_status: Vec<Option<i32>>,
    code: Vec<Option<i32>>,
    error: Vec<Option<&'a str>>,
    fbtrace_id: Vec<Option<&'a str>>,
    stage: Vec<&'static str>,
    wamid: Vec<Option<&'a str>>,
    wa_id: Vec<Option<&'a str>>,
    is_held: Vec<bool>,
    until: Vec<Option<DateTime<Utc>>>,
    reason: Vec<Option<&'static str>>,
    failure_code: Vec<Option<i32>>,
    failure_detail: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(finished: &'a [Finished]) -> Self {
        let mut columns = Self::default();
        for each in finished {
            columns.push(each);
        }
        columns
    }

    fn push(&mut self, finished: &'a Finished) {
        let attempt = finished.attempt.as_ref();
        self.message_id.push(finished.message_id.as_uuid());
        self.claim_no.push(finished.claim_no);
        self.at.push(finished.at);
        self.outcome.push(attempt.map(|attempt| attempt.outcome));
        self.http_status.push(attempt.and_then(|attempt| attempt.http_status).map(i32::from));
        self.code.push(attempt.and_then(|attempt| attempt.code));
        self.error.push(attempt.and_then(|attempt| attempt.error.as_deref()));
        self.fbtrace_id.push(attempt.and_then(|attempt| attempt.fbtrace_id.as_deref()));
        self.push_next(&finished.next);
    }

    fn push_next(&mut self, next: &'a Next) {
        let (mut accepted, mut wait, mut failure) = (None, None, None);
        let stage = match next {
            Next::Accepted { wamid, wa_id, held } => {
                accepted = Some((wamid, wa_id, *held));
                Stage::Accepted
            }
            Next::Wait { until, reason } => {
                wait = Some((*until, reason.as_str()));
                Stage::Queued
            }
            Next::Unknown => Stage::Unknown,
            Next::Failed(reason) => {
                failure = Some(reason);
                Stage::Failed
            }
            Next::Expired => Stage::Expired,
        };
        self.stage.push(stage.as_str());
        self.wamid.push(accepted.map(|(wamid, ..)| wamid.as_str()));
        self.wa_id.push(accepted.and_then(|(_, wa_id, _)| wa_id.as_deref()));
        self.is_held.push(accepted.is_some_and(|(.., held)| held));
        self.until.push(wait.map(|(until, _)| until));
        self.reason.push(wait.map(|(_, reason)| reason));
        self.failure_code.push(failure.map(|failure| failure.code));
        self.failure_detail.push(failure.map(|failure| failure.detail.as_str()));
    }
}
