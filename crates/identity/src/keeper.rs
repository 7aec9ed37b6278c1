//! The keys as they stand, and the one loop that looks for them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Header;
use reqwest::Client;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::fetch;
use crate::keys::KeySet;
use crate::provider::Provider;
use crate::refused::Refused;

/// How long a request waits for the keys: a discovery and the keys themselves.
const PATIENCE: Duration = fetch::TIME.saturating_mul(2);

/// Looks for the keys when they have grown old, and when a token names one that is not among them:
/// one look at a time, for everybody. The last good keys stay when the provider is away.
pub(crate) struct Keeper {
    state: watch::Sender<State>,
    wanted: Notify,
    refetch_after: Duration,
    max_age: Duration,
}

#[derive(Clone, Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// How many looks have ended.
    looks: u64,
    /// Whether one is being taken.
    is_looking: bool,
    /// Whether the last one brought nothing.
    is_away: bool,
    /// When a token last made us look.
    asked_at: Option<Instant>,
}

impl Keeper {
    pub(crate) fn new(provider: &Provider) -> Self {
        // The loop begins with a look.
        let state = State { is_looking: true, ..State::default() };
        Self {
            state: watch::Sender::new(state),
            wanted: Notify::new(),
            refetch_after: provider.refetch_after,
            max_age: provider.keys_max_age,
        }
    }

    /// The keys among which is the one of a token, if there are such.
    ///
    /// # Errors
    /// `UnknownKey`, `Algorithm`, `ProviderAway`.
    pub(crate) async fn keys_for(&self, header: &Header) -> Result<Arc<KeySet>, Refused> {
        let state = self.state.borrow().clone();
        match state.has(header) {
            Err(Refused::UnknownKey | Refused::ProviderAway) if self.may_look(&state) => {}
            decided => return decided,
        }
        if !state.is_looking {
            self.wanted.notify_one();
        }
        let mut changes = self.state.subscribe();
        let looked = changes.wait_for(|now| now.looks > state.looks);
        // Whether it came in time is seen from what there is now.
        let _ = timeout(PATIENCE, looked).await;
        let state = self.state.borrow().clone();
        state.has(header)
    }

    /// Whether it is worth to wait for a look.
    fn may_look(&self, state: &State) -> bool {
        state.is_looking || state.asked_at.is_none_or(|asked| asked.elapsed() >= self.refetch_after)
    }

    /// Looks for as long as it is polled.
    pub(crate) async fn run(&self, client: &Client, provider: &Provider) -> Infallible {
        loop {
            let found = fetch::keys(client, provider).await;
            let is_away = found.is_err();
            match &found {
                Ok(keys) => tracing::debug!(keys = keys.len(), "the identity provider's keys"),
                Err(error) => tracing::warn!(%error, "no keys of the identity provider"),
            }
            self.state.send_modify(|state| {
                if let Ok(keys) = found {
                    state.keys = Some(Arc::new(keys));
                }
                (state.is_away, state.is_looking) = (is_away, false);
                state.looks += 1;
            });
            let rest = if is_away { self.refetch_after } else { self.max_age };
            self.rest_until(Instant::now() + rest).await;
        }
    }

    /// Until the keys are old, or a token wants them that may.
    async fn rest_until(&self, old: Instant) {
        loop {
            tokio::select! {
                () = sleep_until(old) => {
                    self.state.send_modify(|state| state.is_looking = true);
                    return;
                }
                () = self.wanted.notified() => {}
            }
            let may = self.may_look(&self.state.borrow());
            if may {
                self.state.send_modify(|state| {
                    state.is_looking = true;
                    state.asked_at = Some(Instant::now());
                });
                return;
            }
        }
    }
}

impl State {
    fn has(&self, header: &Header) -> Result<Arc<KeySet>, Refused> {
        let keys = self.keys.as_ref().ok_or(Refused::ProviderAway)?;
        match keys.find(header) {
            Ok(_) => Ok(Arc::clone(keys)),
            // It may be a new key, of which we could not hear.
            Err(Refused::UnknownKey) if self.is_away => Err(Refused::ProviderAway),
            Err(refused) => Err(refused),
        }
    }
}
