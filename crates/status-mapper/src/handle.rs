//! One batch of deliveries: read, map, write, judge.

use std::sync::Arc;

use amqp::{Delivery, Verdict};
use backbone::posts::{Post, Writer, judge};
use runtime::{Stop, Stopped};
use store::Db;

use crate::apply::{Applied, apply};
use crate::map::Mapped;
use crate::metrics::Metrics;

/// The shell around [`Mapped`]. Clones share what they hold.
#[derive(Clone)]
pub(crate) struct Mapper {
    db: Db,
    stop: Stop,
    metrics: Arc<Metrics>,
}

impl Mapper {
    pub(crate) fn new(db: Db, stop: Stop) -> Self {
        Self { db, stop, metrics: Arc::new(Metrics::new()) }
    }

    /// Judges every delivery.
    pub(crate) async fn handle(&self, batch: Vec<Delivery>) -> Vec<(Delivery, Verdict)> {
        self.metrics.batch.record(batch.len() as f64, &[]);
        judge(batch, self).await
    }

    fn report(&self, applied: &Applied) {
        self.metrics.merged.add(applied.merged.len() as u64, &[]);
        self.metrics.unmatched.add(applied.unmatched as u64, &[]);
        self.metrics.orphaned.add(applied.orphaned, &[]);
        self.metrics.poison.add(applied.refused.len() as u64, &[]);
        for error in &applied.refused {
            let error = backbone::chain(error);
            tracing::error!(error, "a status cannot be stored; its POST is parked");
        }
        for merged in applied.merged.iter().filter(|merged| merged.traceparent.is_some()) {
            let span = tracing::info_span!(
                "status.merged",
                message.id = %merged.message_id,
                trace_id = tracing::field::Empty,
            );
            runtime::trace::follow(&span, merged.traceparent.as_deref());
            span.in_scope(|| tracing::debug!(message.id = %merged.message_id, "status merged"));
        }
    }
}

impl Writer for Mapper {
    async fn write(&self, posts: &[Post]) -> Result<Vec<store::Error>, Stopped> {
        let mut mapped = Mapped::default();
        for post in posts {
            mapped.add(post.scope, post.received_at, &post.webhook);
        }
        self.metrics.statuses.add(mapped.statuses, &[]);
        self.metrics.poison.add(mapped.poison, &[]);
        let applied = apply(&self.db, mapped, &self.stop).await?;
        self.report(&applied);
        Ok(applied.refused)
    }
}
