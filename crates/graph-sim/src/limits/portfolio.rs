//! Different people that a portfolio reaches outside a service window in a moving day.

use std::collections::{HashMap, VecDeque};

/// The people a portfolio reached, each from its latest delivery on.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    latest_us: HashMap<u64, u64>,
    deliveries: VecDeque<(u64, u64)>,
}

impl Reach {
    /// Whether the portfolio may reach this person: it did within the day, or has a place left.
    pub(crate) fn has_room(&mut self, tier: u64, window_us: u64, person: u64, now_us: u64) -> bool {
        self.forget(window_us, now_us);
        self.latest_us.contains_key(&person) || (self.latest_us.len() as u64) < tier
    }

    /// Notes a delivery to this person.
    pub(crate) fn reach(&mut self, person: u64, at_us: u64) {
        self.latest_us.insert(person, at_us);
        self.deliveries.push_back((at_us, person));
    }

    /// How many people count now.
    pub(crate) fn people(&self) -> usize {
        self.latest_us.len()
    }

    fn forget(&mut self, window_us: u64, now_us: u64) {
        while let Some((at_us, person)) = self.deliveries.front().copied() {
            if at_us + window_us > now_us {
                return;
            }
            self.deliveries.pop_front();
            if self.latest_us.get(&person) == Some(&at_us) {
                self.latest_us.remove(&person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_person_counts_once_and_others_up_to_the_tier() {
        let mut reach = Reach::default();
        reach.reach(1, 0);
        reach.reach(1, 5);

        assert!(reach.has_room(2, 1_000, 2, 10));
        reach.reach(2, 10);
        assert!(!reach.has_room(2, 1_000, 3, 20));
        assert!(reach.has_room(2, 1_000, 1, 20), "who was reached may be reached again");
    }

    #[test]
    fn a_place_is_free_again_a_day_after_the_latest_delivery() {
        let mut reach = Reach::default();
        reach.reach(1, 0);
        reach.reach(1, 500);

        assert!(!reach.has_room(1, 1_000, 2, 1_400));
        assert!(reach.has_room(1, 1_000, 2, 1_500));
    }
}
