//! The pace of one number: a hard law and how governor keeps it.
//!
//! The law: no more than `rate` messages in any second, wherever it begins. A bucket that holds
//! `capacity` and refills at `speed` lets `capacity + speed` through in one second, so the two
//! together must stay below `rate + 1`. governor counts in whole cells; a message is 100 of them,
//! which leaves room for less than a message between two numbers of cells:
//!
//! * speed = 99 cells a second for each message of the rate: 99 % of the rate is used;
//! * capacity = 99 + `rate` cells: together 100 × `rate` + 99, one cell short of `rate + 1` messages.
//!
//! The capacity is what makes up for late timers: about 10 ms at any rate.
//!
//! Of several workers each has its share of the speed and a capacity of its own. One message of
//! each capacity but one's is taken off the rate before it is shared, so that the law holds for
//! all of them together, at any rate that has a message for each.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// How many cells one message takes.
const MESSAGE: NonZeroU32 = NonZeroU32::new(100).expect("not zero");

/// How many cells a second for each message of the rate.
const SPEED: u64 = 99;

const SECOND: u64 = 1_000_000_000;

/// Lets messages pass at one rate, by the clock `C`.
#[derive(Debug)]
pub(crate) struct Pace<C: Clock> {
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    clock: C,
}

impl<C: Clock + Clone> Pace<C> {
    /// A pace that has been idle: a message may pass at once.
    pub(crate) fn new(share: Share, clock: C) -> Self {
        let limiter = RateLimiter::direct_with_clock(share.quota(), clock.clone());
        Self { limiter, clock }
    }

    /// A pace that has just been used to the full, as it follows on another one.
    pub(crate) fn following(share: Share, clock: C) -> Self {
        let pace = Self::new(share, clock);
        // Exactly what a new one holds, so it cannot be too much.
        let _ = pace.limiter.check_n(share.capacity());
        pace
    }

    /// Lets one message pass now.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub(crate) fn pass(&self) -> Result<(), Duration> {
        match self.limiter.check_n(MESSAGE) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(self.clock.now())),
            Err(_) => unreachable!("the capacity is never below one message"),
        }
    }
}

/// One worker's part of a number's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Messages per second of all workers together.
    rate: u32,
    workers: u32,
}

impl Share {
    /// Each at least 1.
    pub(crate) fn new(rate: u32, workers: u32) -> Self {
        Self { rate: rate.max(1), workers: workers.max(1) }
    }

    /// Whole messages per second of this worker, at least 1.
    pub(crate) fn whole(self) -> u32 {
        (self.rate / self.workers).max(1)
    }

    fn shared(self) -> u32 {
        self.rate.saturating_sub(self.workers - 1).max(1)
    }

    fn quota(self) -> Quota {
        // Rounded up, so that rounding never makes it faster.
        let parts = SECOND.saturating_mul(u64::from(self.workers));
        let period = Duration::from_nanos(parts.div_ceil(SPEED * u64::from(self.shared())));
        let quota = Quota::with_period(period).expect("rounded up, so not zero");
        quota.allow_burst(self.capacity())
    }

    fn capacity(self) -> NonZeroU32 {
        MESSAGE.saturating_add((self.shared() / self.workers).saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    use super::*;

    fn all(rate: u32) -> Share {
        Share::new(rate, 1)
    }

    /// Sends whenever it may, looking at the clock after each of `steps` (repeated for `span`).
    fn sent(pace: &Pace<FakeRelativeClock>, steps: &[Duration], span: Duration) -> Vec<Duration> {
        let (mut now, mut sent) = (Duration::ZERO, Vec::new());
        for step in steps.iter().cycle() {
            while pace.pass().is_ok() {
                sent.push(now);
            }
            if now > span {
                break;
            }
            pace.clock.advance(*step);
            now += *step;
        }
        sent
    }

    fn most_in_a_second(sent: &[Duration]) -> usize {
        let within = |first: usize| {
            let end = sent[first] + Duration::from_secs(1);
            sent[first..].iter().take_while(|at| **at <= end).count()
        };
        (0..sent.len()).map(within).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_rate_however_irregularly_one_looks(
            per_second in prop_oneof![Just(1_u32), Just(20), Just(80), Just(1_000), 1_u32..1_500],
            steps in prop::collection::vec(1_u64..400_000, 1..40),
        ) {
            let pace = Pace::new(all(per_second), FakeRelativeClock::default());
            let steps: Vec<_> = steps.into_iter().map(Duration::from_micros).collect();

            let sent = sent(&pace, &steps, Duration::from_secs(3));

            prop_assert!(most_in_a_second(&sent) <= per_second as usize);
        }
    }

    #[test]
    fn the_shares_of_all_workers_together_keep_the_law() {
        for (per_second, workers) in [(80, 2), (80, 4), (20, 3), (1_000, 4)] {
            let mut all = Vec::new();
            for worker in 0..workers {
                let pace = Pace::new(Share::new(per_second, workers), FakeRelativeClock::default());
                let steps = [u64::from(worker) + 1, 3, 400].map(Duration::from_millis);
                all.extend(sent(&pace, &steps, Duration::from_secs(5)));
            }
            all.sort_unstable();

            assert!(most_in_a_second(&all) <= per_second as usize, "{per_second} by {workers}");
        }
    }

    #[test]
    fn a_timer_that_is_up_to_five_milliseconds_late_costs_nothing() {
        for per_second in [20_u32, 80, 250, 1_000] {
            let pace = Pace::new(all(per_second), FakeRelativeClock::default());
            let late = [1, 5, 2, 4, 3].map(Duration::from_millis);

            let sent = sent(&pace, &late, Duration::from_secs(100));

            let used = sent.len() as f64 / (100.0 * f64::from(per_second));
            assert!(used >= 0.98, "{per_second}: {used}");
        }
    }

    #[test]
    fn a_pace_that_follows_another_lets_nothing_pass_at_once() {
        for per_second in [1_u32, 20, 80, 1_000] {
            let clock = FakeRelativeClock::default();

            let pace = Pace::following(all(per_second), clock.clone());

            let wait = pace.pass().unwrap_err();
            assert!(wait >= Duration::from_secs(1) / per_second, "{per_second}: {wait:?}");
            clock.advance(wait);
            assert_eq!(pace.pass(), Ok(()), "{per_second}");
        }
    }
}
