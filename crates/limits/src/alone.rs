//! When a worker that does not hear Redis may send by its share: while nobody hears it, and never
//! beside one who does, to whom Redis gives the whole of every limit.

use std::time::Duration;

use tokio::time::Instant;

/// That nobody hears Redis is true for so long from when it was asked. Less than what Redis lets
/// pass before it gives slots to somebody who comes back ([`AHEAD`](crate::shared::AHEAD)).
const TRUE_FOR: Duration = Duration::from_millis(400);

/// Who has not heard Redis for less may just have missed a beat.
const MISSED: Duration = Duration::from_millis(450);

/// Who has not heard Redis for so long may not begin to send: those that do would soon count it no
/// more ([`LIFE`](crate::shared::LIFE)), and share the whole among themselves.
const TOO_LONG: Duration = Duration::from_secs(8);

/// When others hear Redis for so long, they do the work. Longer than one that has died seems to hear it.
const LEFT_OUT: Duration = Duration::from_secs(3);

/// The time since which a worker may send by its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alone {
    pub(crate) since: Instant,
}

/// What a worker knows of who hears Redis.
#[derive(Debug)]
pub(crate) struct Hearing {
    /// When it did itself.
    heard_at: Instant,
    /// Since when others were seen to.
    others: Option<Instant>,
    alone: Option<Alone>,
    asked_at: Option<Instant>,
    /// Whether messages may have gone of which Redis has not been told.
    untold: bool,
}

impl Hearing {
    /// Of a worker that hears Redis.
    pub(crate) fn new(now: Instant) -> Self {
        Self { heard_at: now, others: None, alone: None, asked_at: None, untold: false }
    }

    /// Whether it may send by its share, should nobody hear Redis.
    pub(crate) fn may_go_on(&self, now: Instant) -> bool {
        self.alone.is_some() || (MISSED..=TOO_LONG).contains(&(now - self.heard_at))
    }

    /// Whether anybody else hears Redis, as was asked at `asked_at`.
    pub(crate) fn learned(&mut self, others_hear: bool, asked_at: Instant, now: Instant) {
        self.asked_at = Some(asked_at);
        if others_hear {
            if self.others.is_none() {
                tracing::warn!("Redis answers others: this worker sends nothing meanwhile");
            }
            self.alone = None;
            self.others.get_or_insert(now);
        } else {
            self.others = None;
            if self.alone.is_none() && self.may_go_on(asked_at) {
                tracing::warn!(
                    "Redis answers nobody: every worker keeps to its share of each limit"
                );
                self.alone = Some(Alone { since: now });
                self.untold = true;
            }
        }
    }

    /// Notes whether others may have sent, and answers whether Redis is to be told that anybody has.
    pub(crate) fn is_untold(&mut self, others_may_have_sent: bool) -> bool {
        self.untold |= others_may_have_sent;
        self.untold
    }

    /// Whether it may send by its share now.
    pub(crate) fn alone(&self, now: Instant) -> Option<Alone> {
        let is_true = self.asked_at.is_some_and(|at| now - at <= TRUE_FOR);
        self.alone.filter(|_| is_true)
    }

    /// Whether it has no part in sending any more, and must join the others anew.
    pub(crate) fn is_left_out(&self, now: Instant) -> bool {
        let others_do_it = self.others.is_some_and(|since| now - since > LEFT_OUT);
        others_do_it || (self.alone.is_none() && now - self.heard_at > TOO_LONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn who_finds_nobody_that_hears_redis_may_send_until_that_is_not_sure_any_more() {
        let start = Instant::now();
        let mut hearing = Hearing::new(start);
        assert_eq!(hearing.alone(start), None);

        hearing.learned(false, after(start, 250), after(start, 260));
        assert_eq!(hearing.alone(after(start, 260)), None, "it may have missed a beat");
        hearing.learned(false, after(start, 500), after(start, 510));

        let alone = Some(Alone { since: after(start, 510) });
        assert_eq!(hearing.alone(after(start, 900)), alone);
        assert_eq!(hearing.alone(after(start, 901)), None);
        hearing.learned(false, after(start, 60_000), after(start, 60_010));
        assert_eq!(hearing.alone(after(start, 60_010)), alone, "however long it lasts");
        assert!(!hearing.is_left_out(after(start, 60_010)));
    }

    #[test]
    fn who_finds_others_that_hear_redis_sends_no_more_and_is_soon_left_out() {
        let start = Instant::now();
        let mut hearing = Hearing::new(start);
        hearing.learned(false, after(start, 500), after(start, 500));

        hearing.learned(true, after(start, 1_000), after(start, 1_000));

        assert_eq!(hearing.alone(after(start, 1_000)), None);
        assert!(!hearing.is_left_out(after(start, 4_000)));
        assert!(hearing.is_left_out(after(start, 4_001)));
    }

    #[test]
    fn one_that_has_died_is_waited_for_until_it_seems_to_hear_no_more() {
        let start = Instant::now();
        let mut hearing = Hearing::new(start);
        hearing.learned(true, start, start);

        hearing.learned(false, after(start, 2_100), after(start, 2_100));

        assert!(hearing.alone(after(start, 2_100)).is_some());
        assert!(!hearing.is_left_out(after(start, 10_000)));
    }

    #[test]
    fn who_has_not_heard_redis_for_long_may_not_begin_to_send() {
        let start = Instant::now();
        let mut hearing = Hearing::new(start);

        hearing.learned(false, after(start, 8_001), after(start, 8_001));

        assert_eq!(hearing.alone(after(start, 8_001)), None);
        assert!(hearing.is_left_out(after(start, 8_001)));
    }
}
