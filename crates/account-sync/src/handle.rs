//! One batch of deliveries: decode, map, write, judge.

use std::sync::Arc;

use amqp::{Delivery, Verdict};
use backbone::Backbone;
use chrono::{DateTime, Utc};
use contracts::WebhookReceived;
use domain::scope::Scope;
use graph_api::webhook::{self, Webhook};
use runtime::Stop;

use crate::apply::{Applied, apply};
use crate::config::Watch;
use crate::judge::judge;
use crate::map::Mapped;
use crate::metrics::Metrics;

/// The shell around [`Mapped`]. Clones share what they hold.
#[derive(Clone)]
pub(crate) struct Listener {
    backbone: Backbone,
    watch: Watch,
    stop: Stop,
    metrics: Arc<Metrics>,
}

impl Listener {
    pub(crate) fn new(
        backbone: &Backbone,
        watch: Watch,
        metrics: &Arc<Metrics>,
        stop: Stop,
    ) -> Self {
        Self { backbone: backbone.clone(), watch, stop, metrics: Arc::clone(metrics) }
    }

    /// Judges every delivery; answers none when the service is stopped while the database is away:
    /// then all of them come again.
    pub(crate) async fn handle(&self, batch: Vec<Delivery>) -> Vec<(Delivery, Verdict)> {
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
        self.metrics.news.add(mapped.news() as u64, &[]);
        self.metrics.poison.add(mapped.poison, &[]);
        let applied = apply(&self.backbone, mapped, &self.stop).await;
        let Ok(applied) = applied else { return Vec::new() };
        self.report(&applied);
        for connection_id in &applied.connections {
            let judged = judge(&self.backbone, &self.watch, *connection_id, &self.stop).await;
            if judged.is_err() {
                return Vec::new();
            }
        }
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
            let applied = apply(&self.backbone, mapped, &self.stop).await;
            let Ok(applied) = applied else { break };
            let verdict = match applied.refused.first() {
                None => Verdict::Done,
                Some(error) => Verdict::Park(backbone::chain(error)),
            };
            verdicts.push((delivery, verdict));
        }
        verdicts
    }

    fn report(&self, applied: &Applied) {
        self.metrics.touched.add(applied.touched as u64, &[]);
        self.metrics.poison.add(applied.refused.len() as u64, &[]);
        for error in &applied.refused {
            let error = backbone::chain(error);
            tracing::error!(error, "news of an account cannot be stored; its POST is parked");
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
