//! A message in the hands of a worker.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use lapin::Acker;
use lapin::types::ShortString;
use uuid::Uuid;

use crate::letter::{self, Headers, Letter};
use crate::settle::{Settled, Tap, Verdict, settle};
use crate::topology::RETRY_WAITS;

/// A message in the hands of a worker, until it is settled.
///
/// The law: each delivery ends in exactly one of ack ([`done`](Self::done)),
/// [`retry`](Self::retry) and [`park`](Self::park); the methods consume it, so it cannot end in
/// two. One that is dropped stays with this worker, unsettled, and comes again when its channel
/// closes.
pub struct Delivery {
    /// The message itself.
    pub body: Bytes,
    /// The id its publisher gave it, if that is a UUID.
    pub message_id: Option<Uuid>,
    /// How to read `body`, as its publisher said.
    pub content_type: Option<String>,
    /// The routing key it was first published with, also after a retry.
    pub routing_key: String,
    /// The number of this attempt, from 1. Counts retries, not redeliveries.
    pub attempt: u32,
    /// W3C trace context of its publisher.
    pub traceparent: Option<String>,
    /// Whether the broker has handed it out before, in vain: the work may be half done.
    pub redelivered: bool,
    pub(crate) hold: Hold,
}

/// What it takes to settle a delivery.
pub(crate) struct Hold {
    pub(crate) tag: u64,
    pub(crate) acker: Acker,
    pub(crate) tap: Arc<Tap>,
    /// As its publisher wrote it, UUID or not.
    pub(crate) message_id: Option<ShortString>,
    /// How often the broker delivered it in vain.
    pub(crate) returns: i64,
}

/// Shows no body.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("queue", &self.hold.tap.queue)
            .field("message_id", &self.message_id)
            .field("routing_key", &self.routing_key)
            .field("attempt", &self.attempt)
            .field("redelivered", &self.redelivered)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Delivery {
    /// The work is done: acks.
    pub async fn done(self) -> Settled {
        settle(vec![(self, Verdict::Done)]).await
    }

    /// The work failed for a reason that may pass: the message comes back after the wait of its
    /// attempt (see [`RETRY_WAITS`]), or is parked when the ladder is used up.
    ///
    /// The reason is written into a header: no message content, no phone number, no secret.
    pub async fn retry(self, reason: impl Into<String>) -> Settled {
        settle(vec![(self, Verdict::Retry(reason.into()))]).await
    }

    /// The work cannot be done: sets the message aside for a person, with the reason.
    ///
    /// The reason is written into a header: no message content, no phone number, no secret.
    pub async fn park(self, reason: impl Into<String>) -> Settled {
        settle(vec![(self, Verdict::Park(reason.into()))]).await
    }

    pub(crate) fn new(delivery: lapin::message::Delivery, tap: &Arc<Tap>) -> Self {
        let headers = Headers::of(&delivery.properties);
        let routing_key =
            headers.text(letter::ROUTING_KEY).unwrap_or_else(|| delivery.routing_key.to_string());
        Self {
            body: Bytes::from(delivery.data),
            message_id: letter::message_id(&delivery.properties),
            content_type: delivery.properties.content_type().as_ref().map(ToString::to_string),
            routing_key,
            attempt: headers.attempt(),
            traceparent: headers.text(letter::TRACEPARENT),
            redelivered: delivery.redelivered,
            hold: Hold {
                tag: delivery.delivery_tag,
                acker: delivery.acker,
                tap: tap.clone(),
                message_id: delivery.properties.message_id().clone(),
                returns: headers.number(letter::DELIVERY_COUNT).unwrap_or(0),
            },
        }
    }

    /// The copy that waits on the rung of this attempt, and the queue it must reach; a parked one
    /// when there is no such rung.
    pub(crate) fn retried(&self, reason: &str) -> (Letter, String) {
        let rung = usize::try_from(self.attempt).unwrap_or(usize::MAX);
        if rung > RETRY_WAITS.len() {
            return self.parked(&format!("given up after {rung} attempts: {reason}"));
        }
        let names = self.hold.tap.names();
        let letter = Letter {
            exchange: names.wait_exchange(rung),
            routing_key: names.queue(self.hold.tap.queue),
            headers: self.headers().with_attempt(self.attempt + 1).with_reason(reason),
            ..self.letter()
        };
        (letter, names.wait_queue(rung))
    }

    /// The copy for the parking queue, and that queue.
    pub(crate) fn parked(&self, reason: &str) -> (Letter, String) {
        let queue = self.hold.tap.queue;
        let letter = Letter {
            exchange: self.hold.tap.names().parking_exchange(),
            routing_key: queue.as_str().to_owned(),
            headers: self
                .headers()
                .with_attempt(self.attempt)
                .with_reason(reason)
                .with_text(letter::QUEUE, queue.as_str())
                .with_parked_at(now()),
            ..self.letter()
        };
        (letter, self.hold.tap.names().parked(queue))
    }

    fn headers(&self) -> Headers {
        Headers::default()
            .with_text(letter::ROUTING_KEY, &self.routing_key)
            .with_optional(letter::TRACEPARENT, self.traceparent.as_deref())
    }

    fn letter(&self) -> Letter {
        Letter {
            exchange: String::new(),
            routing_key: String::new(),
            message_id: self.hold.message_id.clone(),
            content_type: self.content_type.clone(),
            headers: Headers::default(),
            body: self.body.clone(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a note for people in a header; nothing is decided by it, and `runtime` is above us"
)]
fn now() -> chrono::DateTime<chrono::Utc> {
    std::time::SystemTime::now().into()
}
