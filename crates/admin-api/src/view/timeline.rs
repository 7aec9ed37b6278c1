//! What happened to a message, as one list.

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{DeliveryStatus, Resolution};
use domain::lane::WaitingReason;
use serde::Serialize;
use store::messages::{Attempt, Message, Resolved, Summary};
use utoipa::ToSchema;

use crate::schema;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// It was accepted from the caller.
    Enqueued {
        /// When.
        at: DateTime<Utc>,
    },
    /// It was put aside.
    Waiting {
        /// From when.
        at: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
        /// Why.
        #[schema(schema_with = schema::waiting_reason)]
        reason: WaitingReason,
    },
    /// It was handed to Meta.
    Attempt(AttemptEvent),
    /// Nobody knew what became of it, and somebody said.
    Resolved(ResolvedEvent),
    /// Something became of it.
    Status(StatusEvent),
}

/// The word of a person; Meta's outweighs it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ResolvedEvent {
    /// When it was said.
    at: DateTime<Utc>,
    /// `sent`: it went out. `not_sent`: it did not, and was queued again or had expired. `failed`:
    /// it was given up.
    #[schema(schema_with = schema::resolution)]
    r#as: Resolution,
    /// Who said it: `api_key`, `member` or `operator`; the audit log knows more.
    by: String,
    /// How they know; null: they did not say.
    reason: Option<String>,
}

/// A call to Meta.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct AttemptEvent {
    /// Just before the call.
    at: DateTime<Utc>,
    /// When its outcome was known; null: in flight, or the worker died.
    finished_at: Option<DateTime<Utc>>,
    /// `accepted`; `not_sent`: provably never sent; `rejected`: refused for good; `ambiguous`: it
    /// may have been sent. Null as `finished_at`.
    outcome: Option<String>,
    /// HTTP status of Meta's answer.
    http_status: Option<i32>,
    /// Meta's error code.
    error_code: Option<i32>,
    /// What went wrong.
    error: Option<String>,
    /// Meta's trace id, for a support case.
    fbtrace_id: Option<String>,
}

/// A status, or a fact beside it: `opened` and `played`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct StatusEvent {
    /// When.
    at: DateTime<Utc>,
    /// `accepted`, `held`, `sent`, `delivered`, `opened`, `played`, `failed`, `unknown`,
    /// `cancelled` or `expired`.
    status: &'static str,
    /// Code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<i32>,
    /// A failure in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Event {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Enqueued { at } | Self::Waiting { at, .. } => *at,
            Self::Attempt(attempt) => attempt.at,
            Self::Resolved(resolved) => resolved.at,
            Self::Status(status) => status.at,
        }
    }

    /// Its place in the order. Meta's clock has whole seconds: what it tells of a second stands
    /// behind what we did in it, for a status never comes before its send.
    fn place(&self) -> DateTime<Utc> {
        let at = self.at();
        let is_metas = matches!(self, Self::Status(_)) && at.timestamp_subsec_nanos() == 0;
        if is_metas { at + TimeDelta::microseconds(999_999) } else { at }
    }
}

/// The timeline of a message, by time; what happened in the same instant in the order of its way.
pub(crate) fn of(message: &Message) -> Vec<Event> {
    let summary = &message.summary;
    let mut events = vec![Event::Enqueued { at: summary.created_at }];
    events.extend(scheduled(summary));
    events.extend(message.waits.iter().map(|wait| Event::Waiting {
        at: wait.since,
        until: wait.until,
        reason: wait.reason,
    }));
    events.extend(message.attempts.iter().map(attempt));
    events.extend(message.resolutions.iter().map(resolved));
    events.extend(stage(summary));
    events.extend(facts(summary));
    events.sort_by_key(Event::place);
    events
}

/// The wait that the caller asked for; nobody put the message aside for it.
fn scheduled(summary: &Summary) -> Option<Event> {
    let until = summary.not_before?;
    (summary.waiting_reason == Some(WaitingReason::Scheduled)).then_some(Event::Waiting {
        at: summary.created_at,
        until,
        reason: WaitingReason::Scheduled,
    })
}

fn attempt(attempt: &Attempt) -> Event {
    Event::Attempt(AttemptEvent {
        at: attempt.begun_at,
        finished_at: attempt.finished_at,
        outcome: attempt.outcome.clone(),
        http_status: attempt.http_status,
        error_code: attempt.error_code,
        error: attempt.error.clone(),
        fbtrace_id: attempt.fbtrace_id.clone(),
    })
}

fn resolved(resolved: &Resolved) -> Event {
    Event::Resolved(ResolvedEvent {
        at: resolved.at,
        r#as: resolved.resolution,
        by: resolved.actor_kind.clone(),
        reason: resolved.reason.clone(),
    })
}

/// The end, or the doubt, that is our own word.
fn stage(summary: &Summary) -> Option<Event> {
    match summary.status {
        DeliveryStatus::Unknown | DeliveryStatus::Cancelled | DeliveryStatus::Expired => {
            Some(status(summary.status.as_str(), summary.stage_at))
        }
        DeliveryStatus::Queued
        | DeliveryStatus::Sending
        | DeliveryStatus::Held
        | DeliveryStatus::Accepted
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Failed => None,
    }
}

fn facts(summary: &Summary) -> impl Iterator<Item = Event> {
    let known = [
        ("accepted", summary.accepted_at),
        ("held", summary.held_at),
        ("sent", summary.sent_at),
        ("delivered", summary.delivered_at),
        ("opened", summary.opened_at),
        ("played", summary.played_at),
    ];
    let failed = summary.failed_at.map(|at| {
        Event::Status(StatusEvent {
            at,
            status: "failed",
            error_code: summary.error_code,
            error: summary.delivery_error.clone(),
        })
    });
    known.into_iter().filter_map(|(word, at)| Some(status(word, at?))).chain(failed)
}

fn status(status: &'static str, at: DateTime<Utc>) -> Event {
    Event::Status(StatusEvent { at, status, error_code: None, error: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_in_whole_seconds_stands_behind_the_send_of_that_second() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let enqueued = Event::Enqueued { at: at("2026-01-02T03:04:05.25Z") };
        let accepted = status("accepted", at("2026-01-02T03:04:05.5Z"));
        let sent = status("sent", at("2026-01-02T03:04:05Z"));
        let next = status("unknown", at("2026-01-02T03:04:06.1Z"));

        let mut events = [next.clone(), sent.clone(), accepted.clone(), enqueued.clone()];
        events.sort_by_key(Event::place);

        assert_eq!(events, [enqueued, accepted, sent, next]);
    }
}
