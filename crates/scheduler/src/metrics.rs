use std::sync::Arc;

use amqp::Queue;
use chrono::{DateTime, Utc};
use domain::delivery::DeliveryStatus;
use domain::lane::{Lane, WaitingReason};
use runtime::metrics::{Counter, Gauge, KeyValue, counter, gauge};
use store::messages::{self, Backlog};

use crate::Shared;
use crate::every::Progress;
use crate::portfolios::Portfolios;

/// What the service measures. The gauges are the ones to put alarms on: `deploy/alerts.yml`.
pub(crate) struct Metrics {
    pub(crate) published: Counter,
    pub(crate) lapsed: Counter,
    pub(crate) portfolios: Portfolios,
    pub(crate) sealed: Gauge,
    waiting: Gauge,
    put_aside: Gauge,
    overdue: Gauge,
    unknown_age: Gauge,
    queue_depth: Gauge,
    parked: Gauge,
    unrouted: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let lapsed = counter("waypost.scheduler.lapsed", "Messages whose worker lost its lease");
        // A counter that begins with its first event would hide that one from whoever watches.
        lapsed.add(0, &[]);
        let overdue = "How long the oldest message that may go has waited for a worker, by lane";
        let unknown_age = "Age of the oldest message whose fate is unknown";
        Self {
            published: counter("waypost.scheduler.published", "Jobs published because due"),
            lapsed,
            portfolios: Portfolios::new(),
            sealed: gauge("waypost.webhooks.sealed", "Spooled ones no key opens", "{webhook}"),
            waiting: gauge("waypost.messages.waiting", "Unfinished messages by state", "{message}"),
            put_aside: gauge("waypost.messages.put_aside", "Queued, by reason", "{message}"),
            overdue: gauge("waypost.messages.overdue", overdue, "s"),
            unknown_age: gauge("waypost.messages.unknown_age", unknown_age, "s"),
            queue_depth: gauge("waypost.queue.depth", "Ready bus messages", "{message}"),
            parked: gauge("waypost.queue.parked", "Parked bus messages", "{message}"),
            unrouted: gauge("waypost.queue.unrouted", "Bus messages no queue wanted", "{message}"),
        }
    }

    /// Records what is there and, with 0, what is not: a gauge keeps its last value.
    fn backlog(&self, backlog: &[Backlog], now: DateTime<Utc>) {
        use DeliveryStatus::{Queued, Sending, Unknown};
        for status in [Queued, Sending, Unknown] {
            let label = [KeyValue::new("status", status.as_str())];
            self.waiting.record(count(backlog, |group| group.status == status), &label);
        }
        for reason in WaitingReason::ALL {
            let label = [KeyValue::new("reason", reason.as_str())];
            let waits = |group: &Backlog| group.waiting_reason == Some(*reason);
            self.put_aside.record(count(backlog, waits), &label);
        }
        for lane in Lane::ALL {
            let label = [KeyValue::new("lane", lane.as_str())];
            let is_queued = |group: &Backlog| group.status == Queued && group.lane == *lane;
            self.overdue.record(age(backlog, is_queued, now), &label);
        }
        self.unknown_age.record(age(backlog, |group| group.status == Unknown, now), &[]);
    }
}

fn count(backlog: &[Backlog], belongs: impl Fn(&Backlog) -> bool) -> f64 {
    backlog.iter().filter(|group| belongs(group)).map(|group| group.messages as f64).sum()
}

/// Seconds since the oldest; 0 when there is none.
fn age(backlog: &[Backlog], belongs: impl Fn(&Backlog) -> bool, now: DateTime<Utc>) -> f64 {
    let oldest =
        backlog.iter().filter(|group| belongs(group)).filter_map(|group| group.since).min();
    oldest.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}

/// Reads the sizes of everything that can pile up.
pub(crate) async fn measure(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let now = runtime::now();
    let backlog = messages::backlog(&client, now).await?;
    drop(client);
    shared.metrics.backlog(&backlog, now);
    let bus = &shared.backbone.bus;
    for queue in Queue::ALL {
        let label = [KeyValue::new("queue", queue.as_str())];
        shared.metrics.queue_depth.record(f64::from(bus.depth(queue).await?), &label);
        shared.metrics.parked.record(f64::from(bus.parked_depth(queue).await?), &label);
    }
    shared.metrics.unrouted.record(f64::from(bus.unrouted_depth().await?), &[]);
    Ok(Progress::Idle)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn group(status: DeliveryStatus, messages: i64, since: Option<DateTime<Utc>>) -> Backlog {
        Backlog { status, lane: Lane::Normal, waiting_reason: None, messages, since }
    }

    #[test]
    fn groups_add_up_and_the_oldest_tells_the_age() {
        use DeliveryStatus::{Queued, Unknown};
        let now = runtime::now();
        let ago = |seconds| Some(now - TimeDelta::seconds(seconds));
        let backlog =
            [group(Queued, 2, ago(5)), group(Queued, 3, ago(9)), group(Unknown, 4, ago(60))];
        let queued = |group: &Backlog| group.status == Queued;

        let whole = |value: f64| format!("{value:.0}");
        assert_eq!(whole(count(&backlog, queued)), "5");
        assert_eq!(whole(age(&backlog, queued, now)), "9");
        assert_eq!(whole(age(&[group(Queued, 1, None)], queued, now)), "0");
        assert_eq!(whole(age(&backlog, queued, now - TimeDelta::hours(1))), "0");
    }
}
