//! How many people a portfolio may reach.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::tier::COUNTS_FOR;
use tokio::sync::OnceCell;

use crate::alone::Alone;
use crate::ledger::{Ledger, Reached};
use crate::shared::{CLOCKS_DIFFER, person};

/// For how long somebody counts who was reached.
pub(crate) const DAY: Duration = match COUNTS_FOR.to_std() {
    Ok(day) => day,
    Err(_) => unreachable!(),
};

/// Who was reached longer ago may count no more for Meta, and then is somebody new.
const SURELY_COUNTS_FOR: TimeDelta = TimeDelta::minutes(24 * 60 - 5);

/// When a worker without Redis asks for room again: what it has is all it gets.
const USED_UP: Duration = Duration::from_secs(5);

/// A place that a message needs in its portfolio's messaging limit.
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    /// Whose limit it is.
    pub portfolio: &'a str,
    /// How many people messages of its lane may reach; `None`: as many as they like.
    pub room: Option<u32>,
}

/// What this worker lets itself do while Redis is away: of the room that was left it takes the share
/// of one worker, once, however long that lasts. So all of them together keep to the limit.
#[derive(Debug, Default)]
pub(crate) struct Shares(Mutex<HashMap<String, Arc<Share>>>);

#[derive(Debug)]
struct Share {
    /// The time on its own that it is for.
    alone: Alone,
    places: OnceCell<Mutex<Places>>,
}

#[derive(Debug)]
struct Places {
    known: HashSet<String>,
    /// How many were taken before.
    before: u32,
    /// How many this worker has added.
    added: u32,
}

impl Shares {
    /// Takes a place for the recipient, or answers how long to wait.
    pub(crate) async fn take(
        &self,
        ledger: &dyn Ledger,
        budget: Budget<'_>,
        recipient: &str,
        alone: Alone,
        now: DateTime<Utc>,
        workers: u32,
    ) -> Result<(), Duration> {
        let Some(room) = budget.room else { return Ok(()) };
        let share = self.share(budget.portfolio, alone);
        let read = || async {
            let Reached { people, claimed } = ledger.reached(budget.portfolio).await?;
            // What is claimed later asks nobody but workers that are on their own.
            let since = TimeDelta::from_std(alone.since.elapsed()).unwrap_or_default();
            let may_have_asked = |at: &DateTime<Utc>| *at <= now - since + CLOCKS_DIFFER;
            let under_way = claimed.values().filter(|at| may_have_asked(at)).count();
            let before = people.len() + under_way;
            let still_counts = |at: &DateTime<Utc>| *at > now - SURELY_COUNTS_FOR;
            let known = people.iter().filter(|(_, at)| still_counts(at));
            let known = known.map(|(recipient, _)| person(recipient)).collect();
            let before = u32::try_from(before).unwrap_or(u32::MAX);
            Ok::<_, String>(Mutex::new(Places { known, before, added: 0 }))
        };
        let Ok(places) = share.places.get_or_try_init(read).await else { return Err(USED_UP) };
        let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
        let person = person(recipient);
        if places.known.contains(&person) {
            return Ok(());
        }
        if places.added >= room.saturating_sub(places.before) / workers {
            return Err(USED_UP);
        }
        places.added += 1;
        places.known.insert(person);
        Ok(())
    }

    fn share(&self, portfolio: &str, alone: Alone) -> Arc<Share> {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| share.alone == alone);
        let share = shares.entry(portfolio.to_owned());
        let new = || Arc::new(Share { alone, places: OnceCell::new() });
        Arc::clone(share.or_insert_with(new))
    }
}
