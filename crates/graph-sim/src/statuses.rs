//! What becomes of one message: a pure plan, drawn from the message's own dice.

use rand::Rng;

use crate::dice::{Purpose, dice};
use crate::scenario::{FailsAfter, Fates};

/// A status that Meta reports of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusWord {
    /// It left for the person's device.
    Sent,
    /// It reached a device.
    Delivered,
    /// It was read.
    Read,
    /// A voice message was played.
    Played,
    /// It failed, with Meta's code.
    Failed(i32),
}

impl StatusWord {
    /// The word in the webhook.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed(_) => "failed",
        }
    }
}

/// What a plan depends on beside the fates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The key of the message's dice: of its opaque id, else of its recipient and how many went there before.
    pub key: u64,
    /// Whether it is a template, which may be held.
    pub template: bool,
    /// Whether it is a reaction, of which only `sent` is reported.
    pub reaction: bool,
    /// Whether it is a voice message, which may be played.
    pub voice: bool,
}

/// What becomes of one message. Times are milliseconds since its acceptance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Whether the answer says `held_for_quality_assessment`.
    pub held: bool,
    /// Whether the first status is posted before the answer.
    pub before_answer: bool,
    /// Its statuses, in no particular order.
    pub statuses: Vec<Planned>,
}

/// One status that will be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it happens: its `timestamp`.
    pub at_ms: u64,
    /// When it is posted.
    pub due_ms: u64,
    /// What it says.
    pub status: StatusWord,
    /// Whether it carries `pricing`: on `sent` and on the first of `delivered` and `read`.
    pub priced: bool,
}

impl Plan {
    /// Whether the message reaches the person's device.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.statuses
            .iter()
            .any(|planned| matches!(planned.status, StatusWord::Delivered | StatusWord::Read))
    }

    /// The plan of a message that fails with one code and nothing else.
    #[must_use]
    pub fn failing(code: i32, after_ms: u64) -> Self {
        let failed = Planned {
            at_ms: after_ms,
            due_ms: after_ms,
            status: StatusWord::Failed(code),
            priced: false,
        };
        Self { statuses: vec![failed], ..Self::default() }
    }
}

/// Plans what becomes of a message: the same fates, seed and subject give the same plan, whatever else happens.
#[must_use]
pub fn plan(fates: &Fates, seed: u64, subject: Subject) -> Plan {
    let mut dice = dice(seed, Purpose::Fate, subject.key);
    let draws = Draws::throw(&mut dice);
    if fates.silent.hits(draws.silent) {
        return Plan { held: subject.template && fates.held.hits(draws.held), ..Plan::default() };
    }
    let held = subject.template && fates.held.hits(draws.held);
    let start = if held { fates.held_for_ms.pick(draws.held_for) } else { 0 };
    let happenings = if held && fates.held_fails.hits(draws.held_fails) {
        vec![(start, StatusWord::Failed(132_015))]
    } else {
        happenings(fates, &draws, subject, start)
    };

    let mut statuses = Vec::with_capacity(happenings.len() * 2);
    let mut sent_and_other = [false; 2];
    for (at_ms, status) in happenings {
        let priced = takes_price(&mut sent_and_other, status);
        let first = Planned { at_ms, due_ms: at_ms + late(fates, &mut dice), status, priced };
        statuses.push(first);
        if fates.doubled.hits(dice.random()) {
            statuses.push(Planned {
                due_ms: first.due_ms + fates.doubled_after_ms.pick(dice.random()),
                ..first
            });
        }
    }
    let before_answer = !held && fates.before_answer.hits(draws.before_answer);
    if let (true, Some(first)) = (before_answer, statuses.first_mut()) {
        first.at_ms = 0;
        first.due_ms = 0;
    }
    Plan { held, before_answer, statuses }
}

/// The draws of one message, always thrown in the same order so that one changed chance changes nothing else.
struct Draws {
    silent: f64,
    held: f64,
    held_for: f64,
    held_fails: f64,
    before_answer: f64,
    failure: f64,
    failed_after: f64,
    sent_after: f64,
    delivered: f64,
    delivered_after: f64,
    read: f64,
    read_after: f64,
    skips_delivered: f64,
    played: f64,
    played_after: f64,
}

impl Draws {
    fn throw(dice: &mut impl Rng) -> Self {
        Self {
            silent: dice.random(),
            held: dice.random(),
            held_for: dice.random(),
            held_fails: dice.random(),
            before_answer: dice.random(),
            failure: dice.random(),
            failed_after: dice.random(),
            sent_after: dice.random(),
            delivered: dice.random(),
            delivered_after: dice.random(),
            read: dice.random(),
            read_after: dice.random(),
            skips_delivered: dice.random(),
            played: dice.random(),
            played_after: dice.random(),
        }
    }
}

/// What happens to a message that is let go at `start`, in the order in which it happens.
fn happenings(
    fates: &Fates,
    draws: &Draws,
    subject: Subject,
    start: u64,
) -> Vec<(u64, StatusWord)> {
    let failure = failure(fates, draws.failure);
    let fails = |when: FailsAfter, from: u64| {
        let failure = failure.filter(|failure| failure.after == when)?;
        Some((from + failure.after_ms.pick(draws.failed_after), StatusWord::Failed(failure.code)))
    };
    if let Some(failed) = fails(FailsAfter::Accepted, start) {
        return vec![failed];
    }
    let sent_at = start + fates.sent_after_ms.pick(draws.sent_after);
    let mut happenings = vec![(sent_at, StatusWord::Sent)];
    if let Some(failed) = fails(FailsAfter::Sent, sent_at) {
        happenings.push(failed);
        return happenings;
    }
    if subject.reaction || !fates.delivered.hits(draws.delivered) {
        return happenings;
    }
    let delivered_at = sent_at + fates.delivered_after_ms.pick(draws.delivered_after);
    let read = fates.read.hits(draws.read);
    if !(read && fates.read_without_delivered.hits(draws.skips_delivered)) {
        happenings.push((delivered_at, StatusWord::Delivered));
    }
    happenings.extend(fails(FailsAfter::Delivered, delivered_at));
    if read {
        let read_at = delivered_at + fates.read_after_ms.pick(draws.read_after);
        happenings.push((read_at, StatusWord::Read));
        if subject.voice && fates.played.hits(draws.played) {
            happenings.push((
                read_at + fates.played_after_ms.pick(draws.played_after),
                StatusWord::Played,
            ));
        }
    }
    happenings
}

/// The failure that a draw falls on, when it falls on one: their chances stand side by side from 0.
fn failure(fates: &Fates, draw: f64) -> Option<&crate::scenario::Failure> {
    let mut reached = 0.0;
    fates.failures.iter().find(|failure| {
        reached += failure.chance.get();
        draw < reached
    })
}

fn late(fates: &Fates, dice: &mut impl Rng) -> u64 {
    let (is_late, by) = (dice.random(), dice.random());
    if fates.late.hits(is_late) { fates.late_by_ms.pick(by) } else { 0 }
}

/// Whether this status carries pricing; it does once as `sent` and once as `delivered` or `read`.
fn takes_price(taken: &mut [bool; 2], status: StatusWord) -> bool {
    let place = match status {
        StatusWord::Sent => 0,
        StatusWord::Delivered | StatusWord::Read => 1,
        StatusWord::Played | StatusWord::Failed(_) => return false,
    };
    !std::mem::replace(&mut taken[place], true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Chance, Delay, Scenario};

    fn subject(key: u64) -> Subject {
        Subject { key, template: true, reaction: false, voice: false }
    }

    fn words(plan: &Plan) -> Vec<StatusWord> {
        plan.statuses.iter().map(|planned| planned.status).collect()
    }

    fn fates(json: &str) -> Fates {
        Scenario::parse(format!(r#"{{"fates":{json}}}"#).as_bytes()).unwrap().fates
    }

    #[test]
    fn the_same_seed_and_key_have_the_same_fate_and_another_seed_another() {
        let fates = fates(
            r#"{"read":0.5,"late":0.5,"doubled":0.5,"failures":[{"code":131026,"chance":0.2}]}"#,
        );
        let all = |seed| (0..200).map(|key| plan(&fates, seed, subject(key))).collect::<Vec<_>>();

        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn a_usual_message_is_sent_delivered_and_read_in_time_and_priced_twice() {
        let plan = plan(&Fates::default(), 1, subject(7));

        assert_eq!(words(&plan), [StatusWord::Sent, StatusWord::Delivered, StatusWord::Read]);
        assert!(plan.statuses.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        assert_eq!(
            plan.statuses.iter().map(|planned| planned.priced).collect::<Vec<_>>(),
            [true, true, false]
        );
    }

    #[test]
    fn a_reaction_is_only_sent() {
        let plan = plan(&Fates::default(), 1, Subject { reaction: true, ..subject(7) });

        assert_eq!(words(&plan), [StatusWord::Sent]);
    }

    #[test]
    fn a_voice_message_is_played() {
        let plan = plan(&Fates::default(), 1, Subject { voice: true, ..subject(7) });

        assert_eq!(words(&plan).last(), Some(&StatusWord::Played));
    }

    #[test]
    fn read_may_come_without_delivered_and_then_carries_the_price() {
        let plan = plan(&fates(r#"{"read_without_delivered":1}"#), 1, subject(7));

        assert_eq!(words(&plan), [StatusWord::Sent, StatusWord::Read]);
        assert!(plan.statuses[1].priced);
    }

    #[test]
    fn failures_come_as_often_as_they_are_likely() {
        let fates = fates(
            r#"{"failures":[{"code":131026,"chance":0.1},{"code":131049,"chance":0.2,"after":"sent"}]}"#,
        );
        let mut seen = [0, 0];

        for key in 0..10_000 {
            match words(&plan(&fates, 1, subject(key))).as_slice() {
                [StatusWord::Failed(131_026)] => seen[0] += 1,
                [StatusWord::Sent, StatusWord::Failed(131_049)] => seen[1] += 1,
                _ => {}
            }
        }

        assert!((850..1_150).contains(&seen[0]), "{seen:?}");
        assert!((1_800..2_200).contains(&seen[1]), "{seen:?}");
    }

    #[test]
    fn a_held_template_is_released_later_or_fails() {
        let released = plan(&fates(r#"{"held":1,"held_for_ms":[1000,1000]}"#), 1, subject(7));
        let failed =
            plan(&fates(r#"{"held":1,"held_for_ms":[9,9],"held_fails":1}"#), 1, subject(7));

        assert!(released.held && released.statuses[0].at_ms >= 1_000);
        assert_eq!(words(&failed), [StatusWord::Failed(132_015)]);
    }

    #[test]
    fn late_and_doubled_statuses_keep_the_time_at_which_they_happened() {
        let fates = Fates {
            late: Chance::ALWAYS,
            late_by_ms: Delay::between(500, 500),
            doubled: Chance::ALWAYS,
            ..Fates::default()
        };

        let plan = plan(&fates, 1, subject(7));

        assert_eq!(plan.statuses.len(), 6);
        assert!(plan.statuses.iter().all(|planned| planned.due_ms >= planned.at_ms + 500));
    }

    #[test]
    fn one_changed_chance_changes_nothing_else() {
        let calm = plan(&Fates::default(), 1, subject(7));
        let unread = plan(&Fates { read: Chance::NEVER, ..Fates::default() }, 1, subject(7));

        assert_eq!(calm.statuses[..2], unread.statuses[..]);
    }
}
