//! The loop of a service that works in batches.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::consumer::Consumer;
use crate::delivery::Delivery;
use crate::error::BusError;
use crate::settle::{Settled, Verdict, settle};
use crate::topology::Queue;

/// Between two attempts to open a consumer.
const PAUSE: Duration = Duration::from_secs(1);

/// How large batches may get, and how many are worked on at once.
#[derive(Clone, Copy, Debug)]
pub struct BatchOptions {
    /// How much one batch holds at most: a delivery counts for one, and for one more with each
    /// KiB, so that large ones make no endless statement.
    pub max: u16,
    /// How many batches are worked on at the same time. More than one is for work whose order does
    /// not matter: while one batch is being written, the next one is read.
    pub at_once: u16,
}

impl BatchOptions {
    /// How many unsettled deliveries the broker hands out: one batch more than are worked on, so
    /// that the next one is there when one of them is done.
    fn prefetch(self) -> u16 {
        self.max.saturating_mul(self.at_once.saturating_add(1)).max(1)
    }
}

fn weight(delivery: &Delivery) -> usize {
    1 + delivery.body.len() / 1024
}

/// Takes batches from `queue`, has `handle` judge each delivery, and settles them, until `stop`.
/// The batches in hand are finished first.
///
/// The law: each delivery ends in exactly one of ack, retry and park. `handle` returns every
/// delivery that it was given, each with its verdict; one that it drops comes again only when the
/// channel closes.
///
/// A broker that is away when this starts is waited for. Fails only where waiting cannot help: the
/// queue is not there, or the broker refuses us.
pub async fn run_batches<H, F>(
    bus: &Bus,
    queue: Queue,
    options: BatchOptions,
    stop: CancellationToken,
    mut handle: H,
) -> Result<(), BusError>
where
    H: FnMut(Vec<Delivery>) -> F,
    F: Future<Output = Vec<(Delivery, Verdict)>>,
{
    let Some(mut consumer) = consumer(bus, queue, options.prefetch(), stop).await? else {
        return Ok(());
    };
    let mut under_way = FuturesUnordered::new();
    while let Some(batch) = next(&mut consumer, options, &mut under_way).await {
        let judged = handle(batch);
        under_way.push(async { settle(judged.await).await });
    }
    while under_way.next().await.is_some() {}
    Ok(())
}

/// The next batch, as soon as it may be worked on; meanwhile those under way go on.
async fn next(
    consumer: &mut Consumer,
    options: BatchOptions,
    under_way: &mut FuturesUnordered<impl Future<Output = Settled>>,
) -> Option<Vec<Delivery>> {
    while under_way.len() >= usize::from(options.at_once.max(1)) {
        under_way.next().await;
    }
    // Pinned, because a batch that is half taken must not be dropped.
    let mut batch = pin!(consumer.next_batch_by(usize::from(options.max), weight));
    loop {
        tokio::select! {
            batch = &mut batch => return batch,
            Some(_) = under_way.next() => {}
        }
    }
}

/// `None` when it was stopped while the broker was away.
async fn consumer(
    bus: &Bus,
    queue: Queue,
    prefetch: u16,
    stop: CancellationToken,
) -> Result<Option<Consumer>, BusError> {
    loop {
        match bus.consumer(queue, prefetch, stop.clone()).await {
            Err(BusError::Unavailable { reason }) => {
                tracing::warn!(queue = queue.as_str(), reason, "waiting to consume {queue}");
            }
            settled => return settled.map(Some),
        }
        if stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
            return Ok(None);
        }
    }
}
