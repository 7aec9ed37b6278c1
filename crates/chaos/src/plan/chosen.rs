//! Which disturbances, and when.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::disturbance::{Disturbance, Event, Trouble};
use super::parts::{Part, Server};

pub(super) fn short(dice: &mut impl Rng) -> Vec<Event> {
    let kills = Part::SHORT.into_iter().map(|part| kill(part, 1_000..18_000, dice));
    let mut events: Vec<Event> = kills.collect();
    events.push(Event {
        at_ms: dice.random_range(4_000..10_000),
        disturbance: Disturbance::Restart {
            server: Server::RabbitMq,
            crash: dice.random(),
            down_ms: 500,
        },
    });
    events.push(Event {
        at_ms: dice.random_range(1_000..18_000),
        disturbance: Disturbance::FlushRedis,
    });
    events.push(meta(Trouble::AnswerLost, 2_000..15_000, dice));
    events
}

pub(super) fn long(dice: &mut impl Rng) -> Vec<Event> {
    let mut events = Vec::new();
    for part in Part::FROM_THE_START.into_iter().cycle().take(Part::FROM_THE_START.len() * 4) {
        events.push(kill(part, 1_000..115_000, dice));
    }
    let mut server_events = vec![Disturbance::FlushRedis; 3];
    for server in Server::ALL {
        for crash in [false, true] {
            let down_ms = dice.random_range(200..4_000);
            server_events.push(Disturbance::Restart { server, crash, down_ms });
        }
        let for_ms = dice.random_range(1_000..8_000);
        server_events.push(Disturbance::Stall { server, for_ms });
    }
    server_events.push(Disturbance::FullDisk { for_ms: dice.random_range(3_000..8_000) });
    for disturbance in server_events {
        events.push(Event { at_ms: dice.random_range(3_000..110_000), disturbance });
    }
    let troubles = [
        Trouble::Slow,
        Trouble::AnswerLost,
        Trouble::ErrorAfterAccept,
        Trouble::Unavailable,
        Trouble::Reset,
    ];
    for trouble in troubles {
        events.push(meta(trouble, 2_000..100_000, dice));
    }
    events
}

fn kill(part: Part, when: std::ops::Range<u64>, dice: &mut impl Rng) -> Event {
    let down_ms = *[0, 200, 1_000, 2_500].choose(dice).unwrap_or(&0);
    Event { at_ms: dice.random_range(when), disturbance: Disturbance::Kill { part, down_ms } }
}

fn meta(trouble: Trouble, when: std::ops::Range<u64>, dice: &mut impl Rng) -> Event {
    let percent = dice.random_range(10..60);
    let for_ms = dice.random_range(2_000..6_000);
    let disturbance = Disturbance::Meta { trouble, percent, for_ms };
    Event { at_ms: dice.random_range(when), disturbance }
}
