//! Consuming in natural batches: what is there when one looks.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use tokio_util::sync::CancellationToken;

use crate::bus::Shared;
use crate::connection::answered;
use crate::delivery::Delivery;
use crate::error::BusError;
use crate::settle::{Tap, Verdict, requeue, settle};
use crate::topology::Queue;

/// How often a message may come back without an answer before it is parked: it is likely what
/// kills its worker.
pub const MAX_DELIVERIES: u8 = 20;

/// Pause before a consumer is opened again: the first, and the longest.
const REOPEN_PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How long a consumer waits for a topology in doubt before it tries all the same.
const TOPOLOGY_WAIT: Duration = Duration::from_secs(10);

/// Takes deliveries from one work queue, through outages and until it is stopped.
pub struct Consumer {
    shared: Arc<Shared>,
    queue: Queue,
    prefetch: u16,
    stop: CancellationToken,
    open: Option<Open>,
}

/// A consumer on its channel.
struct Open {
    tap: Arc<Tap>,
    channel: lapin::Channel,
    stream: lapin::Consumer,
}

impl Consumer {
    pub(crate) async fn open(
        shared: Arc<Shared>,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Self, BusError> {
        let open = Some(Open::new(&shared, queue, prefetch).await?);
        Ok(Self { shared, queue, prefetch, stop, open })
    }

    /// Waits for one delivery, then takes what is there already, up to `max`. `None` once stopped;
    /// then what was not taken is back in the queue, and what was taken can still be settled.
    ///
    /// A future that is dropped while it waits has taken nothing. Call until `None`: only the call
    /// that sees the stop gives back what was not taken.
    pub async fn next_batch(&mut self, max: usize) -> Option<Vec<Delivery>> {
        self.next_batch_by(max, |_| 1).await
    }

    /// As [`next_batch`](Self::next_batch), where a delivery counts for as many as `weight` says:
    /// the one that reaches `max` is the last one.
    pub async fn next_batch_by(
        &mut self,
        max: usize,
        weight: impl Fn(&Delivery) -> usize,
    ) -> Option<Vec<Delivery>> {
        loop {
            if self.stop.is_cancelled() {
                self.finish().await;
                return None;
            }
            let stop = self.stop.clone();
            let Some(open) = stop.run_until_cancelled(self.opened()).await else { continue };
            let Some(batch) = stop.run_until_cancelled(open.take(max, &weight)).await else {
                continue;
            };
            if batch.is_broken {
                tracing::warn!(queue = %self.queue, "lost the channel; consuming again");
                self.open = None;
                // Its queue may have been deleted, or the broker may come back without it.
                self.shared.upkeep.doubt();
            }
            let deliveries = park_killers(batch.deliveries).await;
            if !deliveries.is_empty() {
                return Some(deliveries);
            }
        }
    }

    /// The open consumer; opens it again where it was lost, for as long as that takes.
    async fn opened(&mut self) -> &mut Open {
        let (mut pause, longest) = REOPEN_PAUSES;
        while self.open.is_none() {
            match Open::new(&self.shared, self.queue, self.prefetch).await {
                Ok(open) => self.open = Some(open),
                Err(error) => {
                    tracing::warn!(queue = %self.queue, %error, "cannot consume yet");
                    if matches!(error, BusError::Missing { .. }) {
                        self.shared.upkeep.doubt();
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(longest);
                }
            }
        }
        let Some(open) = self.open.as_mut() else { unreachable!("opened by the loop above") };
        open
    }

    /// Cancels and gives back what was not taken.
    async fn finish(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let cancel = open.channel.basic_cancel(open.stream.tag(), BasicCancelOptions::default());
        if answered(cancel).await.is_err() {
            // The channel is gone, and everything went back with it.
            return;
        }
        let mut untaken = Vec::new();
        while let Some(Some(Ok(delivery))) = open.stream.next().now_or_never() {
            untaken.push(delivery);
        }
        join_all(untaken.iter().map(|delivery| requeue(&delivery.acker))).await;
    }
}

/// What was there.
struct Taken {
    deliveries: Vec<Delivery>,
    is_broken: bool,
}

impl Open {
    async fn new(shared: &Arc<Shared>, queue: Queue, prefetch: u16) -> Result<Self, BusError> {
        // Bounded: a queue that is there can be worked on even if another cannot be declared.
        let _ = tokio::time::timeout(TOPOLOGY_WAIT, shared.upkeep.trusted()).await;
        let channel = shared.consuming.channel().await?;
        answered(channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let stream = answered(channel.basic_consume(
            shared.names.queue(queue).into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        ))
        .await?;
        let tap = Arc::new(Tap::new(shared.clone(), queue, channel.clone()));
        Ok(Self { tap, channel, stream })
    }

    /// Cancel-safe: it awaits only before the first delivery is taken.
    async fn take(&mut self, max: usize, weight: impl Fn(&Delivery) -> usize) -> Taken {
        let mut taken = Taken { deliveries: Vec::new(), is_broken: false };
        let mut taken_weight = 0;
        let mut next = Some(self.stream.next().await);
        while let Some(item) = next {
            let Some(Ok(delivery)) = item else {
                taken.is_broken = true;
                break;
            };
            // One from before the channel was lost comes again: working on it now would be in vain.
            if delivery.acker.usable() {
                self.tap.hand_out(delivery.delivery_tag);
                let delivery = Delivery::new(delivery, &self.tap);
                taken_weight += weight(&delivery);
                taken.deliveries.push(delivery);
            }
            if taken_weight >= max {
                break;
            }
            next = self.stream.next().now_or_never();
        }
        taken
    }
}

/// Parks those that came back too often, and leaves the others.
async fn park_killers(deliveries: Vec<Delivery>) -> Vec<Delivery> {
    let is_killer = |delivery: &Delivery| delivery.hold.returns > i64::from(MAX_DELIVERIES);
    let (killers, deliveries): (Vec<_>, Vec<_>) = deliveries.into_iter().partition(is_killer);
    let verdicts = killers.into_iter().map(|delivery| {
        let reason = format!("came back {} times without an answer", delivery.hold.returns);
        tracing::error!(queue = %delivery.hold.tap.queue, reason, "parked a delivery");
        (delivery, Verdict::Park(reason))
    });
    let verdicts: Vec<_> = verdicts.collect();
    if !verdicts.is_empty() {
        settle(verdicts).await;
    }
    deliveries
}
