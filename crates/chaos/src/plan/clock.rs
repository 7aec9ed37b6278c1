//! Clocks that are wrong for a while.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::disturbance::{Disturbance, Event};
use super::parts::Part;
use super::scale::in_turn;

/// Those whose clock decides something: when a message expires, whose lease has lapsed, what is due.
pub(crate) const WHOSE: [Part; 3] = [Part::Dispatcher(1), Part::Scheduler, Part::AdminApi];

/// Less than what a lease of a run is longer than a send may take: so much every installation must
/// bear, since a message whose lease lapses during its call is taken for one that nobody knows of.
pub(super) const STEP_S: i64 = 2;

/// So many within the time, one after the other.
pub(super) fn events(dice: &mut impl Rng, span_ms: u64, rounds: usize) -> Vec<Event> {
    in_turn(dice, span_ms, rounds, |dice, each| {
        let part = *WHOSE.choose(dice).unwrap_or(&Part::Scheduler);
        let step_s = *[-STEP_S, STEP_S].choose(dice).unwrap_or(&STEP_S);
        Disturbance::Clock { part, step_s, for_ms: dice.random_range(each / 4..each / 2) }
    })
}
