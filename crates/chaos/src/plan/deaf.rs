//! Dispatchers that do not hear Redis for a while, beside others that do.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::disturbance::{Disturbance, Event};
use super::parts::Part;
use super::scale::{all, in_turn};

/// Those that share the limits.
pub(crate) fn dispatchers() -> Vec<Part> {
    all(Part::Dispatcher)
}

/// So many within the time, one after the other: some for less than it takes to give up, some for longer.
pub(super) fn events(dice: &mut impl Rng, span_ms: u64, rounds: usize) -> Vec<Event> {
    in_turn(dice, span_ms, rounds, |dice, each| {
        let part = *dispatchers().choose(dice).unwrap_or(&Part::Dispatcher(1));
        Disturbance::Deaf { part, for_ms: dice.random_range(300..each / 2) }
    })
}
