//! What claims came to: recorded many in one statement, and acked when that is committed.

use std::sync::Arc;

use amqp::{Verdict, settle};
use backbone::{Backbone, chain};
use runtime::Stop;
use store::Db;
use store::messages::{Finished, Next, record};
use tokio::sync::mpsc;

use crate::batch;
use crate::insist::insist;
use crate::lane::Shares;
use crate::metrics::Metrics;

/// Where results are handed in.
pub(crate) struct Results(mpsc::Sender<Outcome>);

/// What became of a delivery.
struct Outcome {
    /// `None` when there is nothing to record, because the claim was lost.
    finished: Option<Finished>,
    delivery: Shares,
}

impl Results {
    /// A place to hand in results, and the loop that records them.
    pub(crate) fn new(backbone: &Backbone, metrics: &Arc<Metrics>) -> (Self, Recording) {
        let (sender, outcomes) = mpsc::channel(batch::LARGEST);
        let recorder = Recorder { db: backbone.db.clone(), metrics: Arc::clone(metrics) };
        (Self(sender), Recording { outcomes, recorder })
    }

    /// Hands in what became of a delivery.
    pub(crate) async fn put(&self, finished: Option<Finished>, delivery: Shares) {
        // Fails only without the loop; then the delivery stays unsettled, and comes again.
        let _ = self.0.send(Outcome { finished, delivery }).await;
    }
}

/// The loop.
pub(crate) struct Recording {
    outcomes: mpsc::Receiver<Outcome>,
    recorder: Recorder,
}

impl Recording {
    /// Runs until nobody is left who could hand in a result.
    pub(crate) async fn run(self) {
        let recorder = &self.recorder;
        batch::run(self.outcomes, |outcomes| recorder.finish(outcomes)).await;
    }
}

struct Recorder {
    db: Db,
    metrics: Arc<Metrics>,
}

impl Recorder {
    async fn finish(&self, outcomes: Vec<Outcome>) {
        let (finished, deliveries): (Vec<_>, Vec<_>) =
            outcomes.into_iter().map(|outcome| (outcome.finished, outcome.delivery)).unzip();
        let finished: Vec<_> = finished.into_iter().flatten().collect();
        self.count(&finished);
        if let Err(error) = self.record(&finished).await {
            tracing::error!(error = chain(&error), "results could not be recorded together");
            self.record_one_by_one(&finished).await;
        }
        // Also that of a result that no statement takes: its lease lapses, and it is `unknown`.
        let finished = deliveries.into_iter().filter_map(Arc::into_inner);
        settle(finished.map(|delivery| (delivery, Verdict::Done)).collect()).await;
    }

    /// Insists for as long as the process lives: a result that is lost leaves its message in doubt.
    async fn record(&self, finished: &[Finished]) -> store::Result<()> {
        if finished.is_empty() {
            return Ok(());
        }
        let statement = || async move {
            let client = self.db.client().await?;
            record(&client, finished).await
        };
        match insist(&Stop::new(), statement).await {
            Ok(word) => word.result,
            // Nobody has the other end of that stop.
            Err(_) => Ok(()),
        }
    }

    async fn record_one_by_one(&self, finished: &[Finished]) {
        for one in finished {
            if let Err(error) = self.record(std::slice::from_ref(one)).await {
                tracing::error!(
                    message.id = %one.message_id,
                    error = chain(&error),
                    "the result for message {} cannot be recorded; it will be unknown",
                    one.message_id,
                );
            }
        }
    }

    fn count(&self, finished: &[Finished]) {
        if !finished.is_empty() {
            self.metrics.batch("record", finished.len());
        }
        for one in finished {
            if let Next::Wait { reason, .. } = one.next {
                self.metrics.wait(reason);
            }
        }
    }
}
