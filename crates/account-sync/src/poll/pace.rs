//! When a connection is asked about next; pure.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use store::sync::Due;

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Meta answered everything.
    Done,
    /// It answered a part.
    Partly,
    /// It refused the token, or there is none.
    Refused,
    /// It was asked too often, or would have been: until then, if that was told.
    Throttled(Option<DateTime<Utc>>),
    /// The same of some accounts and not of others.
    ThrottledInPart(Option<DateTime<Utc>>),
    /// It did not answer.
    Silent,
    /// Somebody stopped.
    Stopped,
}

impl Outcome {
    /// The word for a metric or a log field.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partly => "partly",
            Self::Refused => "refused",
            Self::Throttled(_) => "throttled",
            Self::ThrottledInPart(_) => "throttled_in_part",
            Self::Silent => "silent",
            Self::Stopped => "stopped",
        }
    }
}

/// No pause is longer than so many intervals: with the default one, an hour, in which Meta counts
/// calls (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>).
const LONGEST: u32 = 4;

/// No turn follows sooner on one that was put off.
const SOONEST: TimeDelta = TimeDelta::seconds(1);

/// The next turn, and how often in a row asking has failed by then. Meta's silence is tried again
/// sooner than its turn would come, then ever later. Whose calls are used up asks again when it is
/// told that there will be some, and that is no failure; who is not told asks ever less often.
pub(super) fn next(
    outcome: Outcome,
    due: &Due,
    interval: Duration,
    now: DateTime<Utc>,
) -> (DateTime<Utc>, u32) {
    let failures = due.failures;
    let grown = |from: Duration| from.saturating_mul(1 << failures.min(10)).min(interval * LONGEST);
    let (pause, failures) = match outcome {
        Outcome::Done | Outcome::Partly | Outcome::Refused => (interval, 0),
        Outcome::Silent => (grown(interval / 8), failures + 1),
        Outcome::Throttled(Some(until)) => {
            // Those of one app do not come back all at once.
            let pause = until.max(now + SOONEST) - now;
            let spread = (interval / 10).min(Duration::from_secs(60)).mul_f64(spread(due));
            let spread = TimeDelta::from_std(spread).unwrap_or_default();
            return (now + pause + spread, failures);
        }
        Outcome::ThrottledInPart(Some(until)) => {
            let until = (until - now).max(SOONEST).to_std().unwrap_or(interval);
            (interval.min(until), failures)
        }
        Outcome::Throttled(None) | Outcome::ThrottledInPart(None) => {
            (grown(interval), failures + 1)
        }
        Outcome::Stopped => return (now, failures),
    };
    let pause = pause.mul_f64(0.9 + 0.2 * spread(due));
    (now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX), failures)
}

/// From 0 to 1, another one for each connection and turn, so that those that were added together
/// are not always asked about together.
fn spread(due: &Due) -> f64 {
    let (_, id) = due.connection_id.as_uuid().as_u64_pair();
    let turn = due.begun_at.timestamp_micros().unsigned_abs();
    let mixed = (id ^ turn).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}

#[cfg(test)]
mod tests {
    use domain::ids::{ConnectionId, TenantId};
    use store::connections::Kind;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(900);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn pause(outcome: Outcome, failures: u32) -> (i64, u32) {
        let due = Due {
            tenant_id: TenantId::at(now()),
            connection_id: ConnectionId::at(now()),
            kind: Kind::Platform,
            app_id: None,
            sealed_token: None,
            begun_at: now(),
            failures,
            waba_ids: Vec::new(),
        };
        let (next, failures) = next(outcome, &due, INTERVAL, now());
        ((next - now()).num_seconds(), failures)
    }

    #[test]
    fn the_next_turn_comes_after_about_an_interval() {
        for outcome in [Outcome::Done, Outcome::Partly, Outcome::Refused] {
            let (seconds, failures) = pause(outcome, 5);
            assert!((810..=990).contains(&seconds), "{seconds}");
            assert_eq!(failures, 0);
        }
        assert_eq!(pause(Outcome::Stopped, 3), (0, 3));
    }

    #[test]
    fn silence_and_throttling_make_pauses_that_grow_to_their_end() {
        let silent = [0, 1, 2, 3, 4, 5, 40].map(|failures| pause(Outcome::Silent, failures).0);
        for (seconds, about) in silent.into_iter().zip([112, 225, 450, 900, 1800, 3600, 3600]) {
            assert!((about * 9 / 10 - 1..=about * 11 / 10 + 1).contains(&seconds), "{silent:?}");
        }
        let throttled = [0, 1, 2, 9].map(|failures| pause(Outcome::Throttled(None), failures).0);
        for (seconds, about) in throttled.into_iter().zip([900, 1800, 3600, 3600]) {
            assert!((about * 9 / 10..=about * 11 / 10).contains(&seconds), "{throttled:?}");
        }
        assert_eq!(pause(Outcome::Silent, 2).1, 3);
    }

    #[test]
    fn who_is_told_when_there_are_calls_again_asks_then_and_has_not_failed() {
        let told = |seconds| Some(now() + TimeDelta::seconds(seconds));
        for (seconds, least) in [(3_000, 3_000), (60, 60), (0, 1), (-5, 1)] {
            let (pause, failures) = pause(Outcome::Throttled(told(seconds)), 2);
            assert!((least..=least + 60).contains(&pause), "{seconds}: {pause}");
            assert_eq!(failures, 2);
        }
        // The other accounts are asked about as ever.
        let (in_part, failures) = pause(Outcome::ThrottledInPart(told(3_000)), 2);
        assert!((810..=990).contains(&in_part), "{in_part}");
        assert_eq!(failures, 2);
    }
}
