//! What one process goes by while Redis is away.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::management::{Level, Usage, UsedUp};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::time::Instant;

use super::{FALLBACK, PER_HOUR, PER_HOUR_ACTIVE};

/// So many processes are assumed by one that has never heard how many there are.
const UNHEARD: u32 = 4;

/// What Meta told counts for so long; as in `manage.lua`.
const FRESH: Duration = Duration::from_secs(10 * 60);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How many apps and accounts are remembered before those are forgotten that nobody asks about.
const MOST: usize = 4_096;

/// Apps and accounts, by their keys.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// Of how many processes this is one; 0: never heard.
    workers: AtomicU32,
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    used: Instant,
    is_active: bool,
    closed_until: Option<Instant>,
    /// In percent, and when.
    told: Option<(u32, Instant)>,
    /// Calls of which Redis has not heard.
    unasked: u32,
    /// What this process lets itself do, and how many calls in an hour that is.
    pace: Option<(NonZeroU32, DefaultDirectRateLimiter)>,
}

impl Known {
    fn new(now: Instant) -> Self {
        let (closed_until, told, pace) = (None, None, None);
        Self { used: now, is_active: false, closed_until, told, unasked: 0, pace }
    }

    /// How long Meta's own word keeps a caller away who may use so much, in percent.
    fn wait(&self, share: u32, now: Instant) -> Option<Duration> {
        let closed = self.closed_until.and_then(|until| until.checked_duration_since(now));
        let told = self.told.filter(|(percent, _)| *percent >= share);
        let told = told.and_then(|(_, at)| (at + FRESH).checked_duration_since(now));
        closed.max(told).filter(|wait| !wait.is_zero())
    }

    /// Takes one call of this process's share.
    fn pass(&mut self, share: u32, workers: u32) -> Result<(), Duration> {
        let limit = if self.is_active { PER_HOUR_ACTIVE } else { PER_HOUR };
        let calls = limit * FALLBACK * share / (100 * 100 * workers);
        let calls = NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN);
        if self.pace.as_ref().is_none_or(|(paced, _)| *paced != calls) {
            self.pace = Some((calls, DefaultDirectRateLimiter::direct(quota(calls))));
        }
        let Some((_, pace)) = &self.pace else { return Ok(()) };
        let clock = DefaultClock::default();
        pace.check().map_err(|not_until| not_until.wait_time_from(clock.now()))?;
        self.unasked += 1;
        Ok(())
    }
}

/// No more than `calls` in any hour: a half at once, and what is earned in an hour.
fn quota(calls: NonZeroU32) -> Quota {
    let burst = NonZeroU32::new(calls.get() / 2).unwrap_or(NonZeroU32::MIN);
    let earned = calls.get() - burst.get();
    // A single call an hour earns nothing within the hour.
    let every = if earned == 0 { HOUR + HOUR / 60 } else { HOUR / earned };
    Quota::with_period(every)
        .expect("not zero, since nobody has that many calls")
        .allow_burst(burst)
}

impl Alone {
    fn workers(&self) -> u32 {
        match self.workers.load(Ordering::Relaxed) {
            0 => UNHEARD,
            workers => workers,
        }
    }

    /// Takes one call of an app, and on one of its accounts unless that is empty.
    pub(super) fn take(&self, app: &str, waba: &str, share: u32) -> Result<(), UsedUp> {
        let workers = self.workers();
        let now = Instant::now();
        let mut known = self.known();
        let app = known.get(app).and_then(|app| app.wait(share, now));
        if let Some(wait) = app {
            return Err(UsedUp { level: Level::App, wait });
        }
        if waba.is_empty() {
            return Ok(());
        }
        let waba = entry(&mut known, waba, now);
        let taken = match waba.wait(share, now) {
            Some(wait) => Err(wait),
            None => waba.pass(share, workers),
        };
        taken.map_err(|wait| UsedUp { level: Level::Waba, wait })
    }

    /// Notes what Meta has said of an app or an account.
    pub(super) fn note(&self, key: &str, usage: &Usage, is_active: Option<bool>) {
        if usage == &Usage::default() && is_active.is_none() {
            return;
        }
        let now = Instant::now();
        let mut known = self.known();
        let known = entry(&mut known, key, now);
        known.told = usage.percent.map(|percent| (percent, now)).or(known.told);
        known.closed_until = known.closed_until.max(usage.closed_for.map(|time| now + time));
        known.is_active = is_active.unwrap_or(known.is_active);
    }

    /// Takes out how many calls on an account Redis has not heard of, to tell it.
    pub(super) fn take_unasked(&self, waba: &str) -> u32 {
        self.known().get_mut(waba).map_or(0, |known| std::mem::take(&mut known.unasked))
    }

    /// It could not be told.
    pub(super) fn give_back_unasked(&self, waba: &str, unasked: u32) {
        if let Some(known) = self.known().get_mut(waba) {
            known.unasked += unasked;
        }
    }

    /// Redis has told how many processes there are.
    pub(super) fn set_workers(&self, workers: u32) {
        self.workers.store(workers, Ordering::Relaxed);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry<'a>(known: &'a mut HashMap<String, Known>, key: &str, now: Instant) -> &'a mut Known {
    if known.len() >= MOST && !known.contains_key(key) {
        let is_closed = |known: &Known| known.closed_until.is_some_and(|until| until > now);
        known.retain(|_, known| now - known.used < 2 * HOUR || is_closed(known));
    }
    let known = known.entry(key.to_owned()).or_insert_with(|| Known::new(now));
    known.used = now;
    known
}
