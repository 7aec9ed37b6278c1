//! Messages per second of one number, in every sliding second.

use std::collections::VecDeque;

use crate::scenario::ThroughputLimit;

const SECOND_US: u64 = 1_000_000;

/// What a number did in its last second, and the most it ever did in one.
#[derive(Debug, Default)]
pub(crate) struct Throughput {
    /// Accepted and inbound messages: what Meta counts.
    counted: Window,
    /// Accepted sends alone.
    accepted: Window,
    /// Every valid send, refused ones too.
    arrived: Window,
}

impl Throughput {
    /// Notes a send that has been read; it may still be refused.
    pub(crate) fn arrive(&mut self, now_us: u64) {
        self.arrived.push(now_us);
    }

    /// Whether one more message fits into the second that ends now.
    pub(crate) fn has_room(&mut self, limit: &ThroughputLimit, mps: u32, now_us: u64) -> bool {
        !limit.enabled || self.counted.count(now_us) < allowed(limit, mps)
    }

    /// Notes a send that was accepted.
    pub(crate) fn accept(&mut self, now_us: u64) {
        self.counted.push(now_us);
        self.accepted.push(now_us);
    }

    /// Notes a message from a person.
    pub(crate) fn receive(&mut self, now_us: u64) {
        self.counted.push(now_us);
    }

    /// Forgets the busiest second.
    pub(crate) fn reset(&mut self) {
        self.accepted.most = 0;
        self.arrived.most = 0;
    }

    /// The most accepted sends, and the most arrived ones, in any sliding second.
    pub(crate) fn most(&self) -> (usize, usize) {
        (self.accepted.most, self.arrived.most)
    }
}

/// How many messages pass in one second: the rate and its slack.
fn allowed(limit: &ThroughputLimit, mps: u32) -> usize {
    let share = u64::from(mps) * u64::from(limit.slack_percent) / 100;
    let slack = share.max(u64::from(limit.slack_messages));
    usize::try_from(u64::from(mps) + slack).unwrap_or(usize::MAX)
}

/// The moments of one sliding second, `(now − 1 s, now]`.
#[derive(Debug, Default)]
struct Window {
    moments: VecDeque<u64>,
    most: usize,
}

impl Window {
    fn count(&mut self, now_us: u64) -> usize {
        while self.moments.front().is_some_and(|moment| moment + SECOND_US <= now_us) {
            self.moments.pop_front();
        }
        self.moments.len()
    }

    fn push(&mut self, now_us: u64) {
        // Two requests may be noted in the other order than they were read; a moment is never before its neighbour.
        let moment = self.moments.back().map_or(now_us, |last| now_us.max(*last));
        self.count(moment);
        self.moments.push_back(moment);
        self.most = self.most.max(self.moments.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> ThroughputLimit {
        ThroughputLimit { slack_messages: 0, slack_percent: 0, ..ThroughputLimit::default() }
    }

    #[test]
    fn the_rate_passes_and_one_more_does_not_until_a_second_is_over() {
        let mut throughput = Throughput::default();
        for message in 0..80 {
            assert!(throughput.has_room(&strict(), 80, message));
            throughput.accept(message);
        }

        assert!(!throughput.has_room(&strict(), 80, 999_999));
        assert!(throughput.has_room(&strict(), 80, SECOND_US));
        assert_eq!(throughput.most().0, 80);
    }

    #[test]
    fn what_people_write_takes_of_the_rate() {
        let mut throughput = Throughput::default();
        throughput.receive(0);

        assert!(!throughput.has_room(&strict(), 1, 10));
    }

    #[test]
    fn the_larger_slack_counts() {
        let slack = ThroughputLimit::default();

        assert_eq!(allowed(&slack, 20), 21);
        assert_eq!(allowed(&slack, 1_000), 1_020);
    }

    #[test]
    fn a_limit_that_is_off_still_measures() {
        let mut throughput = Throughput::default();
        let off = ThroughputLimit { enabled: false, ..strict() };
        for message in 0..200 {
            assert!(throughput.has_room(&off, 1, message));
            throughput.accept(message);
        }

        assert_eq!(throughput.most().0, 200);
    }
}
