//! The cap on what unsigned traffic may cost, and the word about what was above it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use contracts::{Rejection, SignatureState, WebhookReceived};
use domain::ids::EventId;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::door::Source;
use crate::forward::{Forward, Kept};
use crate::routes::REJECTED;

/// What can be wrong with a signature.
const FAULTS: [SignatureState; 3] =
    [SignatureState::Missing, SignatureState::Malformed, SignatureState::Mismatch];

/// Lets a bounded number of rejected POSTs leave a trace of their own, and counts the others; each
/// source for itself, so that a flood at one URL hides nothing at another.
pub(crate) struct Flood {
    limiter: DefaultKeyedRateLimiter<Source>,
    dropped: Mutex<HashMap<Source, Dropped>>,
}

impl Flood {
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(per_minute));
        Self { limiter, dropped: Mutex::default() }
    }

    /// Whether a rejected POST may leave a trace of its own; else it is counted here.
    pub(crate) fn admits(&self, source: Source, state: SignatureState) -> bool {
        let is_admitted = self.limiter.check_key(&source).is_ok();
        if !is_admitted {
            let mut one = Dropped::default();
            one.count(state);
            self.add(source, &one);
        }
        is_admitted
    }

    /// What was dropped since the last time, source by source.
    fn take(&self) -> HashMap<Source, Dropped> {
        self.limiter.retain_recent();
        std::mem::take(&mut self.dropped())
    }

    fn add(&self, source: Source, dropped: &Dropped) {
        self.dropped().entry(source).or_default().add(dropped);
    }

    fn dropped(&self) -> MutexGuard<'_, HashMap<Source, Dropped>> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many POSTs were dropped, by their fault.
#[derive(Debug, Default, PartialEq, Eq)]
struct Dropped {
    counts: [u32; FAULTS.len()],
}

impl Dropped {
    fn count(&mut self, state: SignatureState) {
        for (fault, count) in FAULTS.into_iter().zip(&mut self.counts) {
            *count = count.saturating_add(u32::from(fault == state));
        }
    }

    fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
    }

    fn total(&self) -> u32 {
        self.counts.into_iter().fold(0, u32::saturating_add)
    }

    fn most_frequent(&self) -> SignatureState {
        let counted = FAULTS.into_iter().zip(self.counts);
        counted.max_by_key(|(_, count)| *count).map_or(SignatureState::Missing, |(fault, _)| fault)
    }
}

/// Runs `serving` to its end, and tells every `interval` what was dropped; the rest at the end.
pub(crate) async fn tell_until(
    serving: impl Future<Output = anyhow::Result<()>>,
    flood: &Flood,
    forward: &Forward,
    interval: Duration,
) -> anyhow::Result<()> {
    let mut serving = pin!(serving);
    let mut ticks = tokio::time::interval(interval);
    let served = loop {
        tokio::select! {
            served = &mut serving => break served,
            _ = ticks.tick() => tell(flood, forward).await,
        }
    };
    tell(flood, forward).await;
    served
}

/// One event for all POSTs of a source that were dropped; if it can be kept nowhere, the next one
/// counts them.
async fn tell(flood: &Flood, forward: &Forward) {
    for (source, dropped) in flood.take() {
        let (url, repeats, now) = (source.as_str(), dropped.total(), runtime::now());
        tracing::warn!(
            url,
            repeats,
            "POSTs without a valid signature were above the cap and are not kept"
        );
        let summary = WebhookReceived {
            event_id: EventId::at(now),
            received_at: now,
            scope: None,
            signature: dropped.most_frequent(),
            path: url.to_owned(),
            body: Bytes::new(),
            repeats,
            rejection: Rejection {
                addressed: source.addressed(),
                presented: None,
                body_is_cut: true,
            },
        };
        if forward.forward(&summary, REJECTED).await == Kept::Nowhere {
            flood.add(source, &dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::ConnectionId;
    use uuid::Uuid;

    use super::*;

    const SOURCE: Source = Source::Platform;

    #[test]
    fn what_is_above_the_cap_is_counted_once() {
        let flood = Flood::new(NonZeroU32::new(2).unwrap());

        let admitted = [(); 5].map(|()| flood.admits(SOURCE, SignatureState::Mismatch));

        assert_eq!(admitted, [true, true, false, false, false]);
        assert_eq!(flood.take()[&SOURCE].total(), 3);
        assert!(flood.take().is_empty());
    }

    #[test]
    fn a_flood_at_one_url_takes_nothing_from_another() {
        let flood = Flood::new(NonZeroU32::MIN);
        let tenant = |nth| Source::Tenant(ConnectionId::from_uuid(Uuid::from_u128(nth)));

        for source in [SOURCE, Source::Shared, tenant(1), tenant(2)] {
            assert!(flood.admits(source, SignatureState::Missing), "{source:?}");
            assert!(!flood.admits(source, SignatureState::Missing), "{source:?}");
        }

        assert_eq!(flood.take().len(), 4);
    }

    #[test]
    fn what_could_not_be_told_is_told_the_next_time() {
        let flood = Flood::new(NonZeroU32::MIN);
        for state in FAULTS.into_iter().chain([SignatureState::Malformed]) {
            flood.admits(SOURCE, state);
        }

        let mut dropped = flood.take();
        flood.add(SOURCE, &dropped[&SOURCE]);

        assert_eq!(dropped[&SOURCE].most_frequent(), SignatureState::Malformed);
        assert_eq!(flood.take().remove(&SOURCE), dropped.remove(&SOURCE));
    }
}
