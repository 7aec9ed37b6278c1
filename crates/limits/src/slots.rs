//! When the messages that do not fit in line come back.

use std::time::Duration;

/// Hands out instants, one after the other at a worker's share of the number's rate, for a worker that
/// cannot ask Redis. Times count from any fixed one.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    next: Duration,
}

impl Slots {
    /// How long the next message waits that does not fit: for a slot of its own, `ahead` or later.
    ///
    /// `ahead` is less than what stands in line takes, so that the line is never empty while
    /// something is put aside.
    pub(crate) fn take(&mut self, now: Duration, ahead: Duration, rate: u32) -> Duration {
        let slot = self.next.max(now + ahead);
        self.next = slot + Duration::from_secs(1) / rate.max(1);
        slot - now
    }

    /// Whether every slot has passed.
    pub(crate) fn are_over(&self, now: Duration) -> bool {
        self.next <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);
    const AHEAD: Duration = Duration::from_millis(500);

    #[test]
    fn a_backlog_comes_back_one_by_one_at_the_rate() {
        let mut slots = Slots::default();

        let waits: Vec<_> = (0..100_000).map(|_| slots.take(NOW, AHEAD, 80)).collect();

        assert_eq!(waits[0], AHEAD);
        assert!(waits.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_micros(12_500)));
        assert_eq!(waits[99_999], AHEAD + Duration::from_micros(12_500) * 99_999);
    }

    #[test]
    fn a_slot_is_never_in_the_past_nor_before_the_line_needs_it() {
        let mut slots = Slots::default();
        slots.take(NOW, AHEAD, 80);

        let much_later = NOW + Duration::from_secs(60);

        assert!(slots.are_over(much_later));
        assert_eq!(slots.take(much_later, AHEAD, 80), AHEAD);
        assert!(!slots.are_over(much_later));
    }
}
