//! Housekeeping.

use std::sync::Arc;

use chrono::TimeDelta;
use store::partitions::OldMonth;
use store::{idempotency, orphans, partitions, service_windows, webhook_events};

use crate::Shared;
use crate::every::Progress;

/// How many months of partitions stand ready beyond the current one.
const MONTHS_AHEAD: u32 = 2;

/// How many rows one statement forgets at most.
const PORTION: i64 = 1_000;

/// Makes the partitions of the months to come.
pub(crate) async fn make_partitions(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let made = partitions::ensure(&client, runtime::now(), MONTHS_AHEAD).await?;
    if made > 0 {
        tracing::info!(made, "partitions were made ahead");
    }
    Ok(Progress::Idle)
}

/// Forgets idempotency keys after a day and orphaned statuses after a week.
pub(crate) async fn forget_old(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let now = runtime::now();
    let keys = idempotency::forget_old(&client, now).await?;
    let statuses = orphans::forget_old(&client, now).await?;
    tracing::debug!(keys, statuses, "old idempotency keys and orphaned statuses were forgotten");
    Ok(Progress::Idle)
}

/// Forgets the bodies of webhooks that nobody has vouched for within a week.
pub(crate) async fn forget_rejected(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let forgotten = webhook_events::forget_unvouched(&client, PORTION, runtime::now()).await?;
    Ok(Progress::of(usize::try_from(forgotten)?, PORTION))
}

/// Forgets service windows that have long been closed.
pub(crate) async fn forget_windows(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let forgotten = service_windows::forget_closed(&client, PORTION, runtime::now()).await?;
    Ok(Progress::of(usize::try_from(forgotten)?, PORTION))
}

/// Drops the months of the webhook log that are older than it goes back.
pub(crate) async fn forget_webhooks(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let days = TimeDelta::days(shared.config.webhook_days.into());
    let client = shared.backbone.db.client().await?;
    let dropped = partitions::drop_webhook_events(&client, runtime::now() - days).await?;
    if dropped > 0 {
        tracing::info!(dropped, "old months of the webhook log were dropped");
    }
    Ok(Progress::Idle)
}

/// Drops the months of messages that are older than they are kept, if they are to be forgotten at
/// all. A month that holds what is not finished stays: nothing is lost by growing old.
pub(crate) async fn forget_messages(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let Some(days) = shared.config.message_days else { return Ok(Progress::Idle) };
    let client = shared.backbone.db.client().await?;
    let before = runtime::now() - TimeDelta::days(days.into());
    for OldMonth { month, unfinished } in partitions::drop_messages(&client, before).await? {
        if unfinished == 0 {
            tracing::info!(month, "an old month of messages was dropped");
        } else {
            tracing::warn!(
                month,
                unfinished,
                "the messages of {month} are old, but {unfinished} of them are unfinished, so the \
                 month is kept: `waypost unknown list` shows those that need a word",
            );
        }
    }
    Ok(Progress::Idle)
}
