//! Publishing that is done when the broker has it on disk.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{Channel, Confirmation};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::bus::Shared;
use crate::error::{Class, PublishError, class, was_never_sent};
use crate::letter::{self, Headers, Letter};
use crate::topology::Exchange;

/// How long a publish may take, reconnecting included, unless the caller says otherwise.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);

/// How many channels share the work. One reaches the broker's full rate; the second keeps
/// publishing while an error closes the first.
const CHANNELS: usize = 2;

/// Pause between two looks at a broker that is away or blocked.
const POLL: Duration = Duration::from_millis(25);

/// A message to publish.
#[derive(Clone)]
pub struct Outgoing {
    /// Where to.
    pub exchange: Exchange,
    /// By what the exchange chooses the queues; at most 255 bytes.
    pub routing_key: String,
    /// Names the message in logs and in the parking queue.
    pub message_id: Uuid,
    /// How to read `body`.
    pub content_type: &'static str,
    /// W3C trace context of the publisher.
    pub traceparent: Option<String>,
    /// The message itself.
    pub body: Bytes,
}

/// Shows no body.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("exchange", &self.exchange)
            .field("routing_key", &self.routing_key)
            .field("message_id", &self.message_id)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Publishes with confirms. Clones share the bus's channels.
#[derive(Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
    timeout: Duration,
}

impl Publisher {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, timeout: PUBLISH_TIMEOUT }
    }

    /// The same publisher with another time-out (default 5 s).
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Publishes and waits until the broker has confirmed. While the connection is being replaced
    /// or the topology declared again, it waits, within the time-out.
    pub async fn publish(&self, outgoing: Outgoing) -> Result<(), PublishError> {
        let letter = Letter {
            exchange: self.shared.names.exchange(outgoing.exchange),
            routing_key: outgoing.routing_key,
            message_id: Some(outgoing.message_id.to_string().into()),
            content_type: Some(outgoing.content_type.to_owned()),
            headers: Headers::default()
                .with_optional(letter::TRACEPARENT, outgoing.traceparent.as_deref()),
            body: outgoing.body,
        };
        self.send(&letter).await
    }

    /// Publishes all at once and waits for all confirms; the answers stand in the order of the
    /// messages.
    pub async fn publish_all(&self, outgoing: Vec<Outgoing>) -> Vec<Result<(), PublishError>> {
        join_all(outgoing.into_iter().map(|outgoing| self.publish(outgoing))).await
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Result<(), PublishError> {
        let routing_key = ShortString::try_new(letter.routing_key.as_str())
            .map_err(|_| PublishError::Rejected)?;
        let deadline = Instant::now() + self.timeout;
        loop {
            let trusted_channel = async {
                self.shared.upkeep.trusted().await;
                self.shared.confirming_channel().await
            };
            let channel = match timeout_at(deadline, trusted_channel).await {
                Ok(Some(channel)) => channel,
                Ok(None) | Err(_) => return Err(PublishError::Unavailable),
            };
            match timeout_at(deadline, confirmed(&channel, letter, &routing_key)).await {
                Ok(Ok(Confirmation::Ack(_))) => return Ok(()),
                Ok(Ok(Confirmation::Nack(_) | Confirmation::NotRequested)) => {
                    return Err(PublishError::Rejected);
                }
                Ok(Err(error)) if was_never_sent(&error) => {}
                Ok(Err(error)) => {
                    if class(&error) == Class::Missing {
                        self.shared.upkeep.doubt();
                    }
                    return Err(PublishError::Unconfirmed { reason: error.to_string() });
                }
                Err(_) => {
                    // lapin keeps the promise of every abandoned confirm for as long as the
                    // channel lives.
                    self.shared.channels.retire(&channel);
                    return Err(PublishError::Timeout);
                }
            }
        }
    }
}

async fn confirmed(
    channel: &Channel,
    letter: &Letter,
    routing_key: &ShortString,
) -> lapin::Result<Confirmation> {
    let exchange = ShortString::try_new(letter.exchange.as_str()).unwrap_or_default();
    let options = BasicPublishOptions::default();
    let confirm = channel
        .basic_publish(exchange, routing_key.clone(), options, &letter.body, letter.properties())
        .await?;
    confirm.await.map_err(after_sending)
}

/// An error that comes in place of a confirm never means "not sent", whatever its kind.
fn after_sending(error: lapin::Error) -> lapin::Error {
    if was_never_sent(&error) {
        std::io::Error::new(std::io::ErrorKind::ConnectionAborted, error).into()
    } else {
        error
    }
}

/// The channels in confirm mode that all publishers of a bus share.
#[derive(Default)]
pub(crate) struct Channels {
    slots: [Mutex<Option<Channel>>; CHANNELS],
    next: AtomicUsize,
}

impl Channels {
    fn slot(&self) -> &Mutex<Option<Channel>> {
        &self.slots[self.next.fetch_add(1, Ordering::Relaxed) % CHANNELS]
    }

    /// Takes a channel out of use; what is under way on it still ends.
    fn retire(&self, channel: &Channel) {
        for slot in &self.slots {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.take_if(|held| held.id() == channel.id());
        }
    }
}

fn live(slot: &Mutex<Option<Channel>>) -> Option<Channel> {
    let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.clone().filter(|channel| channel.status().connected())
}

/// Puts a new channel into its slot, unless another caller was faster: then that one is used, for
/// a channel must not go out of scope while a confirm is pending on it.
fn offer(slot: &Mutex<Option<Channel>>, channel: Channel) -> Channel {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    match slot.as_ref() {
        Some(held) if held.status().connected() => held.clone(),
        _ => slot.insert(channel).clone(),
    }
}

impl Shared {
    /// A channel to publish on; waits while the broker is away or takes no messages. `None` when
    /// the bus is closed.
    async fn confirming_channel(&self) -> Option<Channel> {
        let slot = self.channels.slot();
        while !self.publishing.is_closed() {
            if self.publishing.blocked() {
                tokio::time::sleep(POLL).await;
                continue;
            }
            if let Some(channel) = live(slot) {
                return Some(channel);
            }
            match self.open_confirming().await {
                Ok(channel) => return Some(offer(slot, channel)),
                Err(error) => {
                    tracing::debug!(%error, "could not open a channel to publish on");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
        None
    }

    async fn open_confirming(&self) -> lapin::Result<Channel> {
        let channel = self.publishing.connection().await.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }
}
