use std::sync::Arc;

use amqp::Queue;
use runtime::metrics::{Counter, Gauge, KeyValue, counter, gauge};
use store::messages;

use crate::Shared;
use crate::every::Progress;

/// What the service measures. The gauges are the ones to put alarms on.
pub(crate) struct Metrics {
    pub(crate) published: Counter,
    pub(crate) lapsed: Counter,
    waiting: Gauge,
    queue_depth: Gauge,
    parked: Gauge,
    unrouted: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            published: counter("waypost.scheduler.published", "Jobs published because due"),
            lapsed: counter("waypost.scheduler.lapsed", "Messages whose worker lost its lease"),
            waiting: gauge("waypost.messages.waiting", "Unfinished messages by state", "{message}"),
            queue_depth: gauge("waypost.queue.depth", "Ready bus messages", "{message}"),
            parked: gauge("waypost.queue.parked", "Parked bus messages", "{message}"),
            unrouted: gauge("waypost.queue.unrouted", "Bus messages no queue wanted", "{message}"),
        }
    }
}

/// Reads the sizes of everything that can pile up.
pub(crate) async fn measure(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    for (status, count) in messages::count_unfinished(&client).await? {
        let label = KeyValue::new("status", status.as_str());
        shared.metrics.waiting.record(count as f64, &[label]);
    }
    drop(client);
    let bus = &shared.backbone.bus;
    for queue in Queue::ALL {
        let label = [KeyValue::new("queue", queue.as_str())];
        shared.metrics.queue_depth.record(f64::from(bus.depth(queue).await?), &label);
        shared.metrics.parked.record(f64::from(bus.parked_depth(queue).await?), &label);
    }
    shared.metrics.unrouted.record(f64::from(bus.unrouted_depth().await?), &[]);
    Ok(Progress::Idle)
}
