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
use limits::{Limits, LimitsConfig, Standing};
use runtime::{Service, Stop, wait_for};
use store::Db;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::begin::{Beginning, Begins};
pub use crate::config::Config;
use crate::ledger::Rows;
use crate::metrics::Metrics;
use crate::result::{Recording, Results};
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
/// ends when everything that it has begun is recorded. The same happens when Redis answers other
/// dispatchers and not this one; then it waits until it does, and begins anew.
///
/// # Errors
/// When the client of the Graph API cannot be set up, or `REDIS_URL` is none.
pub fn start(config: Config, backbone: &Backbone, stop: Stop) -> anyhow::Result<Service> {
    let graph = GraphClient::new(&config.graph)?;
    let (backbone, metrics) = (backbone.clone(), Arc::new(Metrics::new()));
    let work = {
        let stop = stop.clone();
        move || Work::new(&config, &graph, &backbone, &metrics, stop.part())
    };
    let first = work()?;
    Ok(Service::new("dispatcher", async move {
        let mut next = first;
        loop {
            next.run().await?;
            if stop.is_stopped() {
                return Ok(());
            }
            next = work()?;
        }
    }))
}

/// All that is done by one worker, from when it joins the others until it is stopped or left out.
struct Work {
    shared: Arc<Shared>,
    backbone: Backbone,
    begin: Beginning,
    record: Recording,
}

impl Work {
    fn new(
        config: &Config,
        graph: &GraphClient,
        backbone: &Backbone,
        metrics: &Arc<Metrics>,
        stop: Stop,
    ) -> anyhow::Result<Self> {
        let (begins, begin) = Begins::new(config, backbone, metrics, &stop);
        let (results, record) = Results::new(backbone, metrics);
        let limits = LimitsConfig {
            hold: config.hold,
            held_per_lane: usize::from(config.concurrency) / 2,
            claim_lease: config.claim_lease,
        };
        let ledger = Arc::new(Rows(backbone.db.clone()));
        let shared = Arc::new(Shared {
            graph: graph.clone(),
            limits: Limits::new(limits, config.redis.clone(), ledger)?,
            db: backbone.db.clone(),
            tokens: Tokens::new(Arc::clone(&backbone.vault)),
            begins,
            results,
            metrics: Arc::clone(metrics),
            stop,
            config: config.clone(),
        });
        Ok(Self { shared, backbone: backbone.clone(), begin, record })
    }

    async fn run(self) -> anyhow::Result<()> {
        let Self { shared, backbone, begin, record } = self;
        // Without knowing of the others nobody may send: each would take the whole rate.
        wait_for("redis", &shared.stop, || shared.limits.join()).await?;
        let mut loops = JoinSet::new();
        let (limits, metrics) = (shared.limits.clone(), Arc::clone(&shared.metrics));
        loops.spawn(beat(limits, metrics, shared.stop.clone()));
        // They end when nobody is left who could hand them something: after the last lane.
        loops.spawn(begin.run());
        loops.spawn(record.run());
        for (lane, queue) in LANES {
            let Some(consumer) = consumer(&backbone, &shared, queue).await? else { break };
            loops.spawn(lane::run(Arc::clone(&shared), lane, consumer));
        }
        drop(shared);
        while let Some(ended) = loops.join_next().await {
            ended?;
        }
        Ok(())
    }
}

/// Keeps this worker among those that share the limits, until it takes no more jobs.
async fn beat(limits: Limits, metrics: Arc<Metrics>, stop: Stop) {
    let mut beats = tokio::time::interval(Limits::BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.until(beats.tick()).await.is_some() {
        let standing = limits.beat().await;
        metrics.limits_shared(standing == Standing::Shared);
        if standing == Standing::LeftOut {
            tracing::warn!("Redis answers others and not this dispatcher: it gives back its work");
            stop.stop();
        }
    }
}

/// Each lane has a queue, a consumer and a prefetch of its own, so that a full one starves no other.
const LANES: [(Lane, Queue); 3] = [
    (Lane::Urgent, Queue::DispatchUrgent),
    (Lane::Normal, Queue::DispatchNormal),
    (Lane::Bulk, Queue::DispatchBulk),
];

/// `None` when it was stopped while the broker was away.
async fn consumer(
    backbone: &Backbone,
    shared: &Shared,
    queue: Queue,
) -> Result<Option<amqp::Consumer>, BusError> {
    let (bus, stop, prefetch) = (&backbone.bus, &shared.stop, shared.config.concurrency);
    let open = || async {
        match bus.consumer(queue, prefetch, stop.token()).await {
            Err(BusError::Unavailable { reason }) => Err(reason),
            settled => Ok(settled),
        }
    };
    wait_for("rabbitmq", stop, open).await.ok().transpose()
}
