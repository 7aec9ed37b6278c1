//! How far a number is slowed because Meta said that it is too fast.

use std::time::Duration;

/// The rate is halved at most this often in a row.
pub(crate) const MOST_HALVINGS: u32 = 5;

/// Answers that come within this time are about the same excess.
pub(crate) const SAME_EXCESS: Duration = Duration::from_secs(1);

/// After this time without a complaint the rate is doubled again, up to what it was.
const RECOVERY: Duration = Duration::from_secs(30);

/// A number's slowdown. Times count from any fixed one.
#[derive(Debug, Default)]
pub(crate) struct Slowdown {
    halvings: u32,
    changed_at: Duration,
}

impl Slowdown {
    /// Halves the rate, once for all answers to the same excess.
    pub(crate) fn halve(&mut self, now: Duration) {
        if self.halvings == 0 || now >= self.changed_at + SAME_EXCESS {
            self.halvings = (self.halvings + 1).min(MOST_HALVINGS);
            self.changed_at = now;
        }
    }

    /// What is left of `rate`, at least 1.
    pub(crate) fn of(&mut self, rate: u32, now: Duration) -> u32 {
        while self.halvings > 0 && now >= self.changed_at + RECOVERY {
            self.halvings -= 1;
            self.changed_at += RECOVERY;
        }
        (rate >> self.halvings).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Duration {
        Duration::from_secs(1_000 + second)
    }

    #[test]
    fn many_answers_to_one_excess_halve_the_rate_once() {
        let mut slowdown = Slowdown::default();

        for _ in 0..50 {
            slowdown.halve(at(0));
        }

        assert_eq!(slowdown.of(80, at(0)), 40);
    }

    #[test]
    fn the_rate_is_halved_again_while_meta_complains_and_never_reaches_zero() {
        let mut slowdown = Slowdown::default();

        for second in 0..20 {
            slowdown.halve(at(second));
        }

        assert_eq!(slowdown.of(80, at(20)), 2);
        assert_eq!(slowdown.of(20, at(20)), 1);
    }

    #[test]
    fn a_slowed_number_recovers_step_by_step() {
        let mut slowdown = Slowdown::default();
        slowdown.halve(at(0));
        slowdown.halve(at(1));

        assert_eq!(slowdown.of(80, at(30)), 20);
        assert_eq!(slowdown.of(80, at(31)), 40);
        assert_eq!(slowdown.of(80, at(61)), 80);
    }
}
