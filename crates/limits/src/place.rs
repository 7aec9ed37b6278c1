//! A place at the front, and the turn that it becomes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::number::Number;
use crate::shared::{Away, NumberKey, Shared};

/// A send that is later than this for its slot asks for another one. So late ones together never
/// add more than this share of a second's messages to a second.
const LATE: Duration = Duration::from_millis(20);

/// A place at the front of a number's line. Dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` when it has been given up.
    number: Option<Arc<Number>>,
}

impl Place {
    pub(crate) fn new(number: &Arc<Number>) -> Self {
        Self { number: Some(Arc::clone(number)) }
    }

    /// Ends without giving the place back.
    pub(crate) fn forget(mut self) {
        self.number = None;
    }

    async fn pass(&self) {
        if let Some(number) = &self.number {
            number.pass().await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(number) = self.number.take() {
            number.leave();
        }
    }
}

/// A place at the front of a number's line, and all that the message needs. Dropping it without
/// [`come`](Self::come) gives up the place; what was reserved is used up.
#[derive(Debug)]
pub struct Turn {
    place: Place,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A slot that Redis gave.
    Slot { at: Instant, key: NumberKey, shared: Arc<Shared> },
    /// By this worker's share, not before that instant.
    Share { from: Instant },
}

impl Turn {
    pub(crate) fn at(place: Place, slot: Duration, key: NumberKey, shared: Arc<Shared>) -> Self {
        Self { place, kind: Kind::Slot { at: Instant::now() + slot, key, shared } }
    }

    pub(crate) fn alone(place: Place, away: Away) -> Self {
        Self { place, kind: Kind::Share { from: away.from } }
    }

    /// Waits until the message may be sent, which is soon. To be sent at once, then.
    pub async fn come(self) {
        let from = match self.kind {
            Kind::Share { from } => from,
            Kind::Slot { at, key, shared } => match slot(at, &key, &shared).await {
                Ok(()) => return,
                Err(away) => away.from,
            },
        };
        sleep_until(from).await;
        self.place.pass().await;
    }
}

async fn slot(mut at: Instant, key: &NumberKey, shared: &Shared) -> Result<(), Away> {
    loop {
        sleep_until(at).await;
        if at.elapsed() <= LATE {
            return Ok(());
        }
        match shared.slot(key).await? {
            Ok(wait) => at = Instant::now() + wait,
            // Nothing was given: by then this one is late again, and asks again.
            Err(wait) => sleep_until(Instant::now() + wait).await,
        }
    }
}
