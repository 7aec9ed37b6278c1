//! Whether Redis answers, and what this worker remembers of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::RedisError;
use tokio::time::Instant;

/// While Redis is away it is asked so often whether it is back.
const PROBE: Duration = Duration::from_millis(200);

/// For so long a worker that shares the limits may ask after it has told the others that it hears
/// Redis: its word counts for a little longer.
const TOLD_FOR: Duration = Duration::from_millis(1_500);

/// Redis does not answer, or is not to be asked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Away;

#[derive(Debug, Default)]
pub(crate) struct Link {
    workers: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of what is remembered in Redis; empty: never heard.
    epoch: String,
    /// While it is away: when it may be asked whether it is back.
    away: Option<Instant>,
    /// When the others were told that this worker hears Redis; `None` where it shares no limits.
    told_at: Option<Instant>,
}

impl Link {
    /// Whether Redis is to be asked: while it is away, now and then; and where others must know of it,
    /// when they do.
    ///
    /// # Errors
    /// `Away`.
    pub(crate) fn may_ask(&self) -> Result<(), Away> {
        let now = Instant::now();
        let mut state = self.state();
        let State { away, told_at, .. } = &mut *state;
        match (told_at, away) {
            (Some(_), Some(_)) => Err(Away),
            (Some(at), None) if now - *at > TOLD_FOR => Err(Away),
            (None, Some(probe_at)) if *probe_at > now => Err(Away),
            (None, Some(probe_at)) => {
                *probe_at = now + PROBE;
                Ok(())
            }
            (_, None) => Ok(()),
        }
    }

    /// The epoch that is known.
    pub(crate) fn epoch(&self) -> String {
        self.state().epoch.clone()
    }

    /// Redis has answered.
    pub(crate) fn answered(&self, epoch: String) {
        let mut state = self.state();
        if state.told_at.is_none() {
            state.back();
        }
        if state.epoch != epoch {
            state.epoch = epoch;
        }
    }

    /// Redis has not answered.
    pub(crate) fn lost(&self, error: &RedisError) -> Away {
        let mut state = self.state();
        if state.away.is_none() {
            tracing::warn!(error = %error.category(), "Redis does not answer");
        }
        state.away = Some(Instant::now() + PROBE);
        Away
    }

    /// Redis answers, and the others were told so, not before `told_at`.
    pub(crate) fn told(&self, told_at: Instant) {
        let mut state = self.state();
        state.told_at = Some(told_at);
        state.back();
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

impl State {
    fn back(&mut self) {
        if self.away.take().is_some() {
            tracing::info!("Redis answers again: limits are shared");
        }
    }
}
