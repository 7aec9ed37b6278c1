//! The entrance for internal services: the queue `notify`.
//!
//! A publication ends in the same way as `POST /v1/messages`: checked by the same code, inserted
//! with its neighbours in one statement, its job published after the commit. One that is refused is
//! parked with the reason, which names fields and never values.
//!
//! The bus delivers at least once, so a publication may be seen twice. With an `idempotency_key`
//! the second one does nothing, and one with another body is parked. Without one, the AMQP property
//! `message_id` takes its place if it is a UUID, so that a redelivery after a crash does nothing;
//! a publisher who sets neither may see its message sent twice in such a case.
//!
//! While the database is away a batch waits in the hands of its worker and climbs no ladder.

mod batch;
mod notification;

use std::sync::Arc;
use std::time::Duration;

use amqp::{BatchOptions, Bus, BusError, Delivery, Queue, Verdict, run_batches};
use anyhow::Context;
use runtime::Stop;

use self::notification::Notification;
use crate::api::Api;

/// How many publications are worked on at once. Twice as many are fetched, so that the next batch
/// is there when this one ends.
const BATCH: BatchOptions = BatchOptions { max: 200, at_once: 1 };

/// Pause between two tries to reach what is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes publications until it is stopped.
///
/// # Errors
/// When the queue cannot be consumed.
pub(crate) async fn consume(api: Arc<Api>, bus: Bus, stop: Stop) -> anyhow::Result<()> {
    let handle = |deliveries| judge(&api, &stop, deliveries);
    loop {
        match run_batches(&bus, Queue::Notify, BATCH, stop.token(), handle).await {
            // The broker went away just before the queue was opened.
            Err(BusError::Unavailable { reason }) => {
                tracing::warn!(queue = "notify", reason, "waiting for the broker");
            }
            ended => return ended.context("cannot consume the queue notify"),
        }
        if stop.until(tokio::time::sleep(PAUSE)).await.is_none() {
            return Ok(());
        }
    }
}

async fn judge(api: &Api, stop: &Stop, deliveries: Vec<Delivery>) -> Vec<(Delivery, Verdict)> {
    let notifications: Vec<Notification> = deliveries.iter().map(Notification::read).collect();
    let mut is_told = false;
    let verdicts = loop {
        match batch::enqueue(api, &notifications, runtime::now()).await {
            Ok(verdicts) => break verdicts,
            Err(away) => {
                if !is_told {
                    let error = backbone::chain(&away);
                    tracing::warn!(error, "publications wait for the database");
                }
                is_told = true;
            }
        }
        if stop.until(tokio::time::sleep(PAUSE)).await.is_none() {
            // Unsettled, so the broker hands them to somebody else.
            return Vec::new();
        }
    };
    deliveries.into_iter().zip(verdicts).collect()
}
