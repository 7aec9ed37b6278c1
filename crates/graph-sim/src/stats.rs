//! What has been counted since the start, or since the last reset.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::sync::lock;

/// The counters while they count.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Accepted sends.
    pub(crate) accepted: Counter,
    /// Requests to mark a message as read that were taken.
    pub(crate) marked_read: Counter,
    /// Messages from people.
    pub(crate) inbound: Counter,
    /// Statuses put into a POST.
    pub(crate) statuses: Counter,
    /// Updates that no subscriber wanted.
    pub(crate) unsubscribed: Counter,
    /// POSTs that got 200 from all subscribers.
    pub(crate) delivered: Counter,
    /// Tries that did not.
    pub(crate) failed: Counter,
    /// POSTs made again after a failed try.
    pub(crate) redelivered: Counter,
    /// POSTs made twice although they had got 200.
    pub(crate) doubled: Counter,
    /// POSTs that were given up.
    pub(crate) given_up: Counter,
    refused: Mutex<BTreeMap<i32, u64>>,
    violations: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    /// Counts a refused request by its code.
    pub(crate) fn refuse(&self, code: i32) {
        *lock(&self.refused).entry(code).or_default() += 1;
    }

    /// Counts a send that broke a limit.
    pub(crate) fn violate(&self, limit: &'static str) {
        *lock(&self.violations).entry(limit).or_default() += 1;
    }

    /// Sets everything to nothing.
    pub(crate) fn reset(&self) {
        for counter in [
            &self.accepted,
            &self.marked_read,
            &self.inbound,
            &self.statuses,
            &self.unsubscribed,
            &self.delivered,
            &self.failed,
            &self.redelivered,
            &self.doubled,
            &self.given_up,
        ] {
            counter.0.store(0, Ordering::Relaxed);
        }
        lock(&self.refused).clear();
        lock(&self.violations).clear();
    }

    /// The refused requests by code, and the broken limits by name.
    pub(crate) fn tables(&self) -> (BTreeMap<i32, u64>, BTreeMap<String, u64>) {
        let violations = lock(&self.violations)
            .iter()
            .map(|(limit, count)| ((*limit).to_owned(), *count))
            .collect();
        (lock(&self.refused).clone(), violations)
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn one(&self) {
        self.many(1);
    }

    /// Some more.
    pub(crate) fn many(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    /// How many so far.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the simulator has done, as `GET /_sim/stats` tells it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Accepted sends.
    pub accepted: u64,
    /// Refused requests by Meta's code; bare answers under their HTTP status.
    pub refused: BTreeMap<i32, u64>,
    /// Sends that broke a limit, by its name, whether or not they were refused for it.
    pub violations: BTreeMap<String, u64>,
    /// Requests struck by a fault that is still set.
    pub faults: u64,
    /// Requests to mark a message as read that were taken.
    pub marked_read: u64,
    /// Messages from people.
    pub inbound: u64,
    /// For each number, its busiest second.
    pub numbers: BTreeMap<String, Busiest>,
    /// For each portfolio, how many people it reached in its moving day.
    pub portfolios: BTreeMap<String, usize>,
    /// What became of webhooks.
    pub webhooks: WebhookStats,
}

/// The busiest sliding second of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busiest {
    /// Most accepted sends in any sliding second.
    pub accepted_per_second: usize,
    /// Most sends in any sliding second, refused ones too.
    pub arrived_per_second: usize,
}

/// What became of webhooks.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct WebhookStats {
    /// Statuses put into a POST.
    pub statuses: u64,
    /// Updates that no subscriber wanted.
    pub unsubscribed: u64,
    /// POSTs that got 200.
    pub delivered: u64,
    /// Tries that did not.
    pub failed: u64,
    /// POSTs made again after a failed try.
    pub redelivered: u64,
    /// POSTs made twice although they had got 200.
    pub doubled: u64,
    /// POSTs that were given up.
    pub given_up: u64,
    /// Whether posting is paused.
    pub paused: bool,
    /// Updates that are not in a POST yet.
    pub pending_updates: usize,
    /// POSTs that wait for another try.
    pub pending_posts: usize,
    /// POSTs under way.
    pub in_flight: usize,
}

impl WebhookStats {
    /// Whether nothing waits and nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pending_updates == 0 && self.pending_posts == 0 && self.in_flight == 0
    }
}
