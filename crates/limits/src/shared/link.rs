//! Whether Redis answers, and what this worker remembers of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::RedisError;
use tokio::time::Instant;

/// While Redis is away it is asked so often whether it is back.
const PROBE: Duration = Duration::from_millis(200);

/// Redis does not answer: the worker keeps to its share of every rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Away {
    /// Not before: until then the slots are used up that Redis has given to anybody.
    pub(crate) from: Instant,
    /// When that was noticed.
    pub(crate) since: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Link {
    workers: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of what is remembered in Redis; empty: never heard.
    epoch: String,
    away: Option<Outage>,
}

#[derive(Clone, Copy, Debug)]
struct Outage {
    away: Away,
    probe_at: Instant,
}

impl Link {
    /// Redis is to be asked: always, or while it is away now and then, and then it is to be told
    /// first (`true`) that this worker has lost it.
    ///
    /// # Errors
    /// `Away`.
    pub(crate) fn may_ask(&self) -> Result<bool, Away> {
        let now = Instant::now();
        match &mut self.state().away {
            Some(outage) if outage.probe_at > now => Err(outage.away),
            Some(outage) => {
                outage.probe_at = now + PROBE;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// The epoch that is known, and whether this worker has been sending on its own.
    pub(crate) fn memory(&self) -> (String, bool) {
        let state = self.state();
        let alone = state.away.is_some_and(|outage| outage.away.from <= Instant::now());
        (state.epoch.clone(), alone)
    }

    /// Redis has answered.
    pub(crate) fn answered(&self, epoch: String) {
        let mut state = self.state();
        if state.away.take().is_some() {
            tracing::info!("Redis answers again: limits are shared");
        }
        if state.epoch != epoch {
            state.epoch = epoch;
        }
    }

    /// Redis has not answered.
    pub(crate) fn lost(&self, error: &RedisError, ahead: Duration) -> Away {
        let now = Instant::now();
        let mut state = self.state();
        let outage = state.away.get_or_insert_with(|| {
            tracing::warn!(
                error = %error.category(),
                "Redis does not answer: every worker keeps to its share of each limit"
            );
            Outage { away: Away { from: now + ahead, since: now }, probe_at: now + PROBE }
        });
        outage.probe_at = now + PROBE;
        outage.away
    }

    /// So many workers there are; or at least so many, if Redis began to remember just now.
    pub(crate) fn heard_of(&self, workers: u32, are_all: bool) {
        if are_all {
            self.workers.store(workers, Ordering::Relaxed);
        } else {
            self.workers.fetch_max(workers, Ordering::Relaxed);
        }
    }

    pub(crate) fn workers(&self) -> u32 {
        self.workers.load(Ordering::Relaxed).max(1)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
