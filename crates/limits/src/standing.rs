//! How a worker stands with the others that share the limits: whether it hears Redis, and who else does.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::alone::{Alone, Hearing};
use crate::ledger::Asked;
use crate::shared::{ALL_BEAT, BEAT};
use crate::{Inner, Limits};

/// How often is looked whether a worker may send by its share.
const LOOK: Duration = Duration::from_millis(20);

/// Where a worker stands among those that share the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Redis decides, for all.
    Shared,
    /// This worker does not hear Redis. If nobody does it keeps to its share; else it sends nothing.
    Alone,
    /// It has no part in sending any more: others have heard Redis without it for a while. To be given
    /// up, with all that it has not begun; one that is made anew may [`join`](Limits::join).
    LeftOut,
}

impl Limits {
    /// Time between two beats.
    pub const BEAT: Duration = BEAT;

    /// Joins the other workers: tells them of this one, and comes back when all of them have heard of
    /// it and it of them, which takes a second. Before that nothing may be reserved: should Redis go
    /// away, each would take a larger share than is left by the others.
    ///
    /// # Errors
    /// Why Redis or the ledger cannot be asked; holds no secret. Then to be begun anew.
    pub async fn join(&self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let are_all = self.redis_hears(false).await?;
            self.tell_others().await?;
            if are_all && begun.elapsed() > ALL_BEAT + BEAT {
                return Ok(());
            }
            sleep(BEAT).await;
        }
    }

    /// Tells the other workers that this one lives, and whether it hears Redis; learns the same of them.
    /// To be called every [`BEAT`](Self::BEAT) from [`join`](Self::join) on.
    pub async fn beat(&self) -> Standing {
        if self.redis_hears(false).await.is_err() {
            return self.look_for_others().await;
        }
        // If they cannot be told, it soon sends nothing: somebody might take it for one that is away.
        if self.tell_others().await.is_ok() { Standing::Shared } else { Standing::Alone }
    }

    async fn redis_hears(&self, may_have_gone: bool) -> Result<bool, String> {
        let answered = self.0.shared.beat(may_have_gone).await;
        answered.map_err(|error| error.category().to_owned())
    }

    async fn tell_others(&self) -> Result<(), String> {
        let Inner { shared, ledger, .. } = &*self.0;
        let told_at = Instant::now();
        let others_have_sent = self.asked(ledger.hears(shared.worker())).await?;
        let is_untold = self.hearing().is_untold(others_have_sent);
        if is_untold {
            self.redis_hears(true).await?;
        }
        *self.hearing() = Hearing::new(told_at);
        shared.told(told_at);
        Ok(())
    }

    async fn look_for_others(&self) -> Standing {
        let Inner { shared, ledger, .. } = &*self.0;
        let asked_at = Instant::now();
        let may_go_on = self.hearing().may_go_on(asked_at);
        let asked = self.asked(ledger.hears_not(shared.worker(), may_go_on)).await;
        if let Ok(others_hear) = asked {
            self.hearing().learned(others_hear, asked_at, Instant::now());
        }
        if self.hearing().is_left_out(Instant::now()) { Standing::LeftOut } else { Standing::Alone }
    }

    /// What the ledger tells in time for the next beats.
    async fn asked<T>(&self, asked: Asked<'_, T>) -> Result<T, String> {
        let told = timeout(ALL_BEAT, asked).await;
        let told = told.unwrap_or_else(|_| Err("it does not answer".to_owned()));
        let is_away = told.is_err();
        if is_away != self.0.ledger_is_away.swap(is_away, Ordering::Relaxed) {
            match &told {
                Ok(_) => tracing::info!("dispatchers can tell each other again who hears Redis"),
                Err(error) => {
                    tracing::warn!(error, "dispatchers cannot tell each other who hears Redis");
                }
            }
        }
        told
    }

    /// Since when it may send by its share, as soon as it may; `None` if it may not within `patience`,
    /// or need not, because Redis is to be asked.
    pub(crate) async fn alone_within(&self, patience: Duration) -> Option<Alone> {
        let begun = Instant::now();
        loop {
            if let Some(alone) = self.alone() {
                return Some(alone);
            }
            if self.0.shared.is_heard() || begun.elapsed() >= patience {
                return None;
            }
            sleep(LOOK).await;
        }
    }

    pub(crate) fn alone(&self) -> Option<Alone> {
        self.hearing().alone(Instant::now())
    }

    fn hearing(&self) -> MutexGuard<'_, Hearing> {
        self.0.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
