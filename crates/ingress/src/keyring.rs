//! The secrets of tenants' own apps, kept in memory: a POST never waits for Postgres.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use backbone::{Backbone, chain};
use store::{Db, Vault, app_secrets, webhook_urls};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::codes::Coder;
use crate::keys::Keys;

/// The least time between two reads, however many POSTs ask for one.
const PAUSE: Duration = Duration::from_millis(250);

/// How long one read may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The newest snapshot, which stays good while Postgres is away.
pub(crate) struct Keyring {
    keys: watch::Sender<Option<Arc<Keys>>>,
    wanted: Notify,
    coder: Coder,
    db: Db,
    vault: Arc<Vault>,
}

impl Keyring {
    pub(crate) fn new(backbone: &Backbone, coder: Coder) -> Self {
        Self {
            keys: watch::Sender::new(None),
            wanted: Notify::new(),
            coder,
            db: backbone.db.clone(),
            vault: Arc::clone(&backbone.vault),
        }
    }

    /// The snapshot; `None` before the first.
    pub(crate) fn keys(&self) -> Option<Arc<Keys>> {
        self.keys.borrow().clone()
    }

    /// Says that the snapshot may be old: something came that it does not know.
    pub(crate) fn want_news(&self) {
        self.wanted.notify_one();
    }

    /// Reads it anew every `interval`, and soon after somebody wants news.
    pub(crate) async fn keep_fresh(&self, interval: Duration) -> Infallible {
        let mut failures = 0_u32;
        loop {
            match timeout(PATIENCE, self.read()).await.unwrap_or_else(|late| Err(chain(&late))) {
                Ok(keys) => {
                    if failures > 0 {
                        tracing::info!("webhook secrets are read again");
                    }
                    failures = 0;
                    self.keys.send_replace(Some(Arc::new(keys)));
                }
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(
                            error,
                            "webhook secrets cannot be read; the last ones serve"
                        );
                    }
                    failures = failures.saturating_add(1);
                }
            }
            sleep(PAUSE).await;
            // In either case it is time.
            let _wanted = timeout(interval.saturating_sub(PAUSE), self.wanted.notified()).await;
        }
    }

    async fn read(&self) -> Result<Keys, String> {
        let read = async || {
            let client = self.db.client().await?;
            let (urls, closed_urls) = webhook_urls::all(&client, &self.vault).await?;
            let now = runtime::now();
            let (secrets, closed) = app_secrets::active(&client, &self.vault, now).await?;
            Ok((urls, secrets, closed + closed_urls))
        };
        let (urls, secrets, closed) = read().await.map_err(|error: store::Error| chain(&error))?;
        if closed > 0 {
            tracing::error!(
                closed,
                "app secrets or verify tokens do not open: CREDENTIAL_ENCRYPTION_KEY lacks their key"
            );
        }
        Ok(Keys::new(&urls, &secrets, &self.coder))
    }
}
