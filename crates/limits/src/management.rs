//! How often an app may ask Meta about its accounts.
//!
//! Redis counts, for all processes together: each app's calls of the last hour on each account. What
//! Meta says of them in its answers counts as well, and closes an account or an app for as long as it
//! says. Those for whom nobody waits leave a share to those for whom somebody does.
//!
//! Nothing here is the truth, Meta knows it and tells it with each answer. As long as it has not, and
//! Redis knows nothing of the hour before, a quarter of a limit may be used. While Redis is away all
//! processes together use a quarter of it, by governor, and tell Redis of their calls afterwards.

mod alone;

use std::fmt;
use std::time::Duration;

use domain::management::{Level, Subject, Told, UsedUp};
use redis::Script;
use uuid::Uuid;

use self::alone::Alone;
use crate::shared::{Connection, InvalidRedisUrl, Link, RedisConfig, micros};

/// Calls of an app on an account in an hour
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/overview/#rate-limits>).
const PER_HOUR: u32 = 200;

/// The same on an account with a registered number (same source).
const PER_HOUR_ACTIVE: u32 = 5_000;

/// What of a limit may be used while nobody knows what was used before, percent.
const FALLBACK: u32 = 25;

/// For whom calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody waits for the answer: all that Meta allows.
    Person,
    /// Nobody does: so much is left to those for whom somebody does, in percent.
    Background {
        /// At most 100.
        leaves: u8,
    },
}

impl Caller {
    /// The word for a metric.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Background { .. } => "background",
        }
    }

    /// How much of a limit it may use, percent.
    fn share(self) -> u32 {
        match self {
            Self::Person => 100,
            Self::Background { leaves } => 100_u32.saturating_sub(leaves.into()),
        }
    }
}

/// The limit on management calls, shared with all who make such calls.
pub struct Management {
    redis: Connection,
    link: Link,
    worker: String,
    reserve: Script,
    usage: Script,
    caller: Caller,
    alone: Alone,
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// Where an app and one of its accounts are remembered.
struct Keys {
    app: String,
    /// Empty: the call is about none.
    waba: String,
}

impl Management {
    /// Connects when it is first asked.
    ///
    /// # Errors
    /// When that is no URL of Redis.
    pub fn new(redis: RedisConfig, caller: Caller) -> Result<Self, InvalidRedisUrl> {
        Self::with(redis, caller, Script::new)
    }

    /// As [`new`](Self::new), by the clock that a test sets.
    #[cfg(test)]
    pub(crate) fn at_the_clock_of_a_test(redis: &RedisConfig, caller: Caller) -> Self {
        let script = |text: &str| crate::shared::at_the_clock_of_a_test(redis, text);
        Self::with(redis.clone(), caller, script).unwrap_or_else(|error| panic!("{error}"))
    }

    fn with(
        redis: RedisConfig,
        caller: Caller,
        script: impl Fn(&str) -> Script,
    ) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            redis: Connection::new(redis)?,
            link: Link::default(),
            worker: Uuid::new_v4().to_string(),
            reserve: script(include_str!("shared/manage.lua")),
            usage: script(include_str!("shared/usage.lua")),
            caller,
            alone: Alone::default(),
        })
    }

    /// For whom calls are made.
    pub fn caller(&self) -> Caller {
        self.caller
    }

    /// Takes the place of one call.
    ///
    /// # Errors
    /// Whose calls are used up, and after which time it is worth to ask again.
    pub async fn reserve(&self, subject: &Subject) -> Result<(), UsedUp> {
        let keys = self.keys(subject);
        match self.ask(&keys).await {
            Some(decided) => decided,
            None => self.alone.take(&keys.app, &keys.waba, self.caller.share()),
        }
    }

    /// Notes what Meta has said, for all.
    pub async fn told(&self, subject: &Subject, told: &Told) {
        let keys = self.keys(subject);
        self.alone.note(&keys.app, &told.app, None);
        if !keys.waba.is_empty() {
            self.alone.note(&keys.waba, &told.waba, told.is_active);
        }
        if self.link.may_ask().is_err() {
            return;
        }
        let percent = |percent: Option<u32>| percent.map(|it| it.to_string()).unwrap_or_default();
        let closed = |time: Option<Duration>| time.map_or(0, micros);
        let is_active = told.is_active.map(|is| u8::from(is).to_string()).unwrap_or_default();
        let mut usage = self.usage.key(&keys.app);
        usage.key(&keys.waba);
        usage.arg(percent(told.app.percent)).arg(closed(told.app.closed_for));
        usage.arg(percent(told.waba.percent)).arg(closed(told.waba.closed_for)).arg(is_active);
        // What gets lost here, the next answer tells again.
        if let Err(error) = self.redis.run::<i64>(&usage).await {
            self.link.lost(&error);
        }
    }

    /// What Redis decides; `None`: it does not answer.
    async fn ask(&self, keys: &Keys) -> Option<Result<(), UsedUp>> {
        self.link.may_ask().ok()?;
        let unasked = self.alone.take_unasked(&keys.waba);
        let mut reserve = self.reserve.key(self.redis.key("management"));
        reserve.key(self.redis.key("management:workers")).key(&keys.app).key(&keys.waba);
        reserve.arg(&self.worker).arg(self.caller.share()).arg(unasked);
        reserve.arg(PER_HOUR).arg(PER_HOUR_ACTIVE).arg(FALLBACK);
        let answered = self.redis.run::<(u8, u64, u32)>(&reserve).await;
        let (decided, wait, workers) = match answered {
            Ok(answer) => answer,
            Err(error) => {
                self.link.lost(&error);
                self.alone.give_back_unasked(&keys.waba, unasked);
                return None;
            }
        };
        self.link.answered(String::new());
        self.alone.set_workers(workers);
        let wait = Duration::from_micros(wait);
        Some(match decided {
            0 => Ok(()),
            1 => Err(UsedUp { level: Level::App, wait }),
            _ => Err(UsedUp { level: Level::Waba, wait }),
        })
    }

    fn keys(&self, subject: &Subject) -> Keys {
        let app = subject.app_id.as_ref().map_or("platform", |app_id| app_id.as_str());
        let waba = subject.waba_id.as_ref();
        let waba = waba.map(|waba_id| self.redis.key(&format!("management:waba:{app}:{waba_id}")));
        Keys {
            app: self.redis.key(&format!("management:app:{app}")),
            waba: waba.unwrap_or_default(),
        }
    }
}
