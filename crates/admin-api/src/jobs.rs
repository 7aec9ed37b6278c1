//! Telling the dispatcher, after the commit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amqp::{Bus, Exchange, Outgoing, PublishError, Publisher};
use contracts::{DispatchJob, PROTOBUF};
use domain::ids::MessageId;
use runtime::metrics::{Counter, counter};
use store::messages::NewMessage;

/// How long a caller waits for the broker. A flap of the connection is bridged; a longer absence is
/// left to the scheduler's sweep.
const PATIENCE: Duration = Duration::from_secs(2);

/// Publishes the jobs of committed messages. That one fails is no error: the row is there, and the
/// scheduler publishes its job when it finds it waiting.
pub(crate) struct Jobs {
    bus: Bus,
    publisher: Publisher,
    failing: AtomicBool,
    failures: Counter,
}

impl Jobs {
    pub(crate) fn new(bus: Bus) -> Self {
        let publisher = bus.publisher().with_timeout(PATIENCE);
        let failures = counter(
            "waypost.enqueue.publish_failures",
            "Jobs left to the scheduler because the broker did not take them.",
        );
        Self { bus, publisher, failing: AtomicBool::new(false), failures }
    }

    /// Publishes a job for each message that is due now, all at once; answers the messages whose
    /// job is not known to be on the bus.
    pub(crate) async fn publish(&self, messages: &[NewMessage]) -> Vec<MessageId> {
        let due: Vec<&NewMessage> =
            messages.iter().filter(|message| message.not_before.is_none()).collect();
        let ids = || due.iter().map(|message| message.message_id);
        if due.is_empty() {
            return Vec::new();
        }
        if self.is_known_away() {
            self.failed(due.len(), &PublishError::Unavailable);
            return ids().collect();
        }
        let published = self.publisher.publish_all(due.iter().copied().map(job).collect()).await;
        let errors = published.iter().filter_map(|result| result.as_ref().err());
        match errors.clone().next() {
            Some(first) => self.failed(errors.count(), first),
            None if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("jobs are published again");
            }
            None => {}
        }
        let each = ids().zip(&published);
        each.filter_map(|(id, result)| result.is_err().then_some(id)).collect()
    }

    /// Only the first caller after the broker went away waits for it.
    fn is_known_away(&self) -> bool {
        self.failing.load(Ordering::Relaxed) && !self.bus.connected()
    }

    fn failed(&self, jobs: usize, error: &PublishError) {
        self.failures.add(u64::try_from(jobs).unwrap_or(u64::MAX), &[]);
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(jobs, %error, "jobs were not published; the scheduler will do it");
        }
    }
}

fn job(message: &NewMessage) -> Outgoing {
    let job = DispatchJob { tenant_id: message.tenant_id, message_id: message.message_id };
    Outgoing {
        exchange: Exchange::Dispatch,
        routing_key: message.lane.to_string(),
        message_id: message.message_id.as_uuid(),
        content_type: PROTOBUF,
        traceparent: message.traceparent.clone(),
        body: job.encode(),
    }
}
