//! One lane: its deliveries become claims, and what is to be sent becomes a task.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use amqp::{Consumer, Delivery, Verdict, settle};
use backbone::chain;
use chrono::TimeDelta;
use contracts::DispatchJob;
use domain::lane::Lane;
use runtime::{Stop, Stopped};
use store::messages::{Claim, Job, claim};
use tokio::task::{JoinError, JoinSet};

use crate::insist::{Word, insist};
use crate::{Shared, batch, carry};

/// A delivery, for as long as one of its messages is not finished. Whoever puts away the last one
/// settles it.
pub(crate) type Shares = Arc<Delivery>;

/// Works on the lane until stopped, and then until all that it has taken is finished.
pub(crate) async fn run(shared: Arc<Shared>, lane: Lane, mut consumer: Consumer) {
    let mut tasks = JoinSet::new();
    let most = usize::from(shared.config.concurrency);
    while let Some(deliveries) = next(&mut consumer, &mut tasks, most, &shared.stop).await {
        take(&shared, lane, deliveries, &mut tasks).await;
    }
    while let Some(ended) = tasks.join_next().await {
        report(ended);
    }
}

/// The next deliveries, as many as there is room for among the `most` tasks; meanwhile finished
/// tasks are put away.
async fn next(
    consumer: &mut Consumer,
    tasks: &mut JoinSet<()>,
    most: usize,
    stop: &Stop,
) -> Option<Vec<Delivery>> {
    // Room for a quarter at least, so that claims stay large while one task after the other ends.
    while most.saturating_sub(tasks.len()) < most.div_ceil(4) {
        match stop.until(tasks.join_next()).await {
            Some(Some(ended)) => report(ended),
            // Stopped: what waits for room here is given back below, without waiting for it.
            Some(None) | None => break,
        }
    }
    let room = most.saturating_sub(tasks.len()).clamp(1, batch::LARGEST);
    let messages = |delivery: &Delivery| DispatchJob::estimate(&delivery.body);
    // Pinned, because a batch that is half taken must not be dropped.
    let mut batch = pin!(consumer.next_batch_by(room, messages));
    loop {
        tokio::select! {
            deliveries = &mut batch => return deliveries,
            Some(ended) = tasks.join_next() => report(ended),
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        // Its delivery is unsettled and its lease lapses: nothing is lost.
        tracing::error!(%error, "a message's task ended before it was finished");
    }
}

/// Claims what the deliveries are about; settles those about which there is nothing to do.
async fn take(
    shared: &Arc<Shared>,
    lane: Lane,
    deliveries: Vec<Delivery>,
    tasks: &mut JoinSet<()>,
) {
    let (work, mut settled) = decode(shared, lane, deliveries);
    match claim_all(shared, &work).await {
        Ok(Ok(mut claims)) => {
            for (jobs, delivery) in work {
                let delivery: Shares = Arc::new(delivery);
                for job in jobs {
                    // A job that is there twice is claimed once; the second one has nothing to do.
                    let claim = claims.remove(&job).unwrap_or(Claim::Done);
                    shared.metrics.claim(lane, kind(&claim));
                    if let Claim::Ready(claimed) = claim {
                        let carried = carry::carry(Arc::clone(shared), claimed, delivery.clone());
                        tasks.spawn(carried);
                    }
                }
                let finished = Arc::into_inner(delivery);
                settled.extend(finished.map(|delivery| (delivery, Verdict::Done)));
            }
        }
        Ok(Err(error)) => {
            tracing::error!(error = chain(&error), "jobs could not be claimed; they are retried");
            let retry = Verdict::Retry(error.to_string());
            settled.extend(work.into_iter().map(|(_, delivery)| (delivery, retry.clone())));
        }
        // Unsettled deliveries go back to their queue when the channel closes.
        Err(Stopped(_)) => {}
    }
    if !settled.is_empty() {
        settle(settled).await;
    }
}

type Settled = Vec<(Delivery, Verdict)>;

fn decode(
    shared: &Shared,
    lane: Lane,
    deliveries: Vec<Delivery>,
) -> (Vec<(Vec<Job>, Delivery)>, Settled) {
    let (mut work, mut unreadable) = (Vec::with_capacity(deliveries.len()), Vec::new());
    for delivery in deliveries {
        match DispatchJob::decode(&delivery.body) {
            Ok(DispatchJob { tenant_id, message_ids }) => {
                let job = |message_id| Job { message_id, tenant_id };
                work.push((message_ids.into_iter().map(job).collect(), delivery));
            }
            Err(error) => {
                shared.metrics.claim(lane, "unreadable");
                tracing::error!(lane = %lane, error = chain(&error), "parked an unreadable job");
                unreadable.push((delivery, Verdict::Park(error.to_string())));
            }
        }
    }
    (work, unreadable)
}

async fn claim_all(
    shared: &Shared,
    work: &[(Vec<Job>, Delivery)],
) -> Result<store::Result<HashMap<Job, Claim>>, Stopped> {
    if work.is_empty() {
        return Ok(Ok(HashMap::new()));
    }
    let jobs: Vec<Job> = work.iter().flat_map(|(jobs, _)| jobs).copied().collect();
    shared.metrics.batch("claim", jobs.len());
    let lease = TimeDelta::from_std(shared.config.claim_lease).unwrap_or(TimeDelta::MAX);
    let jobs = &jobs;
    let statement = || async move {
        let client = shared.db.client().await?;
        claim(&client, jobs, lease, runtime::now()).await
    };
    let Word { result, .. } = insist(&shared.stop, statement).await?;
    Ok(result)
}

fn kind(claim: &Claim) -> &'static str {
    match claim {
        Claim::Ready(_) => "ready",
        Claim::Held { .. } => "held",
        Claim::Expired => "expired",
        Claim::Done => "done",
    }
}
