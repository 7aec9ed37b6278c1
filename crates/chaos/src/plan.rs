//! What will happen: a pure function of a seed.

mod chosen;
mod clock;
mod deaf;
mod disturbance;
mod load;
mod parts;
mod scale;
#[cfg(test)]
mod tests;

pub(crate) use self::clock::WHOSE as CLOCKED;
pub(crate) use self::deaf::dispatchers;
pub use self::disturbance::{Disturbance, Event, Trouble};
pub use self::load::{Batch, Fate, NUMBERS, OnUnknown, Planned, UNDELIVERABLE, Writer};
pub use self::parts::{Part, Server};
pub(crate) use self::scale::MOST;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Kills, one crash or restart of the broker, one flush of Redis, in less than a minute.
    Short,
    /// Everything, for minutes.
    Long,
}

/// All that will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where it comes from.
    pub seed: u64,
    /// The disturbances, the earliest first.
    pub events: Vec<Event>,
    /// The load, the earliest first.
    pub batches: Vec<Batch>,
    /// The people who write, the earliest first.
    pub writers: Vec<Writer>,
}

/// Milliseconds between two batches of the load.
const BATCH_EVERY_MS: u64 = 250;

/// The plan of a seed.
#[must_use]
pub fn plan(seed: u64, length: Length) -> Plan {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let (span_ms, mut events, rounds) = match length {
        Length::Short => (20_000, chosen::short(&mut dice), 1),
        Length::Long => (120_000, chosen::long(&mut dice), 3),
    };
    events.extend(scale::events(&mut own_dice(seed, 1), span_ms, rounds));
    events.extend(clock::events(&mut own_dice(seed, 2), span_ms, rounds));
    events.extend(deaf::events(&mut own_dice(seed, 3), span_ms, rounds * 2));
    events.sort_by_key(|event| event.at_ms);
    let mut index = 0;
    let batches = (0..span_ms / BATCH_EVERY_MS).map(|nth| Batch {
        at_ms: nth * BATCH_EVERY_MS,
        messages: (0..dice.random_range(2..6))
            .map(|_| {
                index += 1;
                load::message(index - 1, &mut dice)
            })
            .collect(),
    });
    let batches = batches.collect();
    let writers = (0..span_ms / 1_000).map(|nth| Writer {
        at_ms: nth * 1_000 + 500,
        to: NUMBERS[dice.random_range(0..3)],
        from: format!("+49171{nth:07}"),
    });
    let writers = writers.collect();
    Plan { seed, events, batches, writers }
}

/// Dice that leave those of the rest as they are.
fn own_dice(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(stream);
    dice
}

impl Plan {
    /// The events of each lane; lanes run side by side.
    #[must_use]
    pub fn lanes(&self) -> [Vec<Event>; 5] {
        [0, 1, 2, 3, 4].map(|lane| {
            let events = self.events.iter().copied();
            events.filter(|event| event.disturbance.lane() == lane).collect()
        })
    }

    /// How many messages it enqueues.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.batches.iter().map(|batch| batch.messages.len()).sum()
    }
}
