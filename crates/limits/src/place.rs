//! A place at the front, and the turn that it becomes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::Limits;
use crate::number::Number;
use crate::shared::{Away, BEAT, NumberKey};

/// A send that is later than this for its slot asks for another one. So late ones together never
/// add more than this share of a second's messages to a second.
const LATE: Duration = Duration::from_millis(20);

/// How often a turn without Redis is tried: that nobody hears it may not be sure for a moment.
const TRIES: usize = 3;

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
    pub(crate) place: Place,
    /// The slot that Redis gave; without one it goes by this worker's share.
    pub(crate) slot: Option<Instant>,
    pub(crate) key: NumberKey,
    pub(crate) limits: Limits,
}

/// The turn never came: neither does Redis answer, nor is it sure that it answers nobody. The message
/// may not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnLost;

impl Turn {
    /// Waits until the message may be sent, which is soon. To be sent at once, then.
    ///
    /// # Errors
    /// [`TurnLost`].
    pub async fn come(self) -> Result<(), TurnLost> {
        if self.slot.is_some() && self.slot(self.slot).await.is_ok() {
            return Ok(());
        }
        // Until then the slots are used up that Redis has given to anybody.
        let used_up = self.limits.shared().ahead(&self.key);
        for _ in 0..TRIES {
            match self.limits.alone_within(4 * BEAT).await {
                Some(alone) => {
                    sleep_until(alone.since + used_up).await;
                    self.place.pass().await;
                    if self.limits.alone().is_some() {
                        return Ok(());
                    }
                }
                // It may answer again.
                None if self.slot(None).await.is_ok() => return Ok(()),
                None => {}
            }
        }
        Err(TurnLost)
    }

    /// Waits for the slot that was given, or for another one where none was or it is too late for it.
    async fn slot(&self, mut given: Option<Instant>) -> Result<(), Away> {
        loop {
            if let Some(at) = given {
                sleep_until(at).await;
                if at.elapsed() <= LATE {
                    return Ok(());
                }
            }
            match self.limits.shared().slot(&self.key).await? {
                Ok(wait) => given = Some(Instant::now() + wait),
                // Nothing was given: to be asked for again.
                Err(wait) => {
                    sleep_until(Instant::now() + wait).await;
                    given = None;
                }
            }
        }
    }
}
