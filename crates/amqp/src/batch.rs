//! The loop of a service that works in batches.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::consumer::Consumer;
use crate::delivery::Delivery;
use crate::error::BusError;
use crate::settle::{Verdict, settle};
use crate::topology::Queue;

/// Between two attempts to open a consumer.
const PAUSE: Duration = Duration::from_secs(1);

/// How large batches may get.
#[derive(Clone, Copy, Debug)]
pub struct BatchOptions {
    /// How many unsettled deliveries the broker hands out; at least `max`, better twice that, so
    /// that the next batch arrives while this one is worked on.
    pub prefetch: u16,
    /// How many deliveries one batch holds at most.
    pub max: usize,
}

/// Takes batches from `queue`, has `handle` judge each delivery, and settles them, until `stop`.
/// The batch in hand is finished first.
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
    let Some(mut consumer) = consumer(bus, queue, options.prefetch, stop).await? else {
        return Ok(());
    };
    while let Some(batch) = consumer.next_batch(options.max).await {
        settle(handle(batch).await).await;
    }
    Ok(())
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
