//! One batch of deliveries: decode, look into what was refused, write, judge.

use std::sync::Arc;
use std::time::Duration;

use amqp::{Delivery, Verdict};
use backbone::{Backbone, persist};
use contracts::WebhookReceived;
use runtime::metrics::{Counter, counter};
use runtime::{Stop, Stopped};
use store::{Db, Error, Vault};

use crate::config::Config;
use crate::examine::Examiner;
use crate::outside::{self, outside};
use crate::row::row;
use crate::write::{Entry, named, quarantine, write};

/// The shell around the pure parts. Clones share what they hold.
#[derive(Clone)]
pub(crate) struct Log {
    db: Db,
    vault: Arc<Vault>,
    stop: Stop,
    examiner: Arc<Examiner>,
    quiet: Duration,
    written: Counter,
}

impl Log {
    pub(crate) fn new(config: &Config, backbone: &Backbone, stop: Stop) -> Self {
        Self {
            db: backbone.db.clone(),
            vault: Arc::clone(&backbone.vault),
            stop,
            examiner: Arc::new(Examiner::new(config.clone())),
            quiet: config.quiet,
            written: counter("waypost.webhooks.logged", "Webhook POSTs written to the log"),
        }
    }

    /// Judges every delivery; answers none when the service is stopped while the database is away:
    /// then all of them come again.
    pub(crate) async fn handle(&self, batch: Vec<Delivery>) -> Vec<(Delivery, Verdict)> {
        let mut verdicts = Vec::with_capacity(batch.len());
        let mut readable = Vec::with_capacity(batch.len());
        let mut posts = Vec::with_capacity(batch.len());
        for delivery in batch {
            match WebhookReceived::decode_shared(&delivery.body) {
                Ok(received) => {
                    posts.push(received);
                    readable.push(delivery);
                }
                Err(error) => verdicts.push((delivery, Verdict::Park(error.to_string()))),
            }
        }
        let Ok(entries) = self.entries(&posts).await else { return Vec::new() };
        match self.write(&entries).await {
            Err(Stopped(_)) => return Vec::new(),
            Ok(Ok(())) => {
                verdicts.extend(readable.into_iter().map(|delivery| (delivery, Verdict::Done)));
            }
            // Something in the batch cannot be stored: each by itself finds out what.
            Ok(Err(_)) => {
                for (delivery, entry) in readable.into_iter().zip(entries) {
                    match self.write(&[entry]).await {
                        Err(Stopped(_)) => break,
                        Ok(Ok(())) => verdicts.push((delivery, Verdict::Done)),
                        Ok(Err(error)) => {
                            let reason = backbone::chain(&error);
                            tracing::error!(error = reason, "a webhook cannot be logged; parked");
                            verdicts.push((delivery, Verdict::Park(reason)));
                        }
                    }
                }
            }
        }
        verdicts
    }

    async fn entries(&self, posts: &[WebhookReceived]) -> Result<Vec<Entry>, Stopped> {
        let examine =
            async || self.examiner.examine(&self.db.client().await?, &self.vault, posts).await;
        let findings = match persist(&self.stop, examine).await? {
            Ok(findings) => findings,
            Err(error) => {
                let error = backbone::chain(&error);
                tracing::error!(error, "refused webhooks cannot be looked into; they are logged");
                vec![Vec::new(); posts.len()]
            }
        };
        let look = async || {
            let posts = posts.iter().map(|post| Some((post.scope?, &post.body[..])));
            outside(&self.db.client().await?, posts).await
        };
        let outside = match persist(&self.stop, look).await? {
            Ok(outside) => outside,
            Err(error) => {
                let error = backbone::chain(&error);
                tracing::error!(error, "what webhooks may not say cannot be told; they are logged");
                vec![Vec::new(); posts.len()]
            }
        };
        let entry = |((received, findings), outside): ((&WebhookReceived, Vec<_>), Vec<_>)| {
            let mut event = row(received);
            outside::add(&mut event.poison, outside);
            quarantine(&mut event, received, &findings);
            let named = named(received, &event);
            Entry { event, named, findings }
        };
        Ok(posts.iter().zip(findings).zip(outside).map(entry).collect())
    }

    async fn write(&self, entries: &[Entry]) -> Result<Result<(), Error>, Stopped> {
        if entries.is_empty() {
            return Ok(Ok(()));
        }
        let insert =
            async || write(&mut self.db.client().await?, &self.vault, entries, self.quiet).await;
        let inserted = persist(&self.stop, insert).await?;
        Ok(inserted.map(|new| self.written.add(new as u64, &[])))
    }
}
