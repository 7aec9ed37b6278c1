//! Rejected POSTs that a newly saved secret proves go on as if it had been there when they came.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use amqp::Publisher;
use backbone::Backbone;
use domain::ids::ConnectionId;
use graph_api::signature::SigningKey;
use runtime::metrics::{Counter, counter};
use runtime::{Stop, now};
use store::app_secrets::{self, AppSecret};
use store::audit;
use store::webhook_events::{self, Named, Proved, Quarantined};
use store::{Transaction, Vault};
use tokio::time::sleep;

use crate::config::Config;
use crate::found::Found;
use crate::outside::outside;
use crate::write::heal;

/// How many are held against secrets at once; each has at most 64 KiB.
const PORTION: i64 = 100;

/// Looks at rows, not at requests: several may run at once.
pub(crate) struct Reverifier {
    backbone: Backbone,
    publisher: Publisher,
    interval: Duration,
    quiet: Duration,
    stop: Stop,
    proved: Counter,
}

impl Reverifier {
    pub(crate) fn new(config: &Config, backbone: &Backbone, stop: Stop) -> Self {
        Self {
            backbone: backbone.clone(),
            publisher: backbone.bus.publisher(),
            interval: config.reverify,
            quiet: config.quiet,
            stop,
            proved: counter(
                "waypost.webhooks.reverified",
                "Rejected webhook POSTs that a secret proved later",
            ),
        }
    }

    /// Looks every interval, and again at once while there is more.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let mut is_failing = false;
        while !self.stop.is_stopped() {
            let is_more = match self.portion().await {
                Ok(is_more) => {
                    is_failing = false;
                    is_more
                }
                Err(error) => {
                    if !is_failing {
                        let error = format!("{error:#}");
                        tracing::warn!(error, "rejected webhooks cannot be tried; they wait");
                    }
                    is_failing = true;
                    false
                }
            };
            if !is_more {
                self.stop.until(sleep(self.interval)).await;
            }
        }
        Ok(())
    }

    /// One portion; answers whether there may be more. What is proved is published before that is
    /// noted: if this ends in between, it is published again, and whoever gets it knows its id.
    async fn portion(&self) -> anyhow::Result<bool> {
        if !self.backbone.bus.connected() {
            return Ok(false);
        }
        let (vault, now) = (&self.backbone.vault, now());
        let mut client = self.backbone.db.client().await?;
        let transaction = client.transaction().await?;
        let taken = webhook_events::take_untried(&transaction, vault, PORTION, now).await?;
        if taken.is_empty() {
            return Ok(false);
        }
        let secrets = secrets(&transaction, vault, &taken).await?;
        let (mut found, mut in_vain) = (Vec::new(), Vec::new());
        for event in &taken {
            match Found::by(&secrets, event) {
                Some(proved) => found.push(proved),
                None => in_vain.push((event.event_id, event.saved_at)),
            }
        }
        webhook_events::tried(&transaction, &in_vain).await?;

        let results = self.publisher.publish_all(found.iter().map(Found::outgoing).collect()).await;
        let each = found.iter().zip(&results);
        let published: Vec<&Found<'_>> =
            each.filter_map(|(found, result)| result.is_ok().then_some(found)).collect();
        self.note(&transaction, &published).await?;
        transaction.commit().await.map_err(store::Error::from)?;
        self.proved.add(published.len() as u64, &[]);
        if !published.is_empty() {
            tracing::info!(webhooks = published.len(), "rejected webhooks were proved after all");
        }
        let is_full = i64::try_from(taken.len()).is_ok_and(|taken| taken >= PORTION);
        Ok(is_full && published.len() == found.len())
    }

    /// Writes down what was proved and published, for everybody whom it concerns.
    async fn note(
        &self,
        transaction: &Transaction<'_>,
        published: &[&Found<'_>],
    ) -> store::Result<()> {
        if published.is_empty() {
            return Ok(());
        }
        let says = published.iter().map(|found| Some(found.says()));
        let outside = outside(transaction, says).await?;
        let each = published.iter().zip(outside);
        let proved: Vec<Proved> = each.map(|(found, outside)| found.proved(outside)).collect();
        let named: Vec<Named> = published.iter().map(|found| found.named()).collect();
        webhook_events::prove(transaction, &proved, now()).await?;
        webhook_events::attribute(transaction, &named).await?;
        for found in published {
            audit::write(transaction, &found.line(), now()).await?;
        }
        // They came before their secret was saved, and prove at this moment that it works.
        let named: Vec<Named> =
            named.into_iter().map(|named| Named { received_at: now(), ..named }).collect();
        heal(transaction, &named, self.quiet).await
    }
}

async fn secrets(
    transaction: &Transaction<'_>,
    vault: &Arc<Vault>,
    taken: &[Quarantined],
) -> store::Result<Vec<(ConnectionId, SigningKey)>> {
    let connections: BTreeSet<ConnectionId> = taken.iter().map(|e| e.connection_id).collect();
    let connections: Vec<ConnectionId> = connections.into_iter().collect();
    let (secrets, closed) = app_secrets::active_of(transaction, vault, &connections, now()).await?;
    if closed > 0 {
        tracing::error!(
            closed,
            "app secrets do not open: CREDENTIAL_ENCRYPTION_KEY lacks their key"
        );
    }
    let key = |secret: &AppSecret| (secret.connection_id, SigningKey::new(&secret.secret));
    Ok(secrets.iter().map(key).collect())
}
