//! Bus → Meta: claim, decide, send, record.
//!
//! In come jobs from the three lanes, ids only; the row is the truth at the moment of sending. Out
//! go calls to the Graph API, and into the row what each came to. The way of one message:
//!
//! 1. **Claim** (`lane`): one guarded statement for all jobs that are there moves `queued` rows
//!    to `sending`, under a lease and a fencing number. Of two workers one gets the message.
//! 2. **Reserve** (`carry`): the limits say go, or when to come back; then the row waits.
//! 3. **Begin** (`begin`): the attempt is committed before the call, and the lease renewed.
//! 4. **Send**: one HTTP call, never repeated by itself.
//! 5. **Decide** (`decide`): what the answer means, as a value.
//! 6. **Record** (`result`): one statement for all results that are there; then their deliveries
//!    are acked.
//!
//! Where this dies: before 3, the lease lapses and the message is queued again; from 3 on it may
//! have gone out, and the lapsed lease makes it `unknown`. A delivery that comes again finds a row
//! that is no longer `queued`, and nothing to do.
//!
//! This crate must not know HTTP beyond the Graph API's client, SQL, or what a status webhook says.

mod batch;
mod begin;
mod carry;
mod config;
mod decide;
mod insist;
mod lane;
mod ledger;
mod metrics;
mod result;
mod tokens;
mod waits;

use std::sync::Arc;

use amqp::{BusError, Queue};
use backbone::Backbone;
use domain::lane::Lane;
use graph_api::client::GraphClient;
use limits::{Limits, LimitsConfig};
use runtime::{Service, Stop, wait_for};
use store::Db;
use tokio::task::JoinSet;

use crate::begin::Begins;
pub use crate::config::Config;
use crate::ledger::Rows;
use crate::metrics::Metrics;
use crate::result::Results;
use crate::tokens::Tokens;
pub use crate::waits::RetryWaits;

/// What all messages under way have in common.
struct Shared {
    config: Config,
    db: Db,
    graph: GraphClient,
    limits: Limits,
    tokens: Tokens,
    begins: Begins,
    results: Results,
    metrics: Arc<Metrics>,
    stop: Stop,
}

/// The service, ready to run. Stopped, it takes no more jobs, gives back what it has not begun, and
/// ends when everything that it has begun is recorded.
///
/// # Errors
/// When the client of the Graph API cannot be set up, or `REDIS_URL` is none.
pub fn start(config: Config, backbone: &Backbone, stop: Stop) -> anyhow::Result<Service> {
    let metrics = Arc::new(Metrics::new());
    let (begins, begin) = Begins::new(&config, backbone, &metrics, &stop);
    let (results, record) = Results::new(backbone, &metrics);
    let shared = Arc::new(Shared {
        graph: GraphClient::new(&config.graph)?,
        limits: Limits::new(
            LimitsConfig {
                hold: config.hold,
                held_per_lane: usize::from(config.concurrency) / 2,
                claim_lease: config.claim_lease,
            },
            config.redis.clone(),
            Arc::new(Rows(backbone.db.clone())),
        )?,
        db: backbone.db.clone(),
        tokens: Tokens::new(Arc::clone(&backbone.vault)),
        begins,
        results,
        metrics,
        stop,
        config,
    });
    let backbone = backbone.clone();
    Ok(Service::new("dispatcher", async move {
        // Without knowing of the others nobody may send: each would take the whole rate.
        wait_for("redis", &shared.stop, || shared.limits.join()).await?;
        let mut loops = JoinSet::new();
        let (limits, metrics) = (shared.limits.clone(), Arc::clone(&shared.metrics));
        loops.spawn(beat(limits, metrics, shared.stop.clone()));
        // They end when nobody is left who could hand them something: after the last lane.
        loops.spawn(begin.run());
        loops.spawn(record.run());
        for (lane, queue) in LANES {
            let consumer = consumer(&backbone, &shared, queue).await?;
            loops.spawn(lane::run(Arc::clone(&shared), lane, consumer));
        }
        drop(shared);
        while let Some(ended) = loops.join_next().await {
            ended?;
        }
        Ok(())
    }))
}

/// Keeps this worker among those that share the limits, until it takes no more jobs.
async fn beat(limits: Limits, metrics: Arc<Metrics>, stop: Stop) {
    while stop.until(tokio::time::sleep(Limits::BEAT)).await.is_some() {
        metrics.limits_shared(limits.beat().await.is_ok());
    }
}

/// Each lane has a queue, a consumer and a prefetch of its own, so that a full one starves no other.
const LANES: [(Lane, Queue); 3] = [
    (Lane::Urgent, Queue::DispatchUrgent),
    (Lane::Normal, Queue::DispatchNormal),
    (Lane::Bulk, Queue::DispatchBulk),
];

async fn consumer(
    backbone: &Backbone,
    shared: &Shared,
    queue: Queue,
) -> anyhow::Result<amqp::Consumer> {
    let (bus, stop, prefetch) = (&backbone.bus, &shared.stop, shared.config.concurrency);
    let open = || async {
        match bus.consumer(queue, prefetch, stop.token()).await {
            Err(BusError::Unavailable { reason }) => Err(reason),
            settled => Ok(settled),
        }
    };
    Ok(wait_for("rabbitmq", stop, open).await??)
}
