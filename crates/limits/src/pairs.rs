//! When each pair of number and recipient was last sent to by this worker: what it goes by while
//! Redis is away.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::ids::PhoneNumberId;
use tokio::time::Instant;

use crate::shared::PAIR_EARNS;

/// How many pairs are remembered before those are forgotten that may send again.
const MOST: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct Pairs {
    hasher: RandomState,
    sent: Mutex<HashMap<u64, Instant>>,
}

impl Pairs {
    /// Notes a send, or answers how long to wait: each of `workers` sends so seldom that the pair
    /// never borrows.
    pub(crate) fn take(
        &self,
        phone_number_id: &PhoneNumberId,
        recipient: &str,
        workers: u32,
    ) -> Result<(), Duration> {
        let (now, every) = (Instant::now(), PAIR_EARNS * workers);
        let pair = self.hasher.hash_one((phone_number_id.as_str(), recipient));
        let mut sent = self.sent();
        if let Some(wait) = sent.get(&pair).and_then(|at| every.checked_sub(now - *at)) {
            return Err(wait);
        }
        if sent.len() >= MOST {
            sent.retain(|_, at| now - *at < every);
        }
        sent.insert(pair, now);
        Ok(())
    }

    fn sent(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_worker_sends_to_a_pair_once_in_its_share_of_the_time() {
        let (pairs, number) = (Pairs::default(), "1".parse().unwrap());
        assert_eq!(pairs.take(&number, "+1", 2), Ok(()));
        assert_eq!(pairs.take(&number, "+2", 2), Ok(()));

        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(pairs.take(&number, "+1", 2), Err(Duration::from_secs(5)));

        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(pairs.take(&number, "+1", 2), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn pairs_that_may_send_again_are_forgotten() {
        let (pairs, number) = (Pairs::default(), "1".parse().unwrap());
        for nth in 0..MOST {
            pairs.take(&number, &nth.to_string(), 1).unwrap();
        }
        tokio::time::advance(PAIR_EARNS * 2).await;

        pairs.take(&number, "another", 1).unwrap();

        assert_eq!(pairs.sent().len(), 1);
    }
}
