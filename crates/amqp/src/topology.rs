//! Every exchange, queue and binding, as data; each option that is not a default has its reason
//! beside it.
//!
//! ```text
//! waypost.notify ───#──────────────► notify
//! waypost.dispatch ─urgent─────────► dispatch.urgent     (normal, bulk alike)
//! waypost.webhooks ─#.statuses.#───► status-mapper
//!                   #.messages.#───► inbox
//!                   #.account.#────► account-sync
//!                   #──────────────► webhook-log
//!
//! a work queue ──retry──► waypost.wait.N ──► wait.N ──time-to-live──► the same work queue
//! a work queue ──park───► waypost.parking ─► <queue>.parked
//! any exchange, nothing bound ─────► waypost.unrouted ──► unrouted
//! ```

use std::time::Duration;

use lapin::ExchangeKind;
use lapin::types::{AMQPValue, FieldTable, ShortString};

/// How long a delivery waits after its first, second, … failed attempt. After the last rung it is
/// parked. The queues' time-to-live is a part of their identity: a change needs new queue names.
pub const RETRY_WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];

/// Where to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exchange {
    /// Requests of internal services; any routing key.
    Notify,
    /// Jobs; routing key = the lane.
    Dispatch,
    /// Webhook POSTs; routing key = the kinds of fact in it, as topic words.
    Webhooks,
}

impl Exchange {
    /// The name without prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notify => "waypost.notify",
            Self::Dispatch => "waypost.dispatch",
            Self::Webhooks => "waypost.webhooks",
        }
    }
}

/// A work queue: the inbox of one kind of worker. Each has a parking queue of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Requests of internal services, for the enqueuer.
    Notify,
    /// One-time passwords and the like, for the dispatcher.
    DispatchUrgent,
    /// Utility messages and answers, for the dispatcher.
    DispatchNormal,
    /// Marketing and campaigns, for the dispatcher.
    DispatchBulk,
    /// Webhooks with statuses, for the status-mapper.
    StatusMapper,
    /// Webhooks with what people write, for the inbox.
    Inbox,
    /// Webhooks about accounts, numbers, templates and limits, for account-sync.
    AccountSync,
    /// Every webhook, for the log.
    WebhookLog,
}

impl Queue {
    /// Every work queue.
    pub const ALL: [Self; 8] = [
        Self::Notify,
        Self::DispatchUrgent,
        Self::DispatchNormal,
        Self::DispatchBulk,
        Self::StatusMapper,
        Self::Inbox,
        Self::AccountSync,
        Self::WebhookLog,
    ];

    /// The name without prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::DispatchUrgent => "dispatch.urgent",
            Self::DispatchNormal => "dispatch.normal",
            Self::DispatchBulk => "dispatch.bulk",
            Self::StatusMapper => "status-mapper",
            Self::Inbox => "inbox",
            Self::AccountSync => "account-sync",
            Self::WebhookLog => "webhook-log",
        }
    }

    /// The exchange it listens to, and for which routing keys.
    const fn binding(self) -> (Exchange, &'static str) {
        match self {
            Self::Notify => (Exchange::Notify, "#"),
            Self::DispatchUrgent => (Exchange::Dispatch, "urgent"),
            Self::DispatchNormal => (Exchange::Dispatch, "normal"),
            Self::DispatchBulk => (Exchange::Dispatch, "bulk"),
            Self::StatusMapper => (Exchange::Webhooks, "#.statuses.#"),
            Self::Inbox => (Exchange::Webhooks, "#.messages.#"),
            Self::AccountSync => (Exchange::Webhooks, "#.account.#"),
            Self::WebhookLog => (Exchange::Webhooks, "#"),
        }
    }
}

impl std::fmt::Display for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Queue {
    type Err = UnknownQueue;

    fn from_str(text: &str) -> Result<Self, UnknownQueue> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == text).ok_or(UnknownQueue)
    }
}

/// A text that names no work queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of notify, dispatch.urgent, dispatch.normal, dispatch.bulk, status-mapper, \
     inbox, account-sync, webhook-log"
)]
pub struct UnknownQueue;

/// An exchange to declare.
pub(crate) struct ExchangeSpec {
    pub(crate) name: String,
    pub(crate) kind: ExchangeKind,
    pub(crate) arguments: FieldTable,
}

/// A queue to declare.
pub(crate) struct QueueSpec {
    pub(crate) name: String,
    pub(crate) arguments: FieldTable,
}

/// A binding to declare.
pub(crate) struct BindingSpec {
    pub(crate) queue: String,
    pub(crate) exchange: String,
    pub(crate) routing_key: &'static str,
}

/// A prefix that begins so marks a bus to be thrown away: its queues vanish when nobody has used
/// them for [`THROWAWAY_EXPIRY_MS`], so that a test or a demo that is killed leaves nothing that
/// costs. A quorum queue holds file descriptors of the broker, and one that has none left serves
/// nobody.
const THROWAWAY_PREFIXES: [&str; 2] = ["test-", "demo-"];

/// Ten minutes, in milliseconds.
const THROWAWAY_EXPIRY_MS: i32 = 10 * 60 * 1_000;

/// The names of one bus: several may share a broker, each under its own prefix.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(crate) fn has_prefix(&self) -> bool {
        !self.prefix.is_empty()
    }

    pub(crate) fn exchange(&self, exchange: Exchange) -> String {
        self.full(exchange.as_str())
    }

    pub(crate) fn queue(&self, queue: Queue) -> String {
        self.full(queue.as_str())
    }

    pub(crate) fn parked(&self, queue: Queue) -> String {
        self.full(&format!("{queue}.parked"))
    }

    pub(crate) fn unrouted(&self) -> String {
        self.full("unrouted")
    }

    pub(crate) fn parking_exchange(&self) -> String {
        self.full("waypost.parking")
    }

    /// The exchange in front of a rung of the ladder, counted from 1.
    pub(crate) fn wait_exchange(&self, rung: usize) -> String {
        self.full(&format!("waypost.wait.{rung}"))
    }

    pub(crate) fn wait_queue(&self, rung: usize) -> String {
        self.full(&format!("wait.{rung}"))
    }

    fn unrouted_exchange(&self) -> String {
        self.full("waypost.unrouted")
    }

    fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    /// Every exchange.
    pub(crate) fn exchanges(&self) -> Vec<ExchangeSpec> {
        // What no queue is bound for lands in `unrouted` instead of nowhere. This takes the place
        // of mandatory publishing, whose returned messages cannot be told apart reliably.
        let caught = arguments([("alternate-exchange", text(&self.unrouted_exchange()))]);
        let caught = |name, kind| ExchangeSpec { name, kind, arguments: caught.clone() };

        let mut exchanges = vec![
            caught(self.exchange(Exchange::Notify), ExchangeKind::Topic),
            caught(self.exchange(Exchange::Dispatch), ExchangeKind::Direct),
            caught(self.exchange(Exchange::Webhooks), ExchangeKind::Topic),
            caught(self.parking_exchange(), ExchangeKind::Direct),
            ExchangeSpec {
                name: self.unrouted_exchange(),
                kind: ExchangeKind::Fanout,
                arguments: FieldTable::default(),
            },
        ];
        // A fanout leaves the routing key free to carry the name of the work queue.
        let rungs = 1..=RETRY_WAITS.len();
        exchanges.extend(rungs.map(|rung| caught(self.wait_exchange(rung), ExchangeKind::Fanout)));
        exchanges
    }

    /// Every queue.
    pub(crate) fn queues(&self) -> Vec<QueueSpec> {
        let mut queues = vec![store(self.unrouted())];
        for queue in Queue::ALL {
            queues.push(self.work(queue));
            queues.push(store(self.parked(queue)));
        }
        queues.extend(RETRY_WAITS.iter().zip(1..).map(|(wait, rung)| self.wait(rung, *wait)));
        if THROWAWAY_PREFIXES.iter().any(|mark| self.prefix.starts_with(mark)) {
            for queue in &mut queues {
                let expiry = AMQPValue::LongInt(THROWAWAY_EXPIRY_MS);
                queue.arguments.insert("x-expires".into(), expiry);
            }
        }
        queues
    }

    /// Every binding.
    pub(crate) fn bindings(&self) -> Vec<BindingSpec> {
        let bind = |queue, exchange, routing_key| BindingSpec { queue, exchange, routing_key };
        let mut bindings = vec![bind(self.unrouted(), self.unrouted_exchange(), "")];
        for queue in Queue::ALL {
            let (exchange, routing_key) = queue.binding();
            bindings.push(bind(self.queue(queue), self.exchange(exchange), routing_key));
            bindings.push(bind(self.parked(queue), self.parking_exchange(), queue.as_str()));
        }
        let rungs = 1..=RETRY_WAITS.len();
        bindings
            .extend(rungs.map(|rung| bind(self.wait_queue(rung), self.wait_exchange(rung), "")));
        bindings
    }

    fn work(&self, queue: Queue) -> QueueSpec {
        let arguments = arguments([
            quorum(),
            // The consumer parks a delivery that kills its process long before this limit. If even
            // the parking kills it, the broker parks it; without a dead-letter exchange it would
            // drop it, and RabbitMQ 4 has such a limit by default.
            ("x-delivery-limit", AMQPValue::LongInt(5 * i32::from(crate::MAX_DELIVERIES))),
            ("x-dead-letter-exchange", text(&self.parking_exchange())),
            ("x-dead-letter-routing-key", text(queue.as_str())),
            at_least_once(),
            reject_publish(),
        ]);
        QueueSpec { name: self.queue(queue), arguments }
    }

    fn wait(&self, rung: usize, wait: Duration) -> QueueSpec {
        let milliseconds = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let arguments = arguments([
            quorum(),
            // One time-to-live for the whole queue: with one per message, a long wait at the head
            // would hold up the short ones behind it.
            ("x-message-ttl", AMQPValue::LongLongInt(milliseconds)),
            // The default exchange, with the routing key kept: back to the queue it came from.
            ("x-dead-letter-exchange", text("")),
            at_least_once(),
            reject_publish(),
        ]);
        QueueSpec { name: self.wait_queue(rung), arguments }
    }
}

/// A queue that only people empty.
fn store(name: String) -> QueueSpec {
    // Looking at a message counts as a failed delivery; no number of looks may drop it.
    let arguments = arguments([quorum(), ("x-delivery-limit", AMQPValue::LongInt(1_000_000_000))]);
    QueueSpec { name, arguments }
}

type Argument = (&'static str, AMQPValue);

/// Replicated where there is a cluster, written to disk before a confirm, and it counts failed
/// deliveries.
fn quorum() -> Argument {
    ("x-queue-type", text("quorum"))
}

/// A dead-lettered message leaves the queue only when its target has confirmed it; by default it
/// is sent and forgotten.
fn at_least_once() -> Argument {
    ("x-dead-letter-strategy", text("at-least-once"))
}

/// Required by the strategy above, and without effect here: no queue has a length limit.
fn reject_publish() -> Argument {
    ("x-overflow", text("reject-publish"))
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn arguments<const N: usize>(entries: [Argument; N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in entries {
        table.insert(ShortString::from(key), value);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_before_every_name() {
        let names = Names::new("blue");

        assert!(names.exchanges().iter().all(|exchange| exchange.name.starts_with("blue.")));
        assert!(names.queues().iter().all(|queue| queue.name.starts_with("blue.")));
        assert_eq!(names.queue(Queue::DispatchUrgent), "blue.dispatch.urgent");
        assert_eq!(Names::new("").exchange(Exchange::Notify), "waypost.notify");
    }

    #[test]
    fn every_queue_is_bound_to_an_exchange_that_is_declared() {
        let names = Names::new("");
        let bindings = names.bindings();

        for queue in names.queues() {
            let bound = bindings.iter().filter(|binding| binding.queue == queue.name).count();
            assert_eq!(bound, 1, "{}", queue.name);
        }
        for binding in &bindings {
            let declared = names.exchanges().iter().any(|spec| spec.name == binding.exchange);
            assert!(declared, "{}", binding.exchange);
        }
    }

    #[test]
    fn every_exchange_but_the_last_resort_catches_what_is_unrouted() {
        for exchange in Names::new("").exchanges() {
            let is_last_resort = exchange.name == "waypost.unrouted";
            let catches = exchange.arguments.contains_key("alternate-exchange");
            assert_eq!(catches, !is_last_resort, "{}", exchange.name);
        }
    }

    #[test]
    fn only_the_queues_of_a_test_expire() {
        let expires = |names: Names| {
            names.queues().iter().all(|queue| queue.arguments.contains_key("x-expires"))
        };

        assert!(expires(Names::new("test-1")) && expires(Names::new("demo-1")));
        assert!(!expires(Names::new("")) && !expires(Names::new("production")));
    }

    #[test]
    fn every_queue_name_reads_back_as_itself() {
        for queue in Queue::ALL {
            assert_eq!(queue.as_str().parse(), Ok(queue));
        }
        assert_eq!("outbox".parse::<Queue>(), Err(UnknownQueue));
    }
}
