//! Who is called back, and how.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::values::Chance;

/// How webhooks are posted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Who is called back. Empty: the URL and secret that the simulator was started with.
    pub subscribers: Vec<Subscriber>,
    /// How many updates one POST carries at most (Meta: 1,000).
    pub max_batch: usize,
    /// How many statuses of one number share one `changes[]` item.
    pub statuses_per_change: usize,
    /// How long due updates are gathered before they are posted together, in milliseconds.
    pub gather_ms: u64,
    /// Whether the updates of one POST stand in any order.
    pub shuffle: bool,
    /// That a POST which got its 200 is posted once more.
    pub doubled: Chance,
    /// How many POSTs are under way at once.
    pub concurrency: usize,
    /// How long an answer is waited for, in milliseconds.
    pub timeout_ms: u64,
    /// How a POST that did not get 200 is posted again.
    pub redelivery: Redelivery,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            subscribers: Vec::new(),
            max_batch: 1_000,
            statuses_per_change: 10,
            gather_ms: 10,
            shuffle: false,
            doubled: Chance::NEVER,
            concurrency: 8,
            timeout_ms: 10_000,
            redelivery: Redelivery::default(),
        }
    }
}

/// One URL that is called back, as one subscribed app.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscriber {
    /// Where webhooks are posted.
    pub url: String,
    /// The secret that signs them. Absent: the one the simulator was started with.
    #[serde(default)]
    pub app_secret: Option<String>,
    /// Only updates of these WABAs. Empty: all.
    #[serde(default)]
    pub waba_ids: Vec<String>,
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Subscriber").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The growing delays of redelivery. Meta keeps trying for up to seven days; a simulated hour may be shorter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Redelivery {
    /// The first delay, in milliseconds.
    pub first_ms: u64,
    /// By how much each next one is longer.
    pub factor: f64,
    /// The longest delay, in milliseconds.
    pub longest_ms: u64,
    /// After how many simulated hours a POST is given up (Meta: 7 days).
    pub give_up_after_hours: f64,
    /// How many milliseconds a simulated hour lasts.
    pub hour_ms: u64,
}

impl Redelivery {
    /// The delay before the next try after `attempts` failed ones, in milliseconds.
    #[must_use]
    pub fn delay_ms(&self, attempts: u32) -> u64 {
        #[expect(
            clippy::cast_possible_wrap,
            reason = "attempts stay far below two thousand millions"
        )]
        let power = self.factor.max(1.0).powi(attempts.saturating_sub(1).min(64) as i32);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a float to integer cast saturates, and the longest delay caps it"
        )]
        let delay = (self.first_ms as f64 * power) as u64;
        delay.min(self.longest_ms)
    }

    /// How long a POST is tried, in milliseconds of real time.
    #[must_use]
    pub fn give_up_after_ms(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a float to integer cast saturates"
        )]
        let whole = (self.give_up_after_hours.max(0.0) * self.hour_ms as f64) as u64;
        whole
    }
}

impl Default for Redelivery {
    fn default() -> Self {
        Self {
            first_ms: 1_000,
            factor: 2.0,
            longest_ms: 60_000,
            give_up_after_hours: 7.0 * 24.0,
            hour_ms: 60 * 60 * 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redelivery_waits_longer_each_time_up_to_its_longest() {
        let redelivery =
            Redelivery { first_ms: 100, factor: 3.0, longest_ms: 1_000, ..Redelivery::default() };

        let delays: Vec<u64> = (1..=4).map(|attempts| redelivery.delay_ms(attempts)).collect();

        assert_eq!(delays, [100, 300, 900, 1_000]);
    }

    #[test]
    fn a_simulated_hour_scales_when_a_post_is_given_up() {
        let redelivery =
            Redelivery { give_up_after_hours: 2.0, hour_ms: 50, ..Redelivery::default() };

        assert_eq!(redelivery.give_up_after_ms(), 100);
    }
}
