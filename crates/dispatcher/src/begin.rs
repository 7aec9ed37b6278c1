//! Attempts written ahead of their calls, many in one statement.

use std::sync::Arc;

use backbone::{Backbone, chain};
use chrono::{DateTime, TimeDelta, Utc};
use runtime::Stop;
use store::Db;
use store::messages::{Begin, Claimed, begin_attempts};
use tokio::sync::{mpsc, oneshot};

use crate::batch;
use crate::config::Config;
use crate::insist::{Word, insist};
use crate::metrics::Metrics;

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Begun {
    /// It is written ahead; the message is this worker's until the lease ends.
    Yes {
        /// When the lease ends.
        lease_until: DateTime<Utc>,
    },
    /// It may not: the claim is not the newest any more, or Meta has reported on the message.
    Lost,
    /// It may not, although it may have been written: the database or this worker went away.
    /// Certainly nothing was sent.
    InDoubt,
}

/// Where attempts are handed in.
pub(crate) struct Begins(mpsc::Sender<Ask>);

struct Ask {
    begin: Begin,
    answer: oneshot::Sender<Begun>,
}

impl Begins {
    /// A place to hand in attempts, and the loop that begins them.
    pub(crate) fn new(
        config: &Config,
        backbone: &Backbone,
        metrics: &Arc<Metrics>,
        stop: &Stop,
    ) -> (Self, Beginning) {
        let (sender, asks) = mpsc::channel(batch::LARGEST);
        let lease = TimeDelta::from_std(config.claim_lease).unwrap_or(TimeDelta::MAX);
        let beginner = Beginner {
            db: backbone.db.clone(),
            lease,
            metrics: Arc::clone(metrics),
            stop: stop.clone(),
        };
        (Self(sender), Beginning { asks, beginner })
    }

    /// Begins the attempt of a claim, together with all others that are waiting.
    pub(crate) async fn begin(&self, claimed: &Claimed) -> Begun {
        let (answer, answered) = oneshot::channel();
        let ask = Ask { begin: claimed.begin(), answer };
        // Neither fails while the loop runs, and without it nothing may be sent.
        if self.0.send(ask).await.is_err() {
            return Begun::InDoubt;
        }
        answered.await.unwrap_or(Begun::InDoubt)
    }
}

/// The loop.
pub(crate) struct Beginning {
    asks: mpsc::Receiver<Ask>,
    beginner: Beginner,
}

impl Beginning {
    /// Runs until nobody is left who could hand in an attempt.
    pub(crate) async fn run(self) {
        let beginner = &self.beginner;
        batch::run(self.asks, |asks| beginner.begin(asks)).await;
    }
}

struct Beginner {
    db: Db,
    lease: TimeDelta,
    metrics: Arc<Metrics>,
    stop: Stop,
}

impl Beginner {
    async fn begin(&self, asks: Vec<Ask>) {
        let (begins, answers): (Vec<_>, Vec<_>) =
            asks.into_iter().map(|ask| (ask.begin, ask.answer)).unzip();
        self.metrics.batch("begin", begins.len());
        let begins = &begins;
        let statement = || async move {
            let client = self.db.client().await?;
            let now = runtime::now();
            let begun = begin_attempts(&client, begins, self.lease, now).await?;
            Ok((begun, now + self.lease))
        };
        let word = insist(&self.stop, statement).await;
        for (Begin { message_id, .. }, answer) in begins.iter().zip(answers) {
            let begun = match &word {
                Ok(Word { result: Ok((begun, lease_until)), .. }) if begun.contains(message_id) => {
                    Begun::Yes { lease_until: *lease_until }
                }
                Ok(Word { result: Ok(_), is_repeated: false }) => Begun::Lost,
                Ok(Word { .. }) | Err(_) => Begun::InDoubt,
            };
            // Whoever does not wait any more sends nothing.
            let _ = answer.send(begun);
        }
        if let Ok(Word { result: Err(error), .. }) = &word {
            tracing::error!(error = chain(error), "attempts could not be written ahead");
        }
    }
}
