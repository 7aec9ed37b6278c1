//! The service in its world.

use amqp::Queue;
use backbone::Backbone;
use bytes::Bytes;
use domain::delivery::DeliveryStatus;
use domain::ids::MessageId;
use runtime::Stop;
use status_mapper::Config;
use store::messages::{self, Summary};

use test_support::proxy::Proxy;
use test_support::{Sender, TestBus, TestDb, backbone, eventually, sender};
use tokio::task::JoinHandle;

use crate::posts;

pub(crate) struct World {
    pub(crate) bus: TestBus,
    pub(crate) db: TestDb,
    pub(crate) acme: Sender,
}

/// A service that runs until it is told to end.
pub(crate) struct Running {
    task: JoinHandle<anyhow::Result<()>>,
    stop: Stop,
}

impl Running {
    /// Stops softly.
    pub(crate) async fn end(self) {
        self.stop.stop();
        self.task.await.unwrap().unwrap();
    }
}

/// A service with a connection of its own, which dies with it.
pub(crate) struct Life {
    running: Running,
    bus: amqp::Bus,
}

impl Life {
    /// Ends it wherever it is: nothing is settled, the connection is gone.
    pub(crate) async fn kill(self) {
        self.running.task.abort();
        assert!(self.running.task.await.unwrap_err().is_cancelled());
        self.bus.close().await;
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let (db, bus) = (TestDb::new().await, TestBus::new().await);
        let acme = sender(&db.client().await.unwrap(), "acme", 1).await;
        Self { bus, db, acme }
    }

    pub(crate) fn start(&self) -> Running {
        self.start_on(&backbone(&self.db, &self.bus))
    }

    pub(crate) fn start_on(&self, backbone: &Backbone) -> Running {
        let stop = Stop::new();
        let service = status_mapper::start(Config { batch: 50 }, backbone, stop.clone());
        #[expect(clippy::disallowed_methods, reason = "the test ends it")]
        let task = tokio::spawn(service.task);
        Running { task, stop }
    }

    pub(crate) async fn start_killable(&self) -> Life {
        let bus = amqp::Bus::connect(self.bus.config(), "life").await.unwrap();
        let backbone = Backbone { bus: bus.clone(), ..backbone(&self.db, &self.bus) };
        Life { running: self.start_on(&backbone), bus }
    }

    /// A backbone whose way to Postgres can be cut.
    pub(crate) async fn proxied(&self) -> (Backbone, Proxy) {
        let (db, proxy) = self.db.proxied().await;
        (Backbone { db, ..backbone(&self.db, &self.bus) }, proxy)
    }

    pub(crate) async fn publish(&self, body: &Bytes) {
        posts::publish(&self.bus, posts::received(body).encode()).await;
    }

    pub(crate) async fn summary(&self, message_id: MessageId) -> Summary {
        let client = self.db.client().await.unwrap();
        let found = messages::find(&client, self.acme.tenant_id, message_id).await.unwrap();
        found.unwrap().summary
    }

    pub(crate) async fn count(&self, status: DeliveryStatus) -> i64 {
        let client = self.db.client().await.unwrap();
        let counts = messages::count_by_status(&client, self.acme.tenant_id).await.unwrap();
        counts.get(&status).copied().unwrap_or(0)
    }

    pub(crate) async fn parked(&self) -> u32 {
        self.bus.parked_depth(Queue::StatusMapper).await.unwrap()
    }

    /// Waits until the queue is empty.
    pub(crate) async fn drained(&self) {
        eventually("the queue is empty", async || {
            self.bus.depth(Queue::StatusMapper).await.unwrap() == 0
        })
        .await;
    }
}

pub(crate) async fn queued(world: &World) -> MessageId {
    queued_many(world, 1).await[0]
}

pub(crate) async fn queued_many(world: &World, count: usize) -> Vec<MessageId> {
    let now = runtime::now();
    let new: Vec<_> = std::iter::repeat_with(|| world.acme.message(now)).take(count).collect();
    let client = world.db.client().await.unwrap();
    assert_eq!(messages::insert(&client, &new, now).await.unwrap().len(), count);
    new.iter().map(|message| message.message_id).collect()
}
