//! How long a message waits before its next attempt.

use std::time::Duration;

use chrono::TimeDelta;

/// The waits after the first, second, … attempt that provably sent nothing.
#[derive(Clone, Debug)]
pub struct RetryWaits {
    waits: Vec<TimeDelta>,
}

/// The longest wait of a pair that was too fast.
const LONGEST_PAIR_WAIT: i64 = 600;

impl RetryWaits {
    /// What is used unless told otherwise.
    pub const DEFAULT: [Duration; 5] = [
        Duration::from_secs(1),
        Duration::from_secs(5),
        Duration::from_secs(30),
        Duration::from_secs(120),
        Duration::from_secs(600),
    ];

    /// These waits, the last of which repeats; `None` when there is none.
    pub fn new(waits: Vec<Duration>) -> Option<Self> {
        let wait = |wait| TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
        let waits: Vec<_> = waits.into_iter().map(wait).collect();
        (!waits.is_empty()).then_some(Self { waits })
    }

    /// The wait after an attempt that was preceded by `before` others.
    pub fn after(&self, before: i32) -> TimeDelta {
        let rung = usize::try_from(before).unwrap_or(0).min(self.waits.len() - 1);
        self.waits[rung]
    }

    /// The wait of a pair of number and recipient that was too fast: 4^n seconds, as Meta advises
    /// (<https://developers.facebook.com/docs/whatsapp/cloud-api/overview/#pair-rate-limits>), at
    /// most ten minutes.
    pub(crate) fn of_pair(before: i32) -> TimeDelta {
        let seconds = 4_i64.saturating_pow(u32::try_from(before).unwrap_or(0));
        TimeDelta::seconds(seconds.min(LONGEST_PAIR_WAIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wait_repeats() {
        let waits = RetryWaits::new(RetryWaits::DEFAULT.to_vec()).unwrap();

        let seconds: Vec<_> = (0..7).map(|before| waits.after(before).num_seconds()).collect();

        assert_eq!(seconds, [1, 5, 30, 120, 600, 600, 600]);
    }

    #[test]
    fn a_pair_waits_four_times_longer_each_time_up_to_ten_minutes() {
        let seconds: Vec<_> =
            (0..40).map(|before| RetryWaits::of_pair(before).num_seconds()).collect();

        assert_eq!(seconds[..6], [1, 4, 16, 64, 256, 600]);
        assert_eq!(seconds[39], 600);
    }
}
