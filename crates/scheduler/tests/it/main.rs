#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(missing_docs, reason = "a test binary has no readers but its own")]

mod halves;
mod messages;
mod webhooks;

use std::time::Duration;

use amqp::{Bus, Queue};
use backbone::Backbone;
use chrono::{DateTime, TimeDelta, Utc};
use contracts::DispatchJob;
use domain::delivery::DeliveryStatus;
use domain::ids::EventId;
use domain::lane::{Lane, OnUnknown};
use runtime::{Stop, now};
use scheduler::Config;
use store::messages::{Job, NewMessage, begin_attempts, claim};
use store::spool::{self, Page, Spooled};
use test_support::{Sender, TestBus, TestDb, backbone, eventually, sender, uncounted, vault};
use tokio::task::JoinHandle;

const LEASE: TimeDelta = TimeDelta::milliseconds(1);

const CONFIG: Config = Config {
    sweep: Duration::from_millis(10),
    unknown_grace: Duration::from_millis(1),
    webhook_days: 90,
    message_days: None,
    budget_reserved: 10,
};

struct World {
    db: TestDb,
    bus: TestBus,
    acme: Sender,
}

impl World {
    async fn new() -> Self {
        let (db, bus) = (TestDb::new().await, TestBus::new().await);
        let acme = sender(&db.client().await.unwrap(), "acme", 1).await;
        Self { db, bus, acme }
    }

    fn start(&self, backbone: &Backbone, stop: &Stop) -> JoinHandle<anyhow::Result<()>> {
        Self::start_as(CONFIG, backbone, stop)
    }

    fn start_as(
        config: Config,
        backbone: &Backbone,
        stop: &Stop,
    ) -> JoinHandle<anyhow::Result<()>> {
        let service = scheduler::start(config, backbone, stop.clone());
        #[expect(clippy::disallowed_methods, reason = "the test ends it")]
        tokio::spawn(service.task)
    }

    async fn insert(&self, lane: Lane, on_unknown: OnUnknown, created: DateTime<Utc>) -> Job {
        let new = NewMessage { lane, on_unknown, ..self.acme.message(created) };
        let job = Job { message_id: new.message_id, tenant_id: new.tenant_id };
        let client = self.db.client().await.unwrap();
        store::messages::insert(&client, &[new], created).await.unwrap();
        job
    }

    async fn status(&self, job: Job) -> DeliveryStatus {
        let client = self.db.client().await.unwrap();
        let found = store::messages::find(&client, job.tenant_id, job.message_id).await.unwrap();
        found.unwrap().summary.status
    }
}

/// Takes the next job from a lane.
async fn next_job(bus: &Bus, queue: Queue, stop: &Stop) -> DispatchJob {
    let mut consumer = bus.consumer(queue, 1, stop.token()).await.unwrap();
    let delivery = consumer.next_batch(1).await.unwrap().remove(0);
    let job = DispatchJob::decode(&delivery.body).unwrap();
    delivery.done().await;
    job
}

#[tokio::test]
async fn a_job_whose_publish_was_lost_is_published_again_to_its_lane() {
    let (world, stop) = (World::new().await, Stop::new());
    let job = world.insert(Lane::Bulk, OnUnknown::Hold, now() - TimeDelta::minutes(2)).await;
    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    let published = next_job(&world.bus, Queue::DispatchBulk, &stop).await;

    assert_eq!(published.message_ids, [job.message_id]);
    assert_eq!(published.tenant_id, job.tenant_id);
    stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_message_of_a_dead_worker_is_sent_again_only_if_it_was_never_begun() {
    let (world, stop) = (World::new().await, Stop::new());
    let never_begun = world.insert(Lane::Urgent, OnUnknown::Hold, now()).await;
    let begun = world.insert(Lane::Urgent, OnUnknown::Hold, now()).await;
    let client = world.db.client().await.unwrap();
    claim(&client, &[never_begun], LEASE, now()).await.unwrap();
    claim(&client, &[begun], TimeDelta::minutes(1), now()).await.unwrap();
    let written =
        begin_attempts(&client, &[uncounted(begun.message_id, 1)], LEASE, now()).await.unwrap();
    assert_eq!(written.len(), 1);
    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    let published = next_job(&world.bus, Queue::DispatchUrgent, &stop).await;

    assert_eq!(published.message_ids, [never_begun.message_id]);
    eventually("the begun one is unknown", async || {
        world.status(begun).await == DeliveryStatus::Unknown
    })
    .await;
    stop.stop();
    running.await.unwrap().unwrap();
    assert_eq!(world.bus.depth(Queue::DispatchUrgent).await.unwrap(), 0);
}

#[tokio::test]
async fn an_unknown_message_is_queued_again_under_retry_and_failed_under_fail() {
    let (world, stop) = (World::new().await, Stop::new());
    let retry = world.insert(Lane::Urgent, OnUnknown::Retry, now()).await;
    let fail = world.insert(Lane::Normal, OnUnknown::Fail, now()).await;
    let client = world.db.client().await.unwrap();
    claim(&client, &[retry, fail], TimeDelta::minutes(1), now()).await.unwrap();
    let claims = [retry, fail].map(|job| uncounted(job.message_id, 1));
    begin_attempts(&client, &claims, LEASE, now()).await.unwrap();
    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    let published = next_job(&world.bus, Queue::DispatchUrgent, &stop).await;

    assert_eq!(published.message_ids, [retry.message_id]);
    eventually("the other one has failed", async || {
        world.status(fail).await == DeliveryStatus::Failed
    })
    .await;
    stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_spooled_webhook_is_published_when_the_bus_is_back_and_then_forgotten() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    let spooled = Spooled {
        event_id: EventId::at(now()),
        routing_key: "statuses".into(),
        envelope: b"envelope".to_vec(),
    };
    spool::keep(&client, &vault(), &spooled, now()).await.unwrap();
    let (bus, proxy) = world.bus.proxied().await;
    proxy.cut().await;
    eventually("the bus is away", async || !bus.connected()).await;
    let backbone = Backbone { bus, ..backbone(&world.db, &world.bus) };
    let running = world.start(&backbone, &stop);
    proxy.restore().await;

    for queue in [Queue::StatusMapper, Queue::WebhookLog] {
        let mut consumer = world.bus.consumer(queue, 1, stop.token()).await.unwrap();
        let delivery = consumer.next_batch(1).await.unwrap().remove(0);
        assert_eq!(&delivery.body[..], b"envelope");
        delivery.done().await;
    }

    eventually("the spool is empty", async || {
        spool::oldest(&client, &vault(), None, 1).await.unwrap() == Page::default()
    })
    .await;
    stop.stop();
    running.await.unwrap().unwrap();
}
