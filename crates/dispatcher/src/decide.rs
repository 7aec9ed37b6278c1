//! What Meta's answer means for the message: pure.

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{DETAIL_CHARACTERS, Failure, cut_detail};
use domain::lane::WaitingReason;
use graph_api::client::SendOutcome;
use graph_api::error::{ApiFailure, Rejection, Throttle, advice};
use store::messages::{AttemptOutcome, Claimed, Finished, Next};

use crate::waits::RetryWaits;

/// For how long a connection or number is left alone that Meta refuses, until it is tried again.
/// A new token lifts the block at once.
pub(crate) const REFUSED_FOR: TimeDelta = TimeDelta::minutes(5);

/// How long Meta takes, as it says, to move a number to a higher throughput (131057)
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/overview/#throughput>).
const MAINTENANCE: TimeDelta = TimeDelta::seconds(60);

/// The number sends too much that people block or report. It wants less traffic, not a stop.
const SPAM_RATE: i32 = 131_048;

/// Refusals that are about the number and not about its account: display name, certificate,
/// verification, registration, deletion
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/>).
const OF_THE_NUMBER: [i32; 5] = [131_037, 131_045, 133_006, 133_010, 133_015];

/// What is to be done about an answer.
#[derive(Debug)]
pub(crate) struct Decided {
    /// What becomes of the message.
    pub(crate) finished: Finished,
    /// The kind of answer, for a metric.
    pub(crate) class: &'static str,
    /// What others must heed; to be done first.
    pub(crate) effect: Option<Effect>,
}

/// What an answer teaches beyond its message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing more is sent through the connection.
    BlockConnection {
        /// Until then, or until it has a new token.
        until: DateTime<Utc>,
        /// What its owner reads.
        reason: String,
    },
    /// Nothing more is sent from the number.
    PauseNumber {
        /// Until then.
        until: DateTime<Utc>,
        /// What its owner reads.
        reason: String,
    },
    /// The number sends more slowly for a while.
    SlowNumber,
}

/// Decides what becomes of a claimed message after its call.
pub(crate) fn decide(
    claimed: &Claimed,
    outcome: SendOutcome,
    now: DateTime<Utc>,
    waits: &RetryWaits,
) -> Decided {
    let attempt = Some(attempt(&outcome));
    let class = class(&outcome);
    let (next, effect) = match outcome {
        SendOutcome::Accepted { wamid, wa_id, held } => {
            (Next::Accepted { wamid, wa_id: wa_id.as_deref().map(cut_detail), held }, None)
        }
        SendOutcome::NotSent { why, error: _ } => not_sent(why, claimed.attempt_count, now, waits),
        SendOutcome::Rejected { kind, error } => {
            rejected(kind, &error, claimed.attempt_count, now, waits)
        }
        SendOutcome::Ambiguous { error: _ } => (Next::Unknown, None),
    };
    let (message_id, claim_no) = (claimed.message_id, claimed.claim_no);
    let finished = Finished { message_id, claim_no, at: now, attempt, next };
    Decided { finished, class, effect }
}

type Step = (Next, Option<Effect>);

/// Provably not sent, so it is never given up before its deadline.
fn not_sent(why: Throttle, before: i32, now: DateTime<Utc>, waits: &RetryWaits) -> Step {
    let wait = |time, reason| Next::Wait { until: now + time, reason };
    match why {
        Throttle::Number | Throttle::Waba | Throttle::App => {
            let next = wait(waits.after(before), WaitingReason::ThrottledByMeta);
            (next, Some(Effect::SlowNumber))
        }
        Throttle::Pair => (wait(RetryWaits::of_pair(before), WaitingReason::Pair), None),
        Throttle::Maintenance => {
            let reason = "Meta is moving the number to another throughput (code 131057)".to_owned();
            let effect = Effect::PauseNumber { until: now + MAINTENANCE, reason };
            (wait(MAINTENANCE, WaitingReason::NumberPaused), Some(effect))
        }
        Throttle::Connect => (wait(waits.after(before), WaitingReason::Retry), None),
    }
}

fn rejected(
    kind: Rejection,
    error: &ApiFailure,
    before: i32,
    now: DateTime<Utc>,
    waits: &RetryWaits,
) -> Step {
    let until = now + REFUSED_FOR;
    let code = error.code.unwrap_or(0);
    match kind {
        Rejection::Recipient | Rejection::Request | Rejection::Template => {
            let detail = failure_detail(kind, error);
            (Next::Failed(Failure { at: now, code, detail }), None)
        }
        Rejection::Account if code == SPAM_RATE => {
            let until = now + waits.after(before);
            let next = Next::Wait { until, reason: WaitingReason::ThrottledByMeta };
            (next, Some(Effect::SlowNumber))
        }
        Rejection::Account if OF_THE_NUMBER.contains(&code) => {
            let next = Next::Wait { until, reason: WaitingReason::NumberPaused };
            (next, Some(Effect::PauseNumber { until, reason: refusal(kind, error) }))
        }
        Rejection::Credential | Rejection::Account => {
            let next = Next::Wait { until, reason: WaitingReason::Credential };
            (next, Some(Effect::BlockConnection { until, reason: refusal(kind, error) }))
        }
    }
}

/// Meta's words, and what to do about them; the latter is never what is cut off.
fn failure_detail(kind: Rejection, error: &ApiFailure) -> String {
    let words = if error.detail.is_empty() { &error.title } else { &error.detail };
    let advice = advice_about(kind, error);
    if words.is_empty() {
        return cut_detail(advice);
    }
    let room = DETAIL_CHARACTERS.saturating_sub(advice.chars().count() + 2);
    let words: String = words.chars().take(room).collect();
    cut_detail(&format!("{words}; {advice}"))
}

/// Why a connection or number may not send, without Meta's words: they may quote the token.
fn refusal(kind: Rejection, error: &ApiFailure) -> String {
    let advice = advice_about(kind, error);
    match error.code {
        Some(code) => format!("Meta refuses to send (code {code}): {advice}"),
        None => format!("Meta refuses to send: {advice}"),
    }
}

fn advice_about(kind: Rejection, error: &ApiFailure) -> &'static str {
    error.code.and_then(advice).unwrap_or(kind.advice())
}

fn attempt(outcome: &SendOutcome) -> AttemptOutcome {
    let word = outcome.as_str();
    let Some(error) = error_of(outcome) else {
        let http_status = Some(200);
        return AttemptOutcome { outcome: word, http_status, ..AttemptOutcome::default() };
    };
    let text = match (error.title.as_str(), error.detail.as_str()) {
        (title, "") => title.to_owned(),
        ("", detail) => detail.to_owned(),
        (title, detail) if title == detail => title.to_owned(),
        (title, detail) => format!("{title}: {detail}"),
    };
    AttemptOutcome {
        outcome: word,
        http_status: error.http_status,
        code: error.code,
        error: Some(cut_detail(&text)),
        fbtrace_id: error.fbtrace_id.as_deref().map(cut_detail),
    }
}

fn error_of(outcome: &SendOutcome) -> Option<&ApiFailure> {
    match outcome {
        SendOutcome::Accepted { .. } => None,
        SendOutcome::NotSent { error, .. }
        | SendOutcome::Rejected { error, .. }
        | SendOutcome::Ambiguous { error } => Some(error),
    }
}

fn class(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Accepted { held: false, .. } => "accepted",
        SendOutcome::Accepted { held: true, .. } => "held",
        SendOutcome::NotSent { why, .. } => why.as_str(),
        SendOutcome::Rejected { kind, .. } => kind.as_str(),
        SendOutcome::Ambiguous { .. } => "ambiguous",
    }
}

#[cfg(test)]
mod tests;
