//! From a verified POST to the bus; to Postgres while the bus is away.

use std::sync::Arc;
use std::time::Duration;

use amqp::{Bus, Exchange, Outgoing, Publisher};
use backbone::{Backbone, chain};
use bytes::Bytes;
use contracts::{PROTOBUF, WebhookReceived};
use domain::ids::EventId;
use runtime::metrics::Histogram;
use store::spool::{self, Spooled};
use store::{Db, Vault};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use crate::config::Config;

/// Where a POST is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// On the broker's disk.
    Published,
    /// In Postgres, until the scheduler finds the bus again.
    Spooled,
    /// Nowhere: both are away.
    Nowhere,
}

/// The way to the bus. Clones share it.
#[derive(Clone)]
pub(crate) struct Forward {
    bus: Bus,
    publisher: Publisher,
    db: Db,
    vault: Arc<Vault>,
    spool_timeout: Duration,
    /// Of the whole process. A connection to Postgres ends with the runtime that opened it, and
    /// those of the HTTP workers end before other services of this process do.
    runtime: Handle,
    latency: Histogram,
}

impl Forward {
    /// Must be called within the runtime of the process.
    pub(crate) fn new(config: &Config, backbone: &Backbone, latency: Histogram) -> Self {
        Self {
            bus: backbone.bus.clone(),
            publisher: backbone.bus.publisher().with_timeout(config.publish_timeout),
            db: backbone.db.clone(),
            vault: Arc::clone(&backbone.vault),
            spool_timeout: config.spool_timeout,
            runtime: Handle::current(),
            latency,
        }
    }

    /// Brings a POST to where no crash can lose it. Takes no longer than both time-outs together,
    /// and does not wait for a bus that is known to be away.
    ///
    /// A publish that was not confirmed may yet have succeeded: then the POST comes twice, under the
    /// same event id.
    pub(crate) async fn forward(&self, event: &WebhookReceived, routing_key: &'static str) -> Kept {
        let envelope = event.encode();
        if self.bus.connected() && self.publish(event.event_id, routing_key, envelope.clone()).await
        {
            return Kept::Published;
        }
        if self.spool(event.event_id, routing_key, envelope).await {
            return Kept::Spooled;
        }
        Kept::Nowhere
    }

    async fn publish(&self, event_id: EventId, routing_key: &str, envelope: Bytes) -> bool {
        let outgoing = Outgoing {
            exchange: Exchange::Webhooks,
            routing_key: routing_key.to_owned(),
            message_id: event_id.as_uuid(),
            content_type: PROTOBUF,
            traceparent: runtime::trace::traceparent(),
            body: envelope,
        };
        let begun = Instant::now();
        let published = self.publisher.publish(outgoing).await;
        self.latency.record(begun.elapsed().as_secs_f64(), &[]);
        match published {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(event.id = %event_id, error = chain(&error), "a POST is not published");
                false
            }
        }
    }

    async fn spool(&self, event_id: EventId, routing_key: &str, envelope: Bytes) -> bool {
        let (db, vault) = (self.db.clone(), Arc::clone(&self.vault));
        let routing_key = routing_key.to_owned();
        let spooled = Spooled { event_id, routing_key, envelope: envelope.into() };
        let keep =
            async move { spool::keep(&db.client().await?, &vault, &spooled, runtime::now()).await };
        let reason = match self.runtime.spawn(timeout(self.spool_timeout, keep)).await {
            Ok(Ok(Ok(()))) => return true,
            Ok(Ok(Err(error))) => chain(&error),
            Ok(Err(elapsed)) => chain(&elapsed),
            Err(ended) => chain(&ended),
        };
        tracing::error!(event.id = %event_id, error = reason, "a POST can be kept nowhere");
        false
    }
}
