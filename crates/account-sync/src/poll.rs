//! Asking Meta about every connection in its turn.

mod account;
mod answers;
mod pace;
mod row;
mod token;
mod turn;
mod words;

use std::sync::Arc;
use std::time::Duration;

use backbone::{Backbone, persist};
use chrono::TimeDelta;
use graph_api::client::GraphClient;
use runtime::Stop;
use runtime::metrics::KeyValue;
use store::sync::{self, Due};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::pace::Outcome;
use self::turn::Turn;
use crate::config::Config;
use crate::judge::judge;
use crate::metrics::Metrics;

/// How often is looked for connections that are due.
const LOOK: Duration = Duration::from_secs(1);

/// How long nobody else asks about a connection. What is not asked by then is asked next time.
const LEASE: TimeDelta = TimeDelta::minutes(10);

/// Asks about connections, each in its turn.
pub(crate) struct Poller(Arc<Shared>);

/// What all turns have in common.
struct Shared {
    config: Config,
    backbone: Backbone,
    graph: GraphClient,
    metrics: Arc<Metrics>,
    stop: Stop,
}

impl Poller {
    /// # Errors
    /// When the client of the Graph API cannot be set up.
    pub(crate) fn new(
        config: &Config,
        backbone: &Backbone,
        metrics: &Arc<Metrics>,
        stop: Stop,
    ) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Shared {
            graph: config.management.for_background(&config.graph)?,
            config: config.clone(),
            backbone: backbone.clone(),
            metrics: Arc::clone(metrics),
            stop,
        })))
    }

    /// Asks until somebody stops; then ends when every turn that was begun has been given back.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let shared = self.0;
        let most = usize::from(shared.config.concurrency);
        let mut turns = JoinSet::new();
        while !shared.stop.is_stopped() {
            for due in shared.claim(most.saturating_sub(turns.len())).await? {
                turns.spawn(Arc::clone(&shared).ask_about(due));
            }
            let ended = shared.stop.until(async {
                tokio::select! {
                    Some(ended) = turns.join_next(), if turns.len() >= most => Some(ended),
                    () = sleep(LOOK) => None,
                }
            });
            if let Some(Some(ended)) = ended.await {
                ended?;
            }
            while let Some(ended) = turns.try_join_next() {
                ended?;
            }
        }
        while let Some(ended) = turns.join_next().await {
            ended?;
        }
        Ok(())
    }
}

impl Shared {
    /// Takes connections that are due; none while the service is being stopped.
    async fn claim(&self, free: usize) -> anyhow::Result<Vec<Due>> {
        let limit = i64::try_from(free)?;
        if limit == 0 {
            return Ok(Vec::new());
        }
        let claim = || async {
            let now = runtime::now();
            sync::claim(&self.backbone.db.client().await?, limit, now + LEASE, now).await
        };
        // A stop does not keep it from its answer: what was claimed is to be given back.
        let claimed = match claim().await {
            Err(error) if error.is_unavailable() => {
                persist(&self.stop, claim).await.unwrap_or(Ok(Vec::new()))
            }
            claimed => claimed,
        };
        Ok(claimed?)
    }

    /// One turn: ask, write, judge, and say when the next one is.
    async fn ask_about(self: Arc<Self>, due: Due) {
        let connection_id = due.connection_id;
        let outcome = Turn::new(&self, &due).take().await;
        let label = KeyValue::new("outcome", outcome.as_str());
        self.metrics.polls.add(1, &[label]);
        tracing::debug!(
            connection.id = %connection_id,
            outcome = outcome.as_str(),
            "asked Meta about connection {connection_id}"
        );
        if outcome != Outcome::Stopped {
            // A stop that comes now leaves it to whoever judges it next.
            let _ = judge(&self.backbone, &self.config.watch, connection_id, &self.stop).await;
        }
        let (next, failures) = pace::next(outcome, &due, self.config.interval, runtime::now());
        // A stopped process gives its turn back too, once: else the lease does.
        let finished =
            async { sync::finish(&self.backbone.db.client().await?, &due, next, failures).await };
        if let Err(error) = finished.await {
            let error = backbone::chain(&error);
            tracing::warn!(
                connection.id = %connection_id,
                error,
                "the turn of connection {connection_id} ends with its lease"
            );
        }
    }
}
