//! Scaling out and in: processes of one kind join until all of them run, leave until one is left,
//! and join again.

use rand::Rng;

use super::disturbance::{Disturbance, Event};
use super::parts::Part;

/// How many of a kind run at most.
pub(crate) const MOST: u8 = 4;

/// The kinds of which several run.
pub(super) const KINDS: [fn(u8) -> Part; 3] = [Part::Dispatcher, Part::StatusMapper, Part::Ingress];

/// All of a kind.
pub(super) fn all(kind: fn(u8) -> Part) -> Vec<Part> {
    (1..=MOST).map(kind).collect()
}

/// So many disturbances within the time, each in a part of it that is its own.
pub(super) fn in_turn<R: Rng>(
    dice: &mut R,
    span_ms: u64,
    rounds: usize,
    mut disturbance: impl FnMut(&mut R, u64) -> Disturbance,
) -> Vec<Event> {
    let each = span_ms / u64::try_from(rounds).unwrap_or(1);
    let begins = (0..span_ms).step_by(usize::try_from(each).unwrap_or(usize::MAX)).take(rounds);
    begins
        .map(|begin| {
            let disturbance = disturbance(dice, each);
            Event { at_ms: begin + dice.random_range(0..each / 2), disturbance }
        })
        .collect()
}

/// So many rounds of it within the time, for each kind: who and how by the dice.
pub(super) fn events(dice: &mut impl Rng, span_ms: u64, rounds: usize) -> Vec<Event> {
    KINDS.into_iter().flat_map(|kind| of_kind(&all(kind), dice, span_ms, rounds)).collect()
}

fn of_kind(kind: &[Part], dice: &mut impl Rng, span_ms: u64, rounds: usize) -> Vec<Event> {
    let from_the_start = |part: &Part| Part::FROM_THE_START.contains(part);
    let (mut running, mut away): (Vec<Part>, Vec<Part>) =
        kind.iter().partition(|part| from_the_start(part));
    let mut changes = Vec::new();
    for _ in 0..rounds {
        join_all(&mut running, &mut away, &mut changes, dice);
        while running.len() > 1 {
            let part = moved(&mut running, &mut away, dice);
            changes.push(Disturbance::Leave { part, kill: dice.random() });
        }
    }
    join_all(&mut running, &mut away, &mut changes, dice);
    let mut times: Vec<u64> =
        changes.iter().map(|_| dice.random_range(500..span_ms - 1_000)).collect();
    times.sort_unstable();
    let at = times.into_iter().zip(changes);
    at.map(|(at_ms, disturbance)| Event { at_ms, disturbance }).collect()
}

fn join_all(
    running: &mut Vec<Part>,
    away: &mut Vec<Part>,
    changes: &mut Vec<Disturbance>,
    dice: &mut impl Rng,
) {
    while !away.is_empty() {
        changes.push(Disturbance::Join { part: moved(away, running, dice) });
    }
}

/// One of them goes over.
fn moved(from: &mut Vec<Part>, to: &mut Vec<Part>, dice: &mut impl Rng) -> Part {
    let part = from.swap_remove(dice.random_range(0..from.len()));
    to.push(part);
    part
}
