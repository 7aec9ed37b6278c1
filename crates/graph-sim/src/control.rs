//! What a test, a demo or an operator may tell the simulator and ask of it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accept::user_id_of;
use crate::outbox::Queued;
use crate::payload::metadata;
use crate::phone;
use crate::record::SendRecord;
use crate::scenario::{Fault, NumberSpec, Scenario, ScenarioError};
use crate::stats::{Busiest, Stats, WebhookStats};
use crate::sync::lock;
use crate::update::{EntryHead, Update};
use crate::wamid::Direction;
use crate::world::World;

/// The handle to a simulator's state: the same as its `/_sim` pages, without HTTP.
#[derive(Clone, Debug)]
pub struct Control(pub(crate) Arc<World>);

/// A message from a person to a business number.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// The number it was sent to.
    pub phone_number_id: String,
    /// The person's number.
    pub from: String,
    /// The person's profile name.
    #[serde(default)]
    pub name: Option<String>,
    /// The text of a text message; for other types use `message`.
    #[serde(default)]
    pub text: Option<String>,
    /// The parts of Meta's inbound message beside `from`, `id` and `timestamp`, such as `type` and `image`.
    #[serde(default)]
    pub message: Option<serde_json::Map<String, Value>>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Inbound")
            .field("phone_number_id", &self.phone_number_id)
            .finish_non_exhaustive()
    }
}

/// Any `changes[]` item, to be posted as it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawChange {
    /// The account it is about: `entry[].id`.
    pub waba_id: String,
    /// Its `field`, such as `account_update`.
    pub field: String,
    /// Its `value`.
    pub value: Value,
}

impl Control {
    /// The scenario that stands.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        self.0.standing().scenario.clone()
    }

    /// Puts another scenario in its place. What numbers and portfolios have used stays; faults become the scenario's.
    ///
    /// # Errors
    ///
    /// When its parts do not go together.
    pub fn set_scenario(&self, scenario: Scenario) -> Result<(), ScenarioError> {
        self.0.begin(scenario.checked()?);
        Ok(())
    }

    /// Adds a number, or puts it in the place of the one with the same id.
    pub fn add_number(&self, number: NumberSpec) {
        let mut scenario = self.scenario();
        scenario.numbers.retain(|known| known.phone_number_id != number.phone_number_id);
        scenario.numbers.push(number);
        self.0.amend(scenario);
    }

    /// Sets more faults, behind those that are set.
    ///
    /// # Errors
    ///
    /// When one of them does not say what it does, in one way.
    pub fn add_faults(&self, faults: &[Fault]) -> Result<(), ScenarioError> {
        faults.iter().try_for_each(Fault::check)?;
        self.0.faults.add(faults, self.0.now_us());
        Ok(())
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.0.faults.clear();
    }

    /// Lets a person write: the webhook is posted, the number's rate is used and the service window opens.
    /// Gives the message's id.
    ///
    /// # Errors
    ///
    /// When there is no such number, or `from` is none.
    pub fn receive(&self, inbound: &Inbound) -> Result<String, ScenarioError> {
        let world = &self.0;
        let standing = world.standing();
        let wrong = |what: &str| ScenarioError::Contradictory(what.to_owned());
        let number = world
            .number(&standing, &inbound.phone_number_id)
            .ok_or_else(|| wrong("there is no such number"))?;
        let digits =
            phone::digits(&inbound.from).ok_or_else(|| wrong("`from` is no phone number"))?;
        let wa_id = if standing.scenario.rewrite_wa_ids { phone::wa_id(&digits) } else { digits };
        let now_us = world.now_us();
        number.meters.receive(&standing.scenario.limits, crate::dice::key(&[&wa_id]), now_us);
        world.counters.inbound.one();
        let wamid = world.mint.next(&wa_id, Direction::Inbound);
        world.remember_inbound(&wamid);
        let at = world.time_of_day(now_us).timestamp();
        let value = inbound_value(&number.spec, inbound, &wa_id, &wamid, at);
        let waba_id = number.spec.waba_id.clone();
        let entry = EntryHead::default();
        let update =
            Update::Change { waba_id, entry, app_id: None, field: "messages".to_owned(), value };
        world.outbox.add([(now_us, Queued { update, posted: None })]);
        Ok(wamid)
    }

    /// Posts a `changes[]` item as it stands.
    pub fn change(&self, change: RawChange) {
        let RawChange { waba_id, field, value } = change;
        let entry = EntryHead::default();
        let update = Update::Change { waba_id, entry, app_id: None, field, value };
        let queued = Queued { update, posted: None };
        self.0.outbox.add([(self.0.now_us(), queued)]);
    }

    /// Accepted sends with a sequence number above `after`, the oldest first, at most `limit`.
    #[must_use]
    pub fn sends(&self, after: u64, limit: usize) -> Vec<SendRecord> {
        lock(&self.0.records).after(after, limit)
    }

    /// Opaque ids that were accepted more than once, and how often.
    #[must_use]
    pub fn doubled(&self) -> Vec<(String, u64)> {
        lock(&self.0.records).doubled()
    }

    /// Forgets all accepted sends, counters and busiest seconds. Limits, faults and what still has to be posted stay.
    pub fn reset(&self) {
        lock(&self.0.records).clear();
        self.0.counters.reset();
        for number in self.0.numbers() {
            lock(&number.meters.throughput).reset();
        }
    }

    /// Stops or continues posting webhooks; nothing is lost meanwhile.
    pub fn pause_webhooks(&self, paused: bool) {
        self.0.outbox.pause(paused);
    }

    /// What has been counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters = &self.0.counters;
        let (refused, violations) = counters.tables();
        let pending = self.0.outbox.pending();
        let webhooks = WebhookStats {
            statuses: counters.statuses.get(),
            unsubscribed: counters.unsubscribed.get(),
            delivered: counters.delivered.get(),
            failed: counters.failed.get(),
            redelivered: counters.redelivered.get(),
            doubled: counters.doubled.get(),
            given_up: counters.given_up.get(),
            paused: self.0.outbox.is_paused(),
            pending_updates: pending.updates,
            pending_posts: pending.posts,
            in_flight: pending.in_flight,
        };
        let busiest = |number: &crate::world::Number| {
            let (accepted_per_second, arrived_per_second) = lock(&number.meters.throughput).most();
            Busiest { accepted_per_second, arrived_per_second }
        };
        let numbers = self.0.numbers();
        Stats {
            accepted: counters.accepted.get(),
            refused,
            violations,
            faults: self.0.faults.struck(),
            marked_read: counters.marked_read.get(),
            inbound: counters.inbound.get(),
            numbers: numbers
                .iter()
                .map(|number| (number.spec.phone_number_id.clone(), busiest(number)))
                .collect(),
            portfolios: self.0.portfolios.people().into_iter().collect(),
            webhooks,
        }
    }
}

fn inbound_value(
    number: &NumberSpec,
    inbound: &Inbound,
    wa_id: &str,
    wamid: &str,
    at: i64,
) -> Value {
    let user_id = user_id_of(wa_id, number.portfolio());
    let mut message =
        json!({ "from": wa_id, "from_user_id": user_id, "id": wamid, "timestamp": at.to_string() });
    match &inbound.message {
        Some(parts) => {
            for (key, part) in parts {
                message[key] = part.clone();
            }
        }
        None => {
            message["type"] = json!("text");
            message["text"] = json!({ "body": inbound.text.as_deref().unwrap_or("Hello") });
        }
    }
    let name = inbound.name.as_deref().unwrap_or("Ada");
    json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [{ "profile": { "name": name }, "wa_id": wa_id, "user_id": user_id }],
        "messages": [message],
    })
}
