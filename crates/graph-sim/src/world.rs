//! Everything the simulator knows while it runs. It outlives a stop, so that a new start goes on where the last one ended.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Instant;

use chrono::{DateTime, Utc};
use graph_api::signature::SigningKey;
use secrecy::{ExposeSecret, SecretString};

use crate::accounts::{Accounts, Hearing};
use crate::dice;
use crate::faults::Faults;
use crate::limits::{Meters, Portfolios};
use crate::outbox::Outbox;
use crate::record::Records;
use crate::scenario::{AppSpec, NumberSpec, Scenario};
use crate::stats::Counters;
use crate::sync::{current, lock, replace};
use crate::wamid::Mint;

/// How many inbound message ids are remembered for read receipts.
const KEEP_INBOUND: usize = 100_000;

/// The state that all requests share. No lock of it is held across an await.
pub(crate) struct World {
    started: Instant,
    started_at: DateTime<Utc>,
    defaults: Defaults,
    standing: RwLock<Arc<Standing>>,
    numbers: RwLock<HashMap<String, Arc<Number>>>,
    inbound: Mutex<VecDeque<u64>>,
    requests: AtomicU64,
    /// By how many microseconds the clock was set forward.
    leapt_us: AtomicU64,
    /// Apps, tokens, subscriptions and the standing of numbers.
    pub(crate) accounts: Accounts,
    /// How many messages without an opaque id went to each person: their place in that row is their key.
    pub(crate) nameless: Mutex<HashMap<u64, u64>>,
    /// Who has been reached, for each portfolio.
    pub(crate) portfolios: Portfolios,
    /// The faults that are set.
    pub(crate) faults: Faults,
    /// What was accepted.
    pub(crate) records: Mutex<Records>,
    /// What has been counted.
    pub(crate) counters: Counters,
    /// What still has to be posted.
    pub(crate) outbox: Outbox,
    /// Makes message ids.
    pub(crate) mint: Mint,
}

/// What a scenario may leave to the start.
#[derive(Clone)]
pub(crate) struct Defaults {
    pub(crate) app_secret: SecretString,
    pub(crate) webhook_urls: Vec<String>,
    pub(crate) seed: u64,
}

/// A scenario made ready for use; replaced as a whole.
pub(crate) struct Standing {
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    pub(crate) subscribers: Vec<Subscribed>,
    /// The apps that hear of the accounts they subscribed to.
    pub(crate) apps: Vec<Hearing>,
    app_secret: SecretString,
}

/// A subscriber with its prepared key.
pub(crate) struct Subscribed {
    pub(crate) url: String,
    pub(crate) key: SigningKey,
    waba_ids: Vec<String>,
}

impl Subscribed {
    /// Whether it wants updates of this account.
    pub(crate) fn wants(&self, waba_id: &str) -> bool {
        self.waba_ids.is_empty() || self.waba_ids.iter().any(|wanted| wanted == waba_id)
    }
}

/// A number and what it has used.
pub(crate) struct Number {
    pub(crate) spec: Arc<NumberSpec>,
    pub(crate) meters: Arc<Meters>,
}

impl World {
    /// A world in which nothing has happened yet.
    pub(crate) fn new(defaults: Defaults, scenario: Scenario, now: DateTime<Utc>) -> Self {
        let salt = now.timestamp_micros().unsigned_abs() ^ (u64::from(std::process::id()) << 40);
        let world = Self {
            started: Instant::now(),
            started_at: now,
            standing: RwLock::new(Arc::new(Standing::new(&defaults, scenario.clone()))),
            defaults,
            numbers: RwLock::default(),
            inbound: Mutex::default(),
            requests: AtomicU64::new(0),
            leapt_us: AtomicU64::new(0),
            accounts: Accounts::default(),
            nameless: Mutex::default(),
            portfolios: Portfolios::default(),
            faults: Faults::default(),
            records: Mutex::default(),
            counters: Counters::default(),
            outbox: Outbox::default(),
            mint: Mint::new(salt),
        };
        world.begin(scenario);
        world
    }

    /// Puts a scenario in the place of the old one. What numbers have used stays; faults are those of the scenario.
    pub(crate) fn begin(&self, scenario: Scenario) {
        let faults = scenario.faults.clone();
        self.accounts.begin(&scenario.accounts, self.now_us());
        self.amend(scenario);
        self.faults.clear();
        self.faults.add(&faults, self.now_us());
    }

    /// Puts a scenario in the place of the old one and leaves the faults as they are set.
    pub(crate) fn amend(&self, scenario: Scenario) {
        let mut numbers = self.numbers.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut old = std::mem::take(&mut *numbers);
        for spec in &scenario.numbers {
            let meters = old.remove(&spec.phone_number_id).map(|number| Arc::clone(&number.meters));
            numbers
                .insert(spec.phone_number_id.clone(), Arc::new(Number::new(spec.clone(), meters)));
        }
        if scenario.open {
            for (id, number) in old {
                let spec = scenario.open_number.number(&id);
                numbers.insert(id, Arc::new(Number::new(spec, Some(Arc::clone(&number.meters)))));
            }
        }
        drop(numbers);
        replace(&self.standing, Arc::new(Standing::new(&self.defaults, scenario)));
    }

    /// The scenario that stands.
    pub(crate) fn standing(&self) -> Arc<Standing> {
        current(&self.standing)
    }

    /// The number with this id; an open scenario has every number.
    pub(crate) fn number(&self, standing: &Standing, phone_number_id: &str) -> Option<Arc<Number>> {
        let known = self.numbers.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(number) = known.get(phone_number_id) {
            return Some(Arc::clone(number));
        }
        drop(known);
        let is_id = (1..=32).contains(&phone_number_id.len())
            && phone_number_id.bytes().all(|b| b.is_ascii_digit());
        if !standing.scenario.open || !is_id {
            return None;
        }
        let mut numbers = self.numbers.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let number = numbers.entry(phone_number_id.to_owned()).or_insert_with(|| {
            Arc::new(Number::new(standing.scenario.open_number.number(phone_number_id), None))
        });
        Some(Arc::clone(number))
    }

    /// All numbers that have been seen.
    pub(crate) fn numbers(&self) -> Vec<Arc<Number>> {
        self.numbers
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Remembers the id of a message that a person sent.
    pub(crate) fn remember_inbound(&self, wamid: &str) {
        let mut inbound = lock(&self.inbound);
        inbound.push_back(dice::key(&[wamid]));
        if inbound.len() > KEEP_INBOUND {
            inbound.pop_front();
        }
    }

    /// Whether a person sent a message with this id.
    pub(crate) fn knows_inbound(&self, wamid: &str) -> bool {
        let key = dice::key(&[wamid]);
        lock(&self.inbound).iter().any(|known| *known == key)
    }

    /// A number that no request has had before.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// Microseconds since the start, by a clock that never goes back.
    pub(crate) fn now_us(&self) -> u64 {
        let elapsed_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        elapsed_us.saturating_add(self.leapt_us.load(Ordering::SeqCst))
    }

    /// Sets the clock forward.
    pub(crate) fn leap(&self, by_us: u64) {
        self.leapt_us.fetch_add(by_us, Ordering::SeqCst);
        self.outbox.look_again();
    }

    /// The instant at which the simulator's clock shows this.
    pub(crate) fn instant(&self, at_us: u64) -> tokio::time::Instant {
        let real_us = at_us.saturating_sub(self.leapt_us.load(Ordering::SeqCst));
        tokio::time::Instant::from_std(self.started) + std::time::Duration::from_micros(real_us)
    }

    /// The time of day at which the simulator's clock shows this.
    pub(crate) fn time_of_day(&self, at_us: u64) -> DateTime<Utc> {
        let since = chrono::TimeDelta::microseconds(i64::try_from(at_us).unwrap_or(i64::MAX));
        self.started_at.checked_add_signed(since).unwrap_or(self.started_at)
    }
}

impl Standing {
    fn new(defaults: &Defaults, scenario: Scenario) -> Self {
        let accounts = &scenario.accounts;
        let apps = Hearing::all(accounts, &defaults.app_secret, &defaults.webhook_urls);
        let subscribers = if scenario.webhooks.subscribers.is_empty() && apps.is_empty() {
            let key = SigningKey::new(&defaults.app_secret);
            let all = |url: &String| Subscribed {
                url: url.clone(),
                key: key.clone(),
                waba_ids: Vec::new(),
            };
            defaults.webhook_urls.iter().map(all).collect()
        } else {
            let prepare = |subscriber: &crate::scenario::Subscriber| {
                let own = subscriber.app_secret.clone().map(SecretString::from);
                let key = SigningKey::new(own.as_ref().unwrap_or(&defaults.app_secret));
                Subscribed {
                    url: subscriber.url.clone(),
                    key,
                    waba_ids: subscriber.waba_ids.clone(),
                }
            };
            scenario.webhooks.subscribers.iter().map(prepare).collect()
        };
        let (seed, app_secret) =
            (scenario.seed.unwrap_or(defaults.seed), defaults.app_secret.clone());
        Self { seed, subscribers, apps, app_secret, scenario }
    }

    /// Whether anybody may be called back.
    pub(crate) fn calls_back(&self) -> bool {
        !self.subscribers.is_empty() || !self.apps.is_empty()
    }

    /// Whether these are the letters of an app's secret.
    pub(crate) fn is_secret_of(&self, app: &AppSpec, letters: &str) -> bool {
        let own = app.app_secret.as_deref();
        own.unwrap_or_else(|| self.app_secret.expose_secret()) == letters
    }
}

impl Number {
    fn new(spec: NumberSpec, meters: Option<Arc<Meters>>) -> Self {
        Self { spec: Arc::new(spec), meters: meters.unwrap_or_default() }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("World")
            .field("started_at", &self.started_at)
            .finish_non_exhaustive()
    }
}
