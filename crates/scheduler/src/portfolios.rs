//! Portfolios that are near their messaging limits, as metrics.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use domain::lane::Lane;
use runtime::metrics::{Gauge, KeyValue, gauge};
use store::budget::Usage;

/// From this share of its limit on a portfolio is told of.
const NEAR_PERCENT: u64 = 80;

/// What is measured of those that are near their limits, or were since the start: not of all, because
/// each is a label.
pub(crate) struct Portfolios {
    people: Gauge,
    room: Gauge,
    shown: Mutex<BTreeSet<String>>,
}

/// What is told of a portfolio.
#[derive(Debug, PartialEq)]
struct Level<'a> {
    portfolio: &'a str,
    people: u32,
    room: u32,
}

impl Portfolios {
    pub(crate) fn new() -> Self {
        let people = "People reached in the last day, by portfolio near its messaging limit";
        let room = "People whom a portfolio near its messaging limit may reach yet";
        Self {
            people: gauge("waypost.portfolio.people", people, "{person}"),
            room: gauge("waypost.portfolio.room", room, "{person}"),
            shown: Mutex::default(),
        }
    }

    pub(crate) fn record(&self, usages: &[Usage]) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let levels = levels(usages, &shown);
        for level in &levels {
            let label = [KeyValue::new("portfolio", level.portfolio.to_owned())];
            self.people.record(level.people.into(), &label);
            self.room.record(level.room.into(), &label);
        }
        let now_shown: Vec<_> = levels.iter().map(|level| level.portfolio.to_owned()).collect();
        shown.extend(now_shown);
    }
}

/// What is to be told. One that was told of and has no limit any more has neither people nor room.
fn levels<'a>(usages: &'a [Usage], shown: &'a BTreeSet<String>) -> Vec<Level<'a>> {
    let mut gone: BTreeSet<&str> = shown.iter().map(String::as_str).collect();
    let mut levels = Vec::new();
    for Usage { portfolio, tier, people } in usages {
        let Some(limit) = tier.room(Lane::Urgent, 0) else { continue };
        let is_near = u64::from(*people) * 100 >= u64::from(limit) * NEAR_PERCENT;
        if gone.remove(portfolio.as_str()) || is_near {
            levels.push(Level { portfolio, people: *people, room: limit.saturating_sub(*people) });
        }
    }
    levels.extend(gone.into_iter().map(|portfolio| Level { portfolio, people: 0, room: 0 }));
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(portfolio: &str, tier: &str, people: u32) -> Usage {
        Usage { portfolio: portfolio.to_owned(), tier: tier.parse().unwrap(), people }
    }

    fn told(usages: &[Usage], shown: &[&str]) -> Vec<(String, u32, u32)> {
        let shown = shown.iter().map(|portfolio| (*portfolio).to_owned()).collect();
        let levels = levels(usages, &shown);
        let tuple = |level: &Level<'_>| (level.portfolio.to_owned(), level.people, level.room);
        levels.iter().map(tuple).collect()
    }

    #[test]
    fn only_those_near_their_limit_are_told_of() {
        let usages = [
            usage("near", "250", 200),
            usage("far", "250", 199),
            usage("over", "250", 260),
            usage("endless", "unlimited", 1_000_000),
        ];

        assert_eq!(told(&usages, &[]), [("near".into(), 200, 50), ("over".into(), 260, 0)]);
    }

    #[test]
    fn one_that_was_told_of_is_told_of_until_it_is_well_again() {
        let usages = [usage("better", "250", 3), usage("endless", "unlimited", 250)];

        assert_eq!(
            told(&usages, &["better", "endless", "gone"]),
            [("better".into(), 3, 247), ("endless".into(), 0, 0), ("gone".into(), 0, 0)]
        );
    }
}
