//! What all workers know together, in Redis.
//!
//! Each number has the instant of its next slot, each pair how much it has borrowed. One script
//! looks at both and takes both or neither, by Redis's own clock. Nothing here is the truth: when
//! Redis has forgotten, or workers have sent without asking it, it assumes the worst of what it
//! cannot know, and slots begin again only when all that were given before have passed.

mod connection;
mod link;
mod people;

use std::fmt;
use std::time::Duration;

use domain::ids::PhoneNumberId;
use domain::lane::Lane;
use redis::{FromRedisValue, RedisError, Script, ScriptInvocation};
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) use self::connection::Connection;
#[cfg(test)]
pub(crate) use self::connection::at_the_clock_of_a_test;
pub use self::connection::{InvalidRedisUrl, RedisConfig};
pub(crate) use self::link::{Away, Link};
pub(crate) use self::people::{CLOCKS_DIFFER, Filled, Token, person};
use crate::budget::{Budget, DAY};
use crate::slowdown::{MOST_HALVINGS, SAME_EXCESS};

/// A pair earns a message in this time
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/overview/#pair-rate-limits>).
pub(crate) const PAIR_EARNS: Duration = Duration::from_secs(6);

/// So many messages a pair may send at once, borrowing from the time that follows (same source).
const PAIR_BURST: u32 = 45;

/// Slots are given at least so far ahead.
pub(crate) const AHEAD: Duration = Duration::from_millis(500);

/// What a number has received counts for so long.
const A_SECOND: Duration = Duration::from_secs(1);

/// Time between two beats of a worker.
pub(crate) const BEAT: Duration = Duration::from_millis(250);

/// Within this time every worker beats, even one whose machine is busy.
pub(crate) const ALL_BEAT: Duration = Duration::from_secs(1);

/// A worker is counted for this time after its last beat.
const LIFE: Duration = Duration::from_secs(10);

/// What Redis decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Granted {
    /// It is the message's turn after this time.
    Slot(Duration),
    /// The number's slots are given for longer than that ahead. Nothing was reserved.
    NumberFull(Duration),
    /// The pair may not send before this time has passed. Nothing was reserved.
    PairFull(Duration),
    /// Nobody knows whom the portfolio reaches; the caller is to tell it. Nothing was reserved.
    TellPeople(Token),
    /// Somebody else is telling it. Nothing was reserved.
    PeopleAwaited(Duration),
    /// The portfolio reaches as many people as it may, for so long. Nothing was reserved.
    BudgetFull(Duration),
}

/// A number that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NumberKey {
    key: String,
    /// Messages per second that Meta allows.
    rate: u32,
}

pub(crate) struct Shared {
    redis: Connection,
    worker: Uuid,
    reserve: Script,
    slow: Script,
    beat: Script,
    receive: Script,
    later: Script,
    complete: Script,
    link: Link,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("link", &self.link).finish_non_exhaustive()
    }
}

impl Shared {
    /// Connects when it is first asked.
    pub(crate) fn new(config: RedisConfig) -> Result<Self, InvalidRedisUrl> {
        Self::with(config, Script::new)
    }

    /// As [`new`](Self::new), by a clock that is not Redis's own: it stands in the hash `clock`, as
    /// the fields `s` and `us`.
    #[cfg(test)]
    pub(crate) fn at_the_clock_of_a_test(config: &RedisConfig) -> Self {
        let script = |text: &str| at_the_clock_of_a_test(config, text);
        Self::with(config.clone(), script).unwrap_or_else(|error| panic!("{error}"))
    }

    fn with(config: RedisConfig, script: impl Fn(&str) -> Script) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            redis: Connection::new(config)?,
            worker: Uuid::new_v4(),
            reserve: script(include_str!("shared/reserve.lua")),
            slow: script(include_str!("shared/slow.lua")),
            beat: script(include_str!("shared/beat.lua")),
            receive: script(include_str!("shared/receive.lua")),
            later: script(include_str!("shared/later.lua")),
            complete: script(include_str!("shared/complete.lua")),
            link: Link::default(),
        })
    }

    pub(crate) fn number(&self, phone_number_id: &PhoneNumberId, rate: u32) -> NumberKey {
        NumberKey { key: self.key(&format!("number:{phone_number_id}")), rate }
    }

    /// Reserves the number's next slot, the pair's place and one in the budget, or nothing.
    pub(crate) async fn reserve(
        &self,
        number: &NumberKey,
        recipient: &str,
        budget: Option<Budget<'_>>,
    ) -> Result<Granted, Away> {
        let person = person(recipient);
        let pair = format!("{}:{person}", number.key);
        self.ask(number, &pair, PAIR_BURST, budget.map(|budget| (budget, person))).await
    }

    /// Reserves a slot for a message that has come too late for its first one, and answers how long
    /// it is until then; or after how long to ask again.
    pub(crate) async fn slot(
        &self,
        number: &NumberKey,
    ) -> Result<Result<Duration, Duration>, Away> {
        Ok(match self.ask(number, "", 0, None).await? {
            Granted::Slot(wait) => Ok(wait),
            Granted::NumberFull(wait) => Err(wait),
            // Nothing else was asked for.
            _ => Err(AHEAD),
        })
    }

    /// How long a message waits that does not fit in line: for a slot of its own among those of its
    /// lane that any worker has put aside, `ahead` or later.
    pub(crate) async fn later(
        &self,
        number: &NumberKey,
        lane: Lane,
        ahead: Duration,
    ) -> Result<Duration, Away> {
        let mut later = self.later.key(&number.key);
        let interval = Duration::from_secs(1) / number.rate.max(1);
        later.arg(lane.as_str()).arg(micros(interval)).arg(micros(ahead));
        self.call(&later).await.map(Duration::from_micros)
    }

    /// Takes messages that the number has received off what it may send: Meta counts both.
    pub(crate) async fn received(&self, number: &NumberKey, count: u32) -> Result<(), Away> {
        let mut receive = self.receive.key(&number.key);
        receive.arg(micros(interval(number.rate))).arg(count).arg(micros(A_SECOND));
        self.call::<i64>(&receive).await.map(drop)
    }

    /// Halves the number's rate for everybody.
    pub(crate) async fn throttled(&self, number: &NumberKey) -> Result<(), Away> {
        let mut slow = self.slow.key(&number.key);
        slow.arg(micros(SAME_EXCESS)).arg(MOST_HALVINGS);
        self.call::<i64>(&slow).await.map(drop)
    }

    /// Tells that this worker lives, and whether messages `may_have_gone` of which Redis does not know;
    /// notes how many workers there are. Answers whether those are all: Redis has not just begun to
    /// remember.
    ///
    /// # Errors
    /// What Redis or the way to it said.
    pub(crate) async fn beat(&self, may_have_gone: bool) -> Result<bool, RedisError> {
        let mut beat = self.beat.key(self.key("workers"));
        beat.key(self.key("epoch")).key(self.key("broken")).key(self.key("memory"));
        beat.arg(self.worker.to_string()).arg(micros(LIFE)).arg(i32::from(may_have_gone));
        let answered = self.redis.run(&beat).await;
        let (workers, remembered) = match answered {
            Ok(answer) => answer,
            Err(error) => {
                self.link.lost(&error);
                return Err(error);
            }
        };
        let are_all = Duration::from_micros(remembered) >= ALL_BEAT;
        self.link.heard_of(workers, are_all);
        Ok(are_all)
    }

    /// The others were told, not before `told_at`, that this worker hears Redis.
    pub(crate) fn told(&self, told_at: Instant) {
        self.link.told(told_at);
    }

    /// Whether Redis is to be asked.
    pub(crate) fn is_heard(&self) -> bool {
        self.link.may_ask().is_ok()
    }

    /// By what name the others know this worker.
    pub(crate) fn worker(&self) -> Uuid {
        self.worker
    }

    /// How many workers there were when this one last heard of it, at least 1.
    pub(crate) fn workers(&self) -> u32 {
        self.link.workers()
    }

    /// Slots are given so far ahead: far enough for each worker to have one at any rate.
    pub(crate) fn ahead(&self, number: &NumberKey) -> Duration {
        AHEAD.max(interval(number.rate) * (self.workers() + 1))
    }

    async fn ask(
        &self,
        number: &NumberKey,
        pair: &str,
        burst: u32,
        budget: Option<(Budget<'_>, String)>,
    ) -> Result<Granted, Away> {
        self.link.may_ask()?;
        let (people, room, person) = match &budget {
            None => (None, String::new(), ""),
            Some((budget, person)) => {
                let room = budget.room.map_or("all".to_owned(), |room| room.to_string());
                (Some(self.people(budget.portfolio)), room, person.as_str())
            }
        };
        let people = people.unwrap_or_default();
        let mut reserve = self.reserve.key(&number.key);
        reserve
            .key(pair)
            .key(self.key("epoch"))
            .key(self.key("broken"))
            .key(people.set)
            .key(people.completing)
            .key(people.sent_away)
            .arg(micros(interval(number.rate)))
            .arg(micros(self.ahead(number)))
            .arg(micros(PAIR_EARNS))
            .arg(burst)
            .arg(self.link.epoch())
            .arg(room)
            .arg(person)
            .arg(micros(DAY));
        let answered = self.redis.run(&reserve).await;
        let answered: Result<(u8, u64, String, u64), _> = answered;
        let (decided, wait, epoch, whole_since) = match answered {
            Ok(answer) => answer,
            Err(error) => return Err(self.link.lost(&error)),
        };
        self.link.answered(epoch);
        let time = Duration::from_micros(wait);
        Ok(match decided {
            0 => Granted::Slot(time),
            1 => Granted::NumberFull(time),
            2 => Granted::PairFull(time),
            3 => Granted::TellPeople(Token { shown: wait, whole_since }),
            4 => Granted::PeopleAwaited(time),
            _ => Granted::BudgetFull(time),
        })
    }

    async fn call<T: FromRedisValue>(&self, invocation: &ScriptInvocation<'_>) -> Result<T, Away> {
        self.link.may_ask()?;
        let answered = self.redis.run(invocation).await;
        answered.map_err(|error| self.link.lost(&error))
    }

    fn key(&self, name: &str) -> String {
        self.redis.key(name)
    }
}

/// Between two slots: 99 % of the rate is used, so that a send that is a little late or early still
/// falls into no second that is full.
fn interval(rate: u32) -> Duration {
    const SECOND: u64 = 1_000_000;
    Duration::from_micros((SECOND * 100).div_ceil(99 * u64::from(rate.max(1))))
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
