use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::panicking;

use amqp::{Bus, BusConfig, Queue};
use backbone::Backbone;
use futures::FutureExt;
use limits::RedisConfig;
use runtime::{Env, Health};
use store::Db;
use url::Url;
use uuid::Uuid;

use crate::db::TestDb;
use crate::proxy::Proxy;
use crate::world::vault;

/// Where tests find RabbitMQ when `AMQP_URL` does not say.
const DEFAULT_URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";

/// Where tests find Redis when `REDIS_URL` does not say.
const DEFAULT_REDIS: &str = "redis://127.0.0.1:6379";

/// A declared bus under a prefix of its own; deleted with this value.
///
/// The law that it asserts at its end: no message is parked, unless the test said
/// [`allow_parked`](Self::allow_parked), and none went where no queue is bound.
pub struct TestBus {
    /// Clones go to the services under test.
    pub bus: Bus,
    config: BusConfig,
    may_park: AtomicBool,
    proxied: Mutex<Vec<Bus>>,
}

impl TestBus {
    /// Declares the whole topology under a prefix that nobody else has.
    ///
    /// # Panics
    /// When RabbitMQ is not there.
    pub async fn new() -> Self {
        let url = Env::process().optional("AMQP_URL").unwrap_or(DEFAULT_URL.into());
        let config = BusConfig { url, prefix: format!("test-{}", Uuid::now_v7().simple()) };
        let bus = Bus::connect(&config, "test").await.unwrap();
        // Made before the declaration, so that a half-made topology is deleted too.
        let test_bus =
            Self { bus, config, may_park: AtomicBool::new(false), proxied: Mutex::default() };
        test_bus.bus.declare().await.unwrap();
        test_bus
    }

    /// Its URL and prefix.
    pub fn config(&self) -> &BusConfig {
        &self.config
    }

    /// Where limits are shared among those who use this bus; its keys end by themselves.
    pub fn redis(&self) -> RedisConfig {
        let url = Env::process().optional("REDIS_URL").unwrap_or(DEFAULT_REDIS.into());
        RedisConfig { url, prefix: format!("waypost:{}", self.config.prefix) }
    }

    /// Makes Redis forget what it knows of limits, as a flush does.
    ///
    /// # Panics
    /// When Redis is not there.
    pub async fn forget_limits(&self) {
        let RedisConfig { url, prefix } = self.redis();
        let client = redis::Client::open(url).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut keys = redis::cmd("KEYS");
        let keys: Vec<String> =
            keys.arg(format!("{prefix}*")).query_async(&mut connection).await.unwrap();
        redis::cmd("DEL").arg(keys).query_async::<()>(&mut connection).await.unwrap();
    }

    /// A second bus of the same names, through a network that can fail.
    ///
    /// # Panics
    /// When `AMQP_URL` does not name a host.
    pub async fn proxied(&self) -> (Bus, Proxy) {
        let mut url = Url::parse(&self.config.url).unwrap();
        let (host, port) = (url.host_str().unwrap(), url.port().unwrap_or(5672));
        let proxy = Proxy::start(format!("{host}:{port}")).await;
        url.set_host(Some(&proxy.addr().ip().to_string())).unwrap();
        url.set_port(Some(proxy.addr().port())).unwrap();
        let config = BusConfig { url: url.into(), prefix: self.config.prefix.clone() };
        let bus = Bus::connect(&config, "proxied").await.unwrap();
        self.proxied.lock().unwrap_or_else(PoisonError::into_inner).push(bus.clone());
        (bus, proxy)
    }

    /// Says that this test parks messages.
    pub fn allow_parked(&self) {
        self.may_park.store(true, Ordering::Relaxed);
    }
}

impl Deref for TestBus {
    type Target = Bus;

    fn deref(&self) -> &Bus {
        &self.bus
    }
}

impl Drop for TestBus {
    /// A `Drop` cannot wait on the test's own runtime, hence the thread.
    fn drop(&mut self) {
        // A bus that still works would notice the loss and declare everything again.
        let proxied =
            std::mem::take(self.proxied.get_mut().unwrap_or_else(PoisonError::into_inner));
        if tokio::runtime::Handle::try_current().is_ok() {
            for bus in proxied.iter().chain([&self.bus]) {
                let _begun = bus.close().now_or_never();
            }
        }
        let (config, may_park) = (self.config.clone(), *self.may_park.get_mut());
        let deleting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(delete(config, may_park))
        });
        match deleting.join() {
            Ok(misplaced) => assert!(misplaced.is_empty() || panicking(), "{misplaced:?}"),
            Err(_) => assert!(panicking(), "the queues of a test could not be deleted"),
        }
    }
}

/// Deletes everything and tells which messages should not have been there.
async fn delete(config: BusConfig, may_park: bool) -> Vec<String> {
    let bus = Bus::connect(&config, "clean-up").await.unwrap();
    let mut misplaced = Vec::new();
    for queue in Queue::ALL.into_iter().filter(|_| !may_park) {
        for parked in bus.parked(queue, 3).await.unwrap_or_default() {
            misplaced.push(format!("parked from {queue}: {}", parked.reason.unwrap_or_default()));
        }
    }
    if bus.unrouted_depth().await.is_ok_and(|depth| depth > 0) {
        misplaced.push("messages that no queue was bound for".to_owned());
    }
    bus.delete_all().await.unwrap();
    bus.close().await;
    misplaced
}

/// What a service stands on, of these two; without any check of health.
pub fn backbone(db: &TestDb, bus: &TestBus) -> Backbone {
    Backbone {
        db: Db::clone(db),
        bus: bus.bus.clone(),
        vault: Arc::new(vault()),
        health: Health::new(),
    }
}
