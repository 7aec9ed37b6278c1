//! Who may send when, and who may ask Meta about its accounts ([`Management`]).
//!
//! In comes one message that is to be sent: from which number, to whom, in which lane. Out comes a
//! [`Turn`] to send it now, or the instant at which to come back. This crate knows neither rows nor
//! queues nor Meta's answers; whoever asks puts a message aside that has to wait.
//!
//! Redis decides, for all workers together: a number's slots come one after the other at its rate, and
//! a pair of number and recipient sends as often as Meta lets it. While Redis is away for all, each
//! worker keeps to its share of every rate by governor, and to less than a pair's; so the limits hold
//! although nobody can be asked. Whether it is away for all stands in the rows ([`Ledger`]): a worker
//! that alone does not hear it sends nothing.
//!
//! Short waits are held here: about a second's worth of a number's messages stands in line, the
//! higher lane in front. What does not fit gets a slot of its own, one after the other at the
//! number's rate, so that a backlog of any length comes back evenly and each of its messages is
//! put aside once.

mod alone;
mod budget;
mod inbound;
mod ledger;
mod management;
mod number;
mod pace;
mod pairs;
mod place;
mod room;
mod shared;
mod slots;
mod slowdown;
mod standing;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use dashmap::DashMap;
use domain::ids::PhoneNumberId;
use domain::lane::{Lane, WaitingReason};
use tokio::time::{Instant, sleep};

use crate::alone::{Alone, Hearing};
pub use crate::budget::Budget;
use crate::budget::Shares;
pub use crate::inbound::Inbound;
pub use crate::ledger::{Asked, Ledger, People, Reached};
pub use crate::management::{Caller, Management};
use crate::number::{Admission, Number};
use crate::pairs::Pairs;
use crate::place::Place;
pub use crate::place::{Turn, TurnLost};
use crate::shared::{Away, Filled, Granted, NumberKey, Shared, Token};
pub use crate::shared::{InvalidRedisUrl, RedisConfig};
pub use crate::standing::Standing;

/// How many reservations pass between two looks for numbers that nobody uses any more.
const HOUSEKEEPING: usize = 4_096;

/// When to ask again after nobody could tell whom a portfolio has reached.
const UNTOLD: Duration = Duration::from_secs(1);

/// How much waiting is done in memory.
#[derive(Clone, Copy, Debug)]
pub struct LimitsConfig {
    /// How much of a number's work stands in line here, measured in the time it takes to send.
    pub hold: Duration,
    /// How many messages of one lane stand in line, whatever their number; so that many slow
    /// numbers do not fill a worker.
    pub held_per_lane: usize,
    /// How long a message is claimed: whoever may go begins the attempt within it, or not at all.
    pub claim_lease: Duration,
}

/// A message that is to be sent.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The number it is sent from.
    pub phone_number_id: &'a PhoneNumberId,
    /// Whom it is for: `+E.164` or a business-scoped user id.
    pub recipient: &'a str,
    /// How urgent it is.
    pub lane: Lane,
    /// What Meta allows the number.
    pub messages_per_second: u32,
    /// The place it needs in its portfolio's messaging limit; `None` within a service window.
    pub budget: Option<Budget<'a>>,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Shows no recipient.
impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("phone_number_id", &self.phone_number_id)
            .field("lane", &self.lane)
            .field("messages_per_second", &self.messages_per_second)
            .finish_non_exhaustive()
    }
}

/// Whether a message may be sent.
#[derive(Debug)]
pub enum Decision {
    /// It is about to be its turn.
    Go(Turn),
    /// Not before this instant, for this reason; whatever limit it is that says so.
    At {
        /// When to ask again.
        until: DateTime<Utc>,
        /// What the message waits for.
        reason: WaitingReason,
    },
}

/// The limits of all numbers, as this worker keeps them. All clones are one.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: LimitsConfig,
    shared: Arc<Shared>,
    ledger: Arc<dyn Ledger>,
    ledger_is_away: AtomicBool,
    hearing: Mutex<Hearing>,
    pairs: Pairs,
    shares: Shares,
    numbers: DashMap<PhoneNumberId, Arc<Number>>,
    held: [AtomicUsize; Lane::ALL.len()],
    asked: AtomicUsize,
}

impl Limits {
    /// Limits that nobody has used yet. Redis is asked first by [`join`](Self::join).
    ///
    /// # Errors
    /// When that is no URL of Redis.
    pub fn new(
        config: LimitsConfig,
        redis: RedisConfig,
        ledger: Arc<dyn Ledger>,
    ) -> Result<Self, InvalidRedisUrl> {
        Ok(Self(Arc::new(Inner {
            config,
            shared: Arc::new(Shared::new(redis)?),
            ledger,
            ledger_is_away: AtomicBool::new(false),
            hearing: Mutex::new(Hearing::new(Instant::now())),
            pairs: Pairs::default(),
            shares: Shares::default(),
            numbers: DashMap::new(),
            held: Default::default(),
            asked: AtomicUsize::new(0),
        })))
    }

    /// Reserves everything that `request` needs at once, waiting in line while that is short.
    ///
    /// May be dropped while it waits: the place in line is given up.
    pub async fn reserve(&self, request: Request<'_>) -> Decision {
        if self.0.asked.fetch_add(1, Ordering::Relaxed) % HOUSEKEEPING == HOUSEKEEPING - 1 {
            self.retain_recent();
        }
        let begun = Instant::now();
        let number = self.number(request.phone_number_id);
        number.set_rate(request.messages_per_second, self.0.shared.workers());
        let (wait, reason) = match self.place(&number, request.lane).await {
            None => (self.stay_away(&number, request).await, WaitingReason::Throughput),
            Some(place) => match self.take(&number, place, request).await {
                Ok(turn) => return Decision::Go(turn),
                Err(waits) => waits,
            },
        };
        let wait = TimeDelta::from_std(begun.elapsed() + wait).unwrap_or(TimeDelta::MAX);
        let until = request.now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC);
        Decision::At { until, reason }
    }

    /// A place at the front; `None` when too many stand before it.
    async fn place(&self, number: &Arc<Number>, lane: Lane) -> Option<Place> {
        let held = &self.0.held[lane as usize];
        let line = held.load(Ordering::Relaxed) < self.0.config.held_per_lane;
        let hold = self.0.config.hold;
        match number.admit(lane, hold, line) {
            Admission::Go(place) => Some(place),
            Admission::Line(line) => {
                let _held = Held::one_more(held);
                // A higher lane may keep this one waiting for ever; then it is put aside as well.
                let patience = 4 * hold + Duration::from_secs(1);
                let called = tokio::time::timeout(patience, line).await.ok().and_then(Result::ok);
                if called.is_none() {
                    number.give_up_line(lane);
                }
                called
            }
            Admission::Full => None,
        }
    }

    /// How long one that does not fit stays away: until a slot of its own among all that have been
    /// put aside, by any worker.
    async fn stay_away(&self, number: &Number, request: Request<'_>) -> Duration {
        // Less than what stands in line takes, so that the line is never empty while something is
        // put aside.
        let ahead = self.0.config.hold / 2;
        let key = self.0.shared.number(request.phone_number_id, request.messages_per_second);
        match self.0.shared.later(&key, request.lane, ahead).await {
            Ok(wait) => wait,
            Err(_) => number.stay_away(request.lane, ahead),
        }
    }

    /// What all workers share, for a message that has its place here.
    async fn take(
        &self,
        number: &Number,
        place: Place,
        request: Request<'_>,
    ) -> Result<Turn, (Duration, WaitingReason)> {
        let shared = &self.0.shared;
        let key = shared.number(request.phone_number_id, request.messages_per_second);
        let begun = Instant::now();
        loop {
            let granted = shared.reserve(&key, request.recipient, request.budget).await;
            return match granted {
                Ok(Granted::Slot(wait)) => {
                    let slot = Some(Instant::now() + wait);
                    Ok(Turn { place, slot, key, limits: self.clone() })
                }
                Ok(Granted::PairFull(wait)) => Err((wait, WaitingReason::Pair)),
                // The others have filled the number.
                Ok(Granted::NumberFull(wait)) => {
                    let wait = wait.max(self.stay_away(number, request).await);
                    Err((wait, WaitingReason::Throughput))
                }
                Ok(Granted::TellPeople(token)) if self.tell_people(request, token).await => {
                    continue;
                }
                Ok(Granted::PeopleAwaited(wait)) if begun.elapsed() + wait < self.0.config.hold => {
                    sleep(wait).await;
                    continue;
                }
                Ok(Granted::TellPeople(_)) => Err((UNTOLD, WaitingReason::PortfolioBudget)),
                Ok(Granted::PeopleAwaited(wait)) => {
                    Err((wait.max(UNTOLD), WaitingReason::PortfolioBudget))
                }
                Ok(Granted::BudgetFull(wait)) => Err((wait, WaitingReason::PortfolioBudget)),
                Err(Away) => match self.alone_within(self.0.config.hold).await {
                    Some(alone) => self.take_alone(place, key, alone, request).await,
                    None if shared.is_heard() => continue,
                    None => Err((self.stay_away(number, request).await, WaitingReason::Throughput)),
                },
            };
        }
    }

    /// Copies to Redis whom the portfolio has reached; `false` when it cannot be told now.
    async fn tell_people(&self, request: Request<'_>, token: Token) -> bool {
        let Some(Budget { portfolio, .. }) = request.budget else { return false };
        let reached = match self.0.ledger.reached(portfolio).await {
            Ok(reached) => reached,
            Err(error) => {
                tracing::warn!(error, "nobody can tell whom portfolio {portfolio} has reached");
                return false;
            }
        };
        let told =
            self.0.shared.tell_people(portfolio, token, &reached, self.0.config.claim_lease).await;
        let people = reached.people.len();
        tracing::debug!(people, "told whom portfolio {portfolio} has reached");
        // What is lost by now, the next question finds out.
        matches!(told, Ok(Filled::Yes) | Err(_))
    }

    async fn take_alone(
        &self,
        place: Place,
        key: NumberKey,
        alone: Alone,
        request: Request<'_>,
    ) -> Result<Turn, (Duration, WaitingReason)> {
        let Request { phone_number_id, recipient, budget, now, .. } = request;
        let workers = self.0.shared.workers();
        if let Some(budget) = budget {
            let ledger = &*self.0.ledger;
            let taken = self.0.shares.take(ledger, budget, recipient, alone, now, workers).await;
            taken.map_err(|wait| (wait, WaitingReason::PortfolioBudget))?;
        }
        let taken = self.0.pairs.take(phone_number_id, recipient, workers);
        taken.map_err(|wait| (wait, WaitingReason::Pair))?;
        Ok(Turn { place, slot: None, key, limits: self.clone() })
    }

    fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// Meta said that the number sends too fast: halves its rate for all workers, which recovers
    /// step by step.
    pub async fn throttled(&self, phone_number_id: &PhoneNumberId) {
        self.number(phone_number_id).throttled();
        let key = self.0.shared.number(phone_number_id, 1);
        // While Redis is away each worker learns it from Meta.
        let _ = self.0.shared.throttled(&key).await;
    }

    /// Forgets numbers that have not sent for a while and have nothing in line.
    pub fn retain_recent(&self) {
        // Counted under the lock of the map, from which alone a further reference can be had.
        self.0.numbers.retain(|_, number| Arc::strong_count(number) > 1 || number.is_recent());
    }

    fn number(&self, phone_number_id: &PhoneNumberId) -> Arc<Number> {
        if let Some(number) = self.0.numbers.get(phone_number_id) {
            return Arc::clone(&number);
        }
        Arc::clone(&self.0.numbers.entry(phone_number_id.clone()).or_default())
    }
}

/// One more message in line, for as long as this lives.
struct Held<'a>(&'a AtomicUsize);

impl<'a> Held<'a> {
    fn one_more(held: &'a AtomicUsize) -> Self {
        held.fetch_add(1, Ordering::Relaxed);
        Self(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
