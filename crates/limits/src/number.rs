//! One number: its pace, those who are about to send from it, and those who wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::lane::Lane;
use governor::clock::DefaultClock;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::Instant;

use crate::pace::{Pace, Share};
use crate::place::Place;
use crate::room::Room;
use crate::slots::Slots;
use crate::slowdown::Slowdown;

/// Places at the front for a tenth of a second's worth of messages: long enough to write an attempt
/// ahead of its turn, short enough that few attempts are in doubt when a worker dies.
const PLACES_PER_SECOND: u32 = 10;

/// For how long a number is remembered that nothing is sent from. Longer than its law looks back.
const RECENT: Duration = Duration::from_secs(120);

/// A number.
#[derive(Debug)]
pub(crate) struct Number {
    started: Instant,
    state: Mutex<State>,
    /// Told when the pace has changed.
    changed: Notify,
    /// One after the other goes through the gate, in the order of arrival.
    gate: Semaphore,
}

#[derive(Debug)]
struct State {
    /// What Meta allows.
    allowed: u32,
    workers: u32,
    /// What is left of it for this worker, after slowdowns.
    share: Option<Share>,
    pace: Option<Arc<Pace<DefaultClock>>>,
    slowdown: Slowdown,
    room: Room<oneshot::Sender<Place>>,
    slots: [Slots; Lane::ALL.len()],
    used_at: Instant,
}

/// What becomes of one who wants to send.
pub(crate) enum Admission {
    /// To the front.
    Go(Place),
    /// In line; resolves when a place at the front is free.
    Line(oneshot::Receiver<Place>),
    /// Neither: there are too many.
    Full,
}

impl Default for Number {
    fn default() -> Self {
        let now = Instant::now();
        let state = State {
            allowed: 0,
            workers: 1,
            share: None,
            pace: None,
            slowdown: Slowdown::default(),
            room: Room::default(),
            slots: Default::default(),
            used_at: now,
        };
        Self {
            started: now,
            state: Mutex::new(state),
            changed: Notify::new(),
            gate: Semaphore::new(1),
        }
    }
}

impl Number {
    /// Sets what Meta allows the number, and how many workers share it; those who wait go on at the
    /// new pace.
    pub(crate) fn set_rate(&self, allowed: u32, workers: u32) {
        let mut state = self.state();
        (state.allowed, state.workers) = (allowed, workers);
        self.adapt(&mut state);
    }

    /// Slows the number down.
    pub(crate) fn throttled(&self) {
        let mut state = self.state();
        state.slowdown.halve(self.started.elapsed());
        self.adapt(&mut state);
    }

    fn adapt(&self, state: &mut State) {
        let rate = state.slowdown.of(state.allowed, self.started.elapsed());
        let share = Share::new(rate, state.workers);
        if state.share == Some(share) {
            return;
        }
        let clock = DefaultClock::default();
        let pace = match state.pace {
            None => Pace::new(share, clock),
            Some(_) => Pace::following(share, clock),
        };
        state.share = Some(share);
        state.pace = Some(Arc::new(pace));
        self.changed.notify_waiters();
    }

    /// Goes to the front, or in line if there may be one and it takes no longer than `hold`, or away.
    pub(crate) fn admit(self: &Arc<Self>, lane: Lane, hold: Duration, line: bool) -> Admission {
        let mut state = self.state();
        state.used_at = Instant::now();
        let places = state.places();
        if state.room.enter(lane, places) {
            return Admission::Go(Place::new(self));
        }
        if line && state.room.standing(lane) < state.line(hold) {
            let (place, line) = oneshot::channel();
            state.room.stand(lane, place);
            return Admission::Line(line);
        }
        Admission::Full
    }

    /// Forgets those in line who have gone.
    pub(crate) fn give_up_line(&self, lane: Lane) {
        self.state().room.forget(lane, oneshot::Sender::is_closed);
    }

    /// How long to wait before coming back, `ahead` or longer, by this worker's share of the rate.
    pub(crate) fn stay_away(&self, lane: Lane, ahead: Duration) -> Duration {
        let mut state = self.state();
        let rate = state.rate();
        state.slots[lane as usize].take(self.started.elapsed(), ahead, rate)
    }

    /// Whether it was used lately or has given away slots that are still to come.
    pub(crate) fn is_recent(&self) -> bool {
        let (now, state) = (self.started.elapsed(), self.state());
        let is_over = state.used_at.elapsed() > RECENT
            && state.room.is_empty()
            && state.slots.iter().all(|slots| slots.are_over(now));
        !is_over
    }

    /// Waits for a turn by this worker's share of the rate.
    pub(crate) async fn pass(&self) {
        // The semaphore is never closed.
        let _first = self.gate.acquire().await;
        loop {
            let changed = self.changed.notified();
            let pace = self.state().pace.clone();
            let Some(Err(wait)) = pace.map(|pace| pace.pass()) else { return };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = changed => {}
            }
        }
    }

    /// Gives a place back and hands what is free to those who wait.
    pub(crate) fn leave(self: &Arc<Self>) {
        self.state().room.leave();
        loop {
            let called = {
                let mut state = self.state();
                let places = state.places();
                state.room.call(places)
            };
            let Some(waiter) = called else { return };
            if let Err(place) = waiter.send(Place::new(self)) {
                // Nobody waits there any more. The next one is called by this loop and not by the
                // place's own end, which would go as deep as many have gone.
                place.forget();
                self.state().room.leave();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn places(&self) -> usize {
        self.rate().div_ceil(PLACES_PER_SECOND) as usize
    }

    fn rate(&self) -> u32 {
        self.share.map_or(1, Share::whole)
    }

    /// How many may stand in line.
    fn line(&self, hold: Duration) -> usize {
        let line = u128::from(self.rate()) * hold.as_micros() / 1_000_000;
        usize::try_from(line).unwrap_or(usize::MAX)
    }
}
