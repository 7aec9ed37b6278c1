//! What workers ask and tell beside Redis.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Recipients, each with the latest time.
pub type People = HashMap<String, DateTime<Utc>>;

/// Whom a portfolio reaches.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// Who may have been reached, and when: an attempt was made, and is not known to have failed.
    pub people: People,
    /// To whom messages are claimed, and since when, whose attempts have not begun: they have asked
    /// the limits, or are about to.
    pub claimed: People,
}

/// A future of a [`Ledger`]; its error says why the ledger cannot be asked now, and holds no secret.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// What all workers can read and write whatever becomes of Redis.
pub trait Ledger: fmt::Debug + Send + Sync {
    /// Everybody whom the portfolio has reached in what counts, or may be about to: whoever asks the
    /// limits has claimed the message before, and whoever may go begins the attempt. Redis has a copy.
    fn reached<'a>(&'a self, portfolio: &'a str) -> Asked<'a, Reached>;

    /// Notes that `worker` hears Redis. Answers whether any other worker has sent by its share of which
    /// nobody has told Redis.
    fn hears(&self, worker: Uuid) -> Asked<'_, bool>;

    /// Notes that `worker` does not hear Redis. Answers whether any other one does; if none does and the
    /// worker `may_go_on`, it is noted that it sends by its share.
    fn hears_not(&self, worker: Uuid, may_go_on: bool) -> Asked<'_, bool>;
}
