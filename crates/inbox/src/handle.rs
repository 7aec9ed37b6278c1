//! One batch of deliveries: read, map, write, judge.

use amqp::{Delivery, Verdict};
use backbone::persist;
use backbone::posts::{Post, Writer, judge};
use limits::Inbound;
use runtime::{Stop, Stopped};
use store::{Db, service_windows};

use crate::map::Mapped;
use crate::metrics::Metrics;

/// The shell around [`Mapped`].
pub(crate) struct Listener {
    db: Db,
    limits: Inbound,
    stop: Stop,
    metrics: Metrics,
}

impl Listener {
    pub(crate) fn new(db: Db, limits: Inbound, stop: Stop) -> Self {
        Self { db, limits, stop, metrics: Metrics::new() }
    }

    /// Judges every delivery.
    pub(crate) async fn handle(&self, batch: Vec<Delivery>) -> Vec<(Delivery, Verdict)> {
        judge(batch, self).await
    }
}

impl Writer for Listener {
    async fn write(&self, posts: &[Post]) -> Result<Vec<store::Error>, Stopped> {
        let mapped = Mapped::of(posts, runtime::now());
        self.metrics.messages.add(mapped.messages, &[]);
        self.metrics.poison.add(mapped.poison, &[]);
        if mapped.inbound.is_empty() {
            return Ok(Vec::new());
        }
        let open = async || {
            service_windows::open(&self.db.client().await?, &mapped.inbound, runtime::now()).await
        };
        let in_scope = match persist(&self.stop, open).await? {
            Ok(origins) => origins,
            Err(error) => {
                self.metrics.poison.add(1, &[]);
                let text = backbone::chain(&error);
                tracing::error!(error = text, "a message cannot be taken in; its POST is parked");
                return Ok(vec![error]);
            }
        };
        // What somebody else says of a number slows it no more than it opens its windows.
        for (origin, rate) in in_scope {
            if let Some(count) = mapped.fresh.get(&origin) {
                self.limits.received(&origin.phone_number_id, rate, *count).await;
            }
        }
        Ok(Vec::new())
    }
}
