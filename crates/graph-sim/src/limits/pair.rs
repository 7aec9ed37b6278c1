//! Messages of one number to one person: a burst that is paid back at one per interval.

use std::collections::HashMap;

use crate::scenario::PairLimit;

/// For each person, when the last message that went out would have gone at the even rate.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    paid_until_us: HashMap<u64, u64>,
    cleaned_at_us: u64,
}

/// How often people whose burst is paid back are forgotten.
const CLEAN_EVERY_US: u64 = 60_000_000;

impl Pairs {
    /// Whether one more message to this person may go now.
    pub(crate) fn has_room(&self, limit: &PairLimit, person: u64, now_us: u64) -> bool {
        let interval = limit.interval_ms * 1_000;
        let borrowed =
            self.paid_until_us.get(&person).map_or(0, |paid| paid.saturating_sub(now_us));
        !limit.enabled || borrowed <= interval * u64::from(limit.burst.saturating_sub(1))
    }

    /// Notes a message to this person.
    pub(crate) fn accept(&mut self, limit: &PairLimit, person: u64, now_us: u64) {
        if !limit.enabled {
            return;
        }
        let paid = self.paid_until_us.entry(person).or_insert(now_us);
        *paid = (*paid).max(now_us) + limit.interval_ms * 1_000;
        if now_us > self.cleaned_at_us + CLEAN_EVERY_US {
            self.paid_until_us.retain(|_, paid| *paid > now_us);
            self.cleaned_at_us = now_us;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: u64 = 1_000_000;

    #[test]
    fn a_burst_passes_and_is_paid_back_one_by_one() {
        let (limit, mut pairs) = (PairLimit::default(), Pairs::default());
        for message in 0..45 {
            assert!(pairs.has_room(&limit, 1, message), "{message}");
            pairs.accept(&limit, 1, message);
        }

        assert!(!pairs.has_room(&limit, 1, 5 * SECOND_US));
        assert!(pairs.has_room(&limit, 1, 6 * SECOND_US));
        assert!(pairs.has_room(&limit, 2, 45), "another person is not concerned");
    }

    #[test]
    fn the_even_rate_never_ends() {
        let (limit, mut pairs) = (PairLimit { burst: 1, ..PairLimit::default() }, Pairs::default());

        for message in 0..100 {
            let now = message * 6 * SECOND_US;
            assert!(pairs.has_room(&limit, 1, now));
            pairs.accept(&limit, 1, now);
            assert!(!pairs.has_room(&limit, 1, now + 5 * SECOND_US));
        }
    }

    #[test]
    fn people_who_paid_back_are_forgotten() {
        let (limit, mut pairs) = (PairLimit::default(), Pairs::default());
        for person in 0..1_000 {
            pairs.accept(&limit, person, 0);
        }

        pairs.accept(&limit, 5_000, 2 * CLEAN_EVERY_US);

        assert_eq!(pairs.paid_until_us.len(), 1);
    }
}
