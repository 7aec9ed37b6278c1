//! One batch of deliveries: read, map, write, judge.

use std::sync::Arc;

use amqp::{Delivery, Verdict};
use backbone::Backbone;
use backbone::posts::{self, Post, Writer};
use runtime::{Stop, Stopped};

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

    /// Judges every delivery.
    pub(crate) async fn handle(&self, batch: Vec<Delivery>) -> Vec<(Delivery, Verdict)> {
        posts::judge(batch, self).await
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

impl Writer for Listener {
    async fn write(&self, posts: &[Post]) -> Result<Vec<store::Error>, Stopped> {
        let mut mapped = Mapped::default();
        for post in posts {
            mapped.add(post.scope, post.received_at, &post.webhook);
        }
        self.metrics.news.add(mapped.news() as u64, &[]);
        self.metrics.poison.add(mapped.poison, &[]);
        let applied = apply(&self.backbone, mapped, &self.stop).await?;
        self.report(&applied);
        for connection_id in &applied.connections {
            judge(&self.backbone, &self.watch, *connection_id, &self.stop).await?;
        }
        Ok(applied.refused)
    }
}
