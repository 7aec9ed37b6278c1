//! What an operator does with messages that were set aside: look at them, and send them again.

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use lapin::Channel;
use lapin::message::{BasicGetMessage, Delivery};
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions};
use uuid::Uuid;

use crate::bus::Bus;
use crate::connection::answered;
use crate::error::BusError;
use crate::letter::{self, Headers, Letter};
use crate::settle::requeue;
use crate::topology::Queue;

/// A message that was set aside.
#[derive(Clone)]
pub struct ParkedMessage {
    /// The id its publisher gave it, if that is a UUID.
    pub message_id: Option<Uuid>,
    /// Why it was parked.
    pub reason: Option<String>,
    /// When it was parked, to the second.
    pub parked_at: Option<DateTime<Utc>>,
    /// The attempt that failed, from 1.
    pub attempt: u32,
    /// The routing key it was first published with.
    pub routing_key: String,
    /// How to read `body`.
    pub content_type: Option<String>,
    /// W3C trace context of its publisher.
    pub traceparent: Option<String>,
    /// The message itself; it may hold personal data.
    pub body: Bytes,
}

/// Shows no body.
impl fmt::Debug for ParkedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParkedMessage")
            .field("message_id", &self.message_id)
            .field("reason", &self.reason)
            .field("parked_at", &self.parked_at)
            .field("attempt", &self.attempt)
            .field("routing_key", &self.routing_key)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Bus {
    /// Shows up to `limit` parked messages of a work queue, oldest first, and leaves them there.
    pub async fn parked(&self, queue: Queue, limit: usize) -> Result<Vec<ParkedMessage>, BusError> {
        self.peek(&self.shared.names.parked(queue), limit).await
    }

    /// Shows up to `limit` messages that no queue was bound for, and leaves them there.
    pub async fn unrouted(&self, limit: usize) -> Result<Vec<ParkedMessage>, BusError> {
        self.peek(&self.shared.names.unrouted(), limit).await
    }

    /// Sends up to `limit` parked messages back to their work queue, oldest first, as if they had
    /// never been tried. Returns how many. A message that is parked again meanwhile is not taken
    /// a second time.
    ///
    /// Each leaves the parking queue only after the broker has confirmed its copy. An error leaves
    /// the rest parked.
    pub async fn redrive(&self, queue: Queue, limit: usize) -> Result<usize, BusError> {
        // The default exchange drops what has no queue, so the queue must be seen to be there.
        self.depth(queue).await?;
        let work_queue = self.shared.names.queue(queue);
        let parked = self.shared.names.parked(queue);
        self.send_again(&parked, limit, |_| (String::new(), work_queue.clone())).await
    }

    /// Publishes up to `limit` messages that no queue was bound for once more, oldest first, where
    /// they were published to. Returns how many. What still nobody wants is caught again.
    ///
    /// Each is taken away only after the broker has confirmed its copy. An error leaves the rest.
    pub async fn redrive_unrouted(&self, limit: usize) -> Result<usize, BusError> {
        let first =
            |delivery: &Delivery| (delivery.exchange.to_string(), delivery.routing_key.to_string());
        self.send_again(&self.shared.names.unrouted(), limit, first).await
    }

    /// `address` says to which exchange a message goes, and with which routing key.
    async fn send_again(
        &self,
        from: &str,
        limit: usize,
        address: impl Fn(&Delivery) -> (String, String),
    ) -> Result<usize, BusError> {
        // What comes meanwhile is not taken, so this ends.
        let waiting = usize::try_from(self.shared.depth(from).await?).unwrap_or(usize::MAX);
        let channel = self.shared.consuming.channel().await?;
        let mut redriven = 0;
        while redriven < limit.min(waiting) {
            let Some(message) = get(&channel, from).await? else { break };
            let copy = fresh_copy(&message, address(&message.delivery));
            if let Err(error) = self.publisher().send(&copy).await {
                requeue(&message.delivery.acker).await;
                return Err(BusError::Redrive(error));
            }
            answered(message.delivery.acker.ack(BasicAckOptions::default())).await?;
            redriven += 1;
        }
        Ok(redriven)
    }

    async fn peek(&self, queue: &str, limit: usize) -> Result<Vec<ParkedMessage>, BusError> {
        let channel = self.shared.consuming.channel().await?;
        let mut messages = Vec::new();
        let mut last = None;
        while messages.len() < limit
            && let Some(message) = get(&channel, queue).await?
        {
            last = Some(message.delivery.delivery_tag);
            messages.push(read(message));
        }
        if let Some(tag) = last {
            let options = BasicNackOptions { multiple: true, requeue: true };
            answered(channel.basic_nack(tag, options)).await?;
        }
        Ok(messages)
    }
}

async fn get(channel: &Channel, queue: &str) -> Result<Option<BasicGetMessage>, BusError> {
    answered(channel.basic_get(queue.into(), BasicGetOptions::default())).await
}

fn read(message: BasicGetMessage) -> ParkedMessage {
    let delivery = message.delivery;
    let headers = Headers::of(&delivery.properties);
    ParkedMessage {
        message_id: letter::message_id(&delivery.properties),
        reason: headers.text(letter::REASON).or_else(|| headers.text(letter::DEATH_REASON)),
        parked_at: headers.parked_at(),
        attempt: headers.attempt(),
        routing_key: first_routing_key(&headers, &delivery),
        content_type: delivery.properties.content_type().as_ref().map(ToString::to_string),
        traceparent: headers.text(letter::TRACEPARENT),
        body: Bytes::from(delivery.data),
    }
}

/// The message as it was first published, with another address.
fn fresh_copy(message: &BasicGetMessage, address: (String, String)) -> Letter {
    let (exchange, routing_key) = address;
    let delivery = &message.delivery;
    let headers = Headers::of(&delivery.properties);
    Letter {
        exchange,
        routing_key,
        message_id: delivery.properties.message_id().clone(),
        content_type: delivery.properties.content_type().as_ref().map(ToString::to_string),
        headers: Headers::default()
            .with_text(letter::ROUTING_KEY, &first_routing_key(&headers, delivery))
            .with_optional(letter::TRACEPARENT, headers.text(letter::TRACEPARENT).as_deref()),
        body: Bytes::copy_from_slice(&delivery.data),
    }
}

fn first_routing_key(headers: &Headers, delivery: &Delivery) -> String {
    headers.text(letter::ROUTING_KEY).unwrap_or_else(|| delivery.routing_key.to_string())
}
