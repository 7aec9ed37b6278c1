//! Jobs that move messages.

use std::sync::Arc;

use chrono::TimeDelta;
use store::{messages, orphans};

use crate::Shared;
use crate::every::Progress;

/// How many rows one statement takes at most.
const PORTION: i64 = 1_000;

/// Publishes the jobs of messages whose wait is over or whose publish was lost. A publish that
/// fails now is due again in a minute.
pub(crate) async fn publish_due(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    if !shared.backbone.bus.connected() {
        // Taking them would only push their next time away.
        return Ok(Progress::Idle);
    }
    let client = shared.backbone.db.client().await?;
    let due = messages::take_due(&client, PORTION, runtime::now()).await?;
    drop(client);
    let taken = due.len();
    let (messages, jobs): (Vec<_>, Vec<_>) =
        backbone::jobs(due).into_iter().map(|job| (job.message_ids.len(), job.outgoing)).unzip();
    let published = shared.publisher.publish_all(jobs).await;
    let lost = messages.iter().zip(&published).filter(|(_, result)| result.is_err());
    let lost: usize = lost.map(|(messages, _)| messages).sum();
    shared.metrics.published.add((taken - lost) as u64, &[]);
    if lost > 0 {
        tracing::warn!(lost, "messages whose job could not be published are due again in a minute");
        return Ok(Progress::Idle);
    }
    Ok(Progress::of(taken, PORTION))
}

/// Takes messages back from workers that died.
pub(crate) async fn recover_lapsed(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let (unknown, queued) = messages::recover_lapsed(&client, PORTION, runtime::now()).await?;
    shared.metrics.lapsed.add(unknown + queued, &[]);
    if unknown + queued > 0 {
        tracing::warn!(
            unknown,
            queued,
            "messages were taken back from a worker that lost its lease"
        );
    }
    Ok(Progress::of(usize::try_from(unknown + queued)?, PORTION))
}

/// Applies `on_unknown` to messages whose echo did not come.
pub(crate) async fn resolve_unknown(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let grace = TimeDelta::from_std(shared.config.unknown_grace)?;
    let client = shared.backbone.db.client().await?;
    let resolved = messages::resolve_unknown(&client, grace, PORTION, runtime::now()).await?;
    let (retried, failed) = resolved;
    if retried + failed > 0 {
        tracing::warn!(retried, failed, "unknown messages got no echo; their policy was applied");
    }
    Ok(Progress::of(usize::try_from(retried + failed)?, PORTION))
}

/// Merges statuses that came before the id of their message was stored.
pub(crate) async fn adopt_orphans(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let adopted = orphans::adopt(&client, PORTION).await?;
    Ok(Progress::of(usize::try_from(adopted)?, PORTION))
}
