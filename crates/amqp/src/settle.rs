//! Settling deliveries with as few frames as possible.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::{Acker, Channel};

use crate::bus::Shared;
use crate::delivery::{Delivery, Hold};
use crate::error::PublishError;
use crate::letter::Letter;
use crate::publisher::Publisher;
use crate::topology::{Names, Queue};

/// How long an ack may take to be written to the socket.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a worker says about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The work is done.
    Done,
    /// It failed for this reason, which may pass.
    Retry(String),
    /// It cannot be done, for this reason.
    Park(String),
}

/// What became of settled deliveries. There is nothing to do about the returned ones: they come
/// again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Acked, after their copy was confirmed where there is one.
    pub acked: usize,
    /// Not acked, because their connection is gone or their copy could not be published.
    pub returned: usize,
}

/// Settles a batch: publishes the copies of retried and parked ones, then acks what is safe.
///
/// Returns when all is written to the broker, or given up after time-outs.
pub async fn settle(verdicts: Vec<(Delivery, Verdict)>) -> Settled {
    let total = verdicts.len();
    let copied: Vec<_> = verdicts
        .into_iter()
        .map(|(delivery, verdict)| {
            let copy = copy(&delivery, verdict);
            (delivery.hold, copy)
        })
        .collect();
    let targets_stand = targets_stand(&copied).await;
    let published = copied.into_iter().map(|(hold, copy)| async move {
        let is_safe = match copy {
            None => true,
            Some((letter, _)) => targets_stand && publish_copy(&hold, &letter).await,
        };
        (hold, is_safe)
    });

    let mut safe: Vec<(Arc<Tap>, Vec<Hold>)> = Vec::new();
    let mut unsafe_to_ack = Vec::new();
    for (hold, is_safe) in join_all(published).await {
        if !is_safe {
            unsafe_to_ack.push(hold);
            continue;
        }
        match safe.iter_mut().find(|(tap, _)| Arc::ptr_eq(tap, &hold.tap)) {
            Some((_, holds)) => holds.push(hold),
            None => safe.push((hold.tap.clone(), vec![hold])),
        }
    }

    let acks = join_all(safe.into_iter().map(|(tap, holds)| async move { tap.ack(holds).await }));
    let (acked, _) = futures::join!(acks, join_all(unsafe_to_ack.into_iter().map(give_back)));
    let acked = acked.into_iter().sum();
    Settled { acked, returned: total - acked }
}

/// What to publish before the ack, and the queue it must reach.
fn copy(delivery: &Delivery, verdict: Verdict) -> Option<(Letter, String)> {
    match verdict {
        Verdict::Done => None,
        Verdict::Retry(reason) => Some(delivery.retried(&reason)),
        Verdict::Park(reason) => Some(delivery.parked(&reason)),
    }
}

/// Whether the queues that the copies must reach are there: a confirm alone does not say so.
async fn targets_stand(copied: &[(Hold, Option<(Letter, String)>)]) -> bool {
    let mut copies = copied.iter().filter_map(|(hold, copy)| Some((hold, copy.as_ref()?)));
    let Some((first, _)) = copies.clone().next() else { return true };
    let targets: BTreeSet<_> = copies.by_ref().map(|(_, (_, target))| target.clone()).collect();

    let ensured = first.tap.shared.upkeep.ensure(&targets);
    let reason = match tokio::time::timeout(SETTLE_TIMEOUT, ensured).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => error.to_string(),
        Err(elapsed) => elapsed.to_string(),
    };
    let queue = first.tap.queue.as_str();
    tracing::warn!(queue, reason, "nowhere to retry or park deliveries; they go back");
    false
}

async fn publish_copy(hold: &Hold, copy: &Letter) -> bool {
    let sent = hold.tap.send(copy).await;
    if let Err(error) = &sent {
        let queue = hold.tap.queue.as_str();
        tracing::warn!(queue, %error, "could not retry or park a delivery; it goes back");
    }
    sent.is_ok()
}

/// Requeues a delivery, so that it does not stay with a worker who is done with it.
async fn give_back(hold: Hold) {
    requeue(&hold.acker).await;
    hold.tap.outstanding().remove(&hold.tag);
}

/// Requeues; on a lost channel the broker has done so already.
pub(crate) async fn requeue(acker: &Acker) {
    let options = BasicNackOptions { requeue: true, multiple: false };
    let _ = tokio::time::timeout(SETTLE_TIMEOUT, acker.nack(options)).await;
}

/// The open channel of a consumer. It lives as long as one of its deliveries.
pub(crate) struct Tap {
    pub(crate) queue: Queue,
    shared: Arc<Shared>,
    /// Closes when dropped, and the broker takes back what is unsettled.
    _channel: Channel,
    /// The tags of deliveries handed out and not settled. Those still in lapin's buffer have
    /// higher tags, so an ack for several never reaches them.
    outstanding: Mutex<BTreeSet<u64>>,
}

impl Tap {
    pub(crate) fn new(shared: Arc<Shared>, queue: Queue, channel: Channel) -> Self {
        Self { queue, shared, _channel: channel, outstanding: Mutex::default() }
    }

    pub(crate) fn names(&self) -> &Names {
        &self.shared.names
    }

    pub(crate) fn hand_out(&self, tag: u64) {
        self.outstanding().insert(tag);
    }

    async fn send(&self, letter: &Letter) -> Result<(), PublishError> {
        Publisher::new(self.shared.clone()).send(letter).await
    }

    /// Acks all; one frame covers those with nothing older outstanding. Returns how many acks the
    /// broker was sent.
    async fn ack(&self, mut holds: Vec<Hold>) -> usize {
        holds.sort_by_key(|hold| hold.tag);
        let tags: Vec<u64> = holds.iter().map(|hold| hold.tag).collect();
        let covered = oldest_run(&self.outstanding(), &tags);

        let (run, rest) = holds.split_at(covered);
        let frames = run.last().map(|last| (run, last)).into_iter();
        let frames = frames.chain(rest.iter().map(|hold| (std::slice::from_ref(hold), hold)));
        let acked = join_all(frames.map(|(covered, last)| async move {
            let options = BasicAckOptions { multiple: covered.len() > 1 };
            let acked = tokio::time::timeout(SETTLE_TIMEOUT, last.acker.ack(options)).await;
            if matches!(acked, Ok(Ok(true))) { covered } else { &[] }
        }))
        .await;

        // Only now: had they been taken out before their ack was written, another batch could
        // overtake it with an ack for several, and the late one would name tags that are gone,
        // which closes the channel.
        let mut outstanding = self.outstanding();
        let acked = acked.into_iter().flatten().inspect(|hold| {
            outstanding.remove(&hold.tag);
        });
        acked.count()
    }

    fn outstanding(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.outstanding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many of the sorted `tags` one ack for several may cover: those at the start that nothing
/// else outstanding is older than.
fn oldest_run(outstanding: &BTreeSet<u64>, tags: &[u64]) -> usize {
    outstanding.iter().zip(tags).take_while(|(oldest, tag)| oldest == tag).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ack_never_covers_a_delivery_that_is_still_being_worked_on() {
        let outstanding = BTreeSet::from([3, 4, 5, 8, 9]);

        assert_eq!(oldest_run(&outstanding, &[3, 4, 5, 8, 9]), 5);
        assert_eq!(oldest_run(&outstanding, &[3, 4, 8]), 2);
        assert_eq!(oldest_run(&outstanding, &[4, 5, 8]), 0);
        assert_eq!(oldest_run(&outstanding, &[]), 0);
    }
}
