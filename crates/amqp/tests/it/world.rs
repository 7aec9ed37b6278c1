//! A bus of one test's own, deleted at its end however it ends.

use std::collections::BTreeSet;
use std::time::Duration;

use amqp::{Bus, BusConfig, Consumer, Delivery, Exchange, Outgoing, Publisher, Queue};
use bytes::Bytes;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::proxy::Proxy;

const DEADLINE: Duration = Duration::from_secs(120);

pub(crate) struct World {
    pub(crate) bus: Bus,
    pub(crate) config: BusConfig,
}

impl World {
    pub(crate) async fn new() -> Self {
        let config = config();
        let bus = Bus::connect(&config, "test").await.unwrap();
        let world = Self { bus, config };
        world.bus.declare().await.unwrap();
        world
    }

    /// A second bus of the same names, through a network that can fail.
    pub(crate) async fn proxied(&self) -> (Bus, Proxy) {
        let proxy = Proxy::start(broker()).await;
        let config = through(&proxy, &self.config);
        (Bus::connect(&config, "proxied").await.unwrap(), proxy)
    }

    pub(crate) async fn consumer(&self, queue: Queue, prefetch: u16) -> Consumer {
        self.bus.consumer(queue, prefetch, CancellationToken::new()).await.unwrap()
    }

    /// The full name of a queue.
    pub(crate) fn name(&self, queue: &str) -> String {
        format!("{}.{queue}", self.config.prefix)
    }

    /// A connection past everything that is tested.
    pub(crate) async fn raw(&self) -> (Connection, Channel) {
        let properties = ConnectionProperties::default();
        let connection = Connection::connect(&self.config.url, properties).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    /// How many messages are ready in a queue that has no name in the API.
    pub(crate) async fn raw_depth(&self, queue: &str) -> u32 {
        let (_connection, channel) = self.raw().await;
        let options = QueueDeclareOptions::durable().passive();
        let name = self.name(queue).into();
        let queue = channel.queue_declare(name, options, FieldTable::default()).await.unwrap();
        queue.message_count()
    }

    /// Puts a message with a header of one's own into a queue.
    pub(crate) async fn raw_publish(&self, queue: Queue, header: &str, value: AMQPValue) -> Uuid {
        let (_connection, channel) = self.raw().await;
        channel.confirm_select(Default::default()).await.unwrap();
        let id = Uuid::new_v4();
        let mut headers = FieldTable::default();
        headers.insert(header.into(), value);
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_message_id(id.to_string().into())
            .with_headers(headers);
        let key = self.name(queue.as_str()).into();
        let options = BasicPublishOptions::default();
        let confirm = channel.basic_publish("".into(), key, options, b"raw", properties).await;
        assert!(confirm.unwrap().await.unwrap().is_ack());
        id
    }

    pub(crate) async fn wait_for_depth(&self, queue: Queue, depth: u32) {
        eventually("the depth is reached", async || self.bus.depth(queue).await.unwrap() == depth)
            .await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let config = self.config.clone();
        let deleted = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let delete = async {
                    Bus::connect(&config, "clean-up").await.unwrap().delete_all().await.unwrap();
                };
                tokio::time::timeout(DEADLINE, delete).await.unwrap();
            });
        })
        .join();
        assert!(deleted.is_ok() || std::thread::panicking(), "queues are left behind");
    }
}

pub(crate) fn config() -> BusConfig {
    BusConfig { url: url(), prefix: format!("test-{}", Uuid::new_v4().simple()) }
}

#[expect(clippy::disallowed_methods, reason = "where the broker of the tests is")]
fn url() -> String {
    let url = std::env::var("AMQP_URL").ok().filter(|url| !url.is_empty());
    url.unwrap_or_else(|| "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned())
}

/// `host:port` of the broker.
pub(crate) fn broker() -> String {
    let uri: lapin::uri::AMQPUri = url().parse().unwrap();
    format!("{}:{}", uri.authority.host, uri.authority.port)
}

pub(crate) fn through(proxy: &Proxy, config: &BusConfig) -> BusConfig {
    let url = config.url.replacen(&broker(), &proxy.addr().to_string(), 1);
    assert_ne!(url, config.url, "the URL names host and port");
    BusConfig { url, prefix: config.prefix.clone() }
}

pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, wait).await.is_ok(), "in time: {what}");
}

pub(crate) fn message(exchange: Exchange, routing_key: &str) -> Outgoing {
    Outgoing {
        exchange,
        routing_key: routing_key.to_owned(),
        message_id: Uuid::new_v4(),
        content_type: "text/plain",
        traceparent: None,
        body: Bytes::from_static(b"body"),
    }
}

/// Publishes `count` notifications, with patience for a busy machine, and returns their ids.
pub(crate) async fn publish(publisher: &Publisher, count: usize) -> BTreeSet<Uuid> {
    let publisher = publisher.clone().with_timeout(DEADLINE);
    let messages: Vec<_> = (0..count).map(|_| message(Exchange::Notify, "test")).collect();
    let ids = messages.iter().map(|message| message.message_id).collect();
    for answer in publisher.publish_all(messages).await {
        answer.unwrap();
    }
    ids
}

/// The next delivery, which must come.
pub(crate) async fn next(consumer: &mut Consumer) -> Delivery {
    let mut batch = next_batch(consumer, 1).await;
    batch.remove(0)
}

/// The next batch, which must come.
pub(crate) async fn next_batch(consumer: &mut Consumer, max: usize) -> Vec<Delivery> {
    let batch = tokio::time::timeout(DEADLINE, consumer.next_batch(max)).await;
    batch.expect("a delivery in time").expect("not stopped")
}

/// Takes exactly `count` deliveries.
pub(crate) async fn take(consumer: &mut Consumer, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.extend(next_batch(consumer, count - taken.len()).await);
    }
    taken
}
