//! One batch of deliveries: decode, map, write, judge.

use std::sync::Arc;

use amqp::{Delivery, Verdict};
use chrono::{DateTime, Utc};
use contracts::WebhookReceived;
use domain::scope::Scope;
use graph_api::webhook::{self, Webhook};
use runtime::Stop;
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

    /// Judges every delivery; answers none when the service is stopped while the database is away:
    /// then all of them come again.
    pub(crate) async fn handle(&self, batch: Vec<Delivery>) -> Vec<(Delivery, Verdict)> {
        self.metrics.batch.record(batch.len() as f64, &[]);
        let mut mapped = Mapped::default();
        let mut verdicts = Vec::with_capacity(batch.len());
        let mut readable = Vec::with_capacity(batch.len());
        for delivery in batch {
            match read(&delivery) {
                Ok(post) => {
                    mapped.add(post.scope, post.received_at, &post.webhook);
                    readable.push((delivery, post));
                }
                Err(reason) => verdicts.push((delivery, Verdict::Park(reason))),
            }
        }
        self.metrics.statuses.add(mapped.statuses, &[]);
        self.metrics.poison.add(mapped.poison, &[]);
        let Ok(applied) = apply(&self.db, mapped, &self.stop).await else { return Vec::new() };
        self.report(&applied);
        if applied.refused.is_empty() {
            let done = readable.into_iter().map(|(delivery, _)| (delivery, Verdict::Done));
            verdicts.extend(done);
        } else {
            verdicts.extend(self.judge_each(readable).await);
        }
        verdicts
    }

    /// Something in the batch cannot be stored, and everything else is. Finds out whose it is by
    /// writing each POST once more by itself, which changes nothing where it succeeds.
    async fn judge_each(&self, readable: Vec<(Delivery, Post)>) -> Vec<(Delivery, Verdict)> {
        let mut verdicts = Vec::with_capacity(readable.len());
        for (delivery, post) in readable {
            let mut mapped = Mapped::default();
            mapped.add(post.scope, post.received_at, &post.webhook);
            let Ok(applied) = apply(&self.db, mapped, &self.stop).await else { break };
            let verdict = match applied.refused.first() {
                None => Verdict::Done,
                Some(error) => Verdict::Park(backbone::chain(error)),
            };
            verdicts.push((delivery, verdict));
        }
        verdicts
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

/// A POST that was read.
struct Post {
    scope: Scope,
    received_at: DateTime<Utc>,
    webhook: Webhook,
}

/// The POST, or why it can never be read.
fn read(delivery: &Delivery) -> Result<Post, String> {
    let received =
        WebhookReceived::decode_shared(&delivery.body).map_err(|error| error.to_string())?;
    let scope = received.scope.ok_or("its signature proved nothing")?;
    let webhook = webhook::parse(&received.body).map_err(|error| error.to_string())?;
    Ok(Post { scope, received_at: received.received_at, webhook })
}
