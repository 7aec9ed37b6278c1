//! Telling the dispatcher, after the commit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amqp::{Bus, PublishError, Publisher};
use backbone::PublishableJob;
use domain::ids::MessageId;
use runtime::metrics::{Counter, counter};
use store::messages::{Due, NewMessage};

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
            "Messages left to the scheduler because the broker did not take their jobs.",
        );
        Self { bus, publisher, failing: AtomicBool::new(false), failures }
    }

    /// Publishes the jobs of the messages that are due now, all at once; answers the messages whose
    /// job is not known to be on the bus.
    pub(crate) async fn publish(&self, messages: &[NewMessage]) -> Vec<MessageId> {
        let due = messages.iter().filter(|message| message.not_before.is_none());
        let due: Vec<Due> = due.map(NewMessage::due).collect();
        if due.is_empty() {
            return Vec::new();
        }
        if self.is_known_away() {
            self.failed(due.len(), &PublishError::Unavailable);
            return due.into_iter().map(|due| due.message_id).collect();
        }
        let (ids, outgoing): (Vec<_>, Vec<_>) = backbone::jobs(due)
            .into_iter()
            .map(|PublishableJob { outgoing, message_ids }| (message_ids, outgoing))
            .unzip();
        let published = self.publisher.publish_all(outgoing).await;
        let each = ids.into_iter().zip(&published);
        let unpublished = each.filter_map(|(ids, result)| result.is_err().then_some(ids));
        let unpublished: Vec<MessageId> = unpublished.flatten().collect();
        match published.iter().find_map(|result| result.as_ref().err()) {
            Some(first) => self.failed(unpublished.len(), first),
            None if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("jobs are published again");
            }
            None => {}
        }
        unpublished
    }

    /// Only the first caller after the broker went away waits for it.
    fn is_known_away(&self) -> bool {
        self.failing.load(Ordering::Relaxed) && !self.bus.connected()
    }

    fn failed(&self, messages: usize, error: &PublishError) {
        self.failures.add(u64::try_from(messages).unwrap_or(u64::MAX), &[]);
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(messages, %error, "no jobs for messages; the scheduler publishes them");
        }
    }
}
