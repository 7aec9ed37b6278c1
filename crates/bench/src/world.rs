//! Services at work on servers of their own names.

use std::net::SocketAddr;
use std::time::Duration;

use admin_api::keys::{Scope, issue};
use amqp::Queue;
use anyhow::ensure;
use backbone::Backbone;
use domain::ids::MessageId;
use domain::lane::Lane;
use graph_sim::{Control, Scenario};
use runtime::{Env, Stop};
use serde_json::{Value, json};
use store::messages::{self, Due, NewMessage};
use test_support::{Sender, TestBus, TestDb, VAULT_KEYS, backbone, sender};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::processes::{Processes, free_port};

/// Signs what Meta posts.
pub(crate) const APP_SECRET: &str = "secret-of-the-platform";

/// How long anything may take until the bench gives up.
const PATIENCE: Duration = Duration::from_secs(3_600);

pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) bus: TestBus,
    pub(crate) sender: Sender,
    pub(crate) backbone: Backbone,
    pub(crate) env: Env,
    stop: Stop,
    running: JoinSet<anyhow::Result<()>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (db, bus) = (TestDb::new().await, TestBus::new().await);
        let sender = sender(&db.client().await.unwrap(), "acme", 1).await;
        let backbone = backbone(&db, &bus);
        let redis = bus.redis();
        let env = Env::of([
            ("META_APP_SECRET", APP_SECRET),
            ("META_VERIFY_TOKEN", "t"),
            ("WAYPOST_INGRESS_ADDR", "127.0.0.1:0"),
            ("WAYPOST_ADMIN_ADDR", "127.0.0.1:0"),
        ]);
        let env = env
            .with("REDIS_URL", redis.url)
            .with("WAYPOST_AMQP_PREFIX", bus.config().prefix.clone());
        Self { db, bus, sender, backbone, env, stop: Stop::new(), running: JoinSet::new() }
    }

    pub(crate) async fn ingress(&mut self) -> anyhow::Result<SocketAddr> {
        let config = ingress::Config::from_env(&self.env)?;
        let bound = ingress::start(config, &self.backbone, self.stop.clone())?;
        self.running.spawn(bound.service.task);
        Ok(bound.addr)
    }

    /// The API, and a key to it.
    pub(crate) async fn admin(&mut self) -> anyhow::Result<(SocketAddr, String)> {
        let config = admin_api::Config::from_env(&self.env)?;
        let started = admin_api::start(config, &self.backbone, self.stop.clone())?;
        self.running.spawn(started.http.service.task);
        self.running.spawn(started.notify.task);
        Ok((started.http.addr, self.key(&self.sender).await?))
    }

    /// A key of a tenant's to the API.
    pub(crate) async fn key(&self, of: &Sender) -> anyhow::Result<String> {
        let client = self.db.client().await?;
        Ok(issue(&client, of.tenant_id, "bench", &Scope::ALL, runtime::now()).await?)
    }

    /// Another tenant with a number.
    pub(crate) async fn another(&self) -> anyhow::Result<Sender> {
        Ok(sender(&self.db.client().await?, "other", 2).await)
    }

    /// All services as processes, where callers reach the API, and a key to it; Meta is to be
    /// there already, and to post to `ingress`.
    pub(crate) async fn processes(
        &self,
        ingress: SocketAddr,
    ) -> anyhow::Result<(Processes, SocketAddr, String)> {
        let admin = free_port()?;
        let known = |name: &str| self.env.optional(name).unwrap_or_default();
        let variables = [
            ("DATABASE_URL", self.db.url()),
            ("AMQP_URL", self.bus.config().url.clone()),
            ("REDIS_URL", known("REDIS_URL")),
            ("WAYPOST_AMQP_PREFIX", known("WAYPOST_AMQP_PREFIX")),
            ("CREDENTIAL_ENCRYPTION_KEY", VAULT_KEYS.to_owned()),
            ("META_APP_SECRET", APP_SECRET.to_owned()),
            ("META_VERIFY_TOKEN", "t".to_owned()),
            ("GRAPH_API_BASE_URL", known("GRAPH_API_BASE_URL")),
            ("WAYPOST_INGRESS_ADDR", ingress.to_string()),
            ("WAYPOST_ADMIN_ADDR", admin.to_string()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        let processes = Processes::start(&variables)?;
        let begun = Instant::now();
        for addr in [ingress, admin] {
            while tokio::net::TcpStream::connect(addr).await.is_err() {
                ensure!(begun.elapsed() < Duration::from_secs(60), "nobody listens at {addr}");
                sleep(Duration::from_millis(20)).await;
            }
        }
        // What is the last to be ready.
        self.consumers(Queue::DispatchBulk, 1).await?;
        Ok((processes, admin, self.key(&self.sender).await?))
    }

    /// Whether nothing is left in any queue, nor was put aside.
    pub(crate) async fn is_empty(&self) -> anyhow::Result<bool> {
        for queue in Queue::ALL {
            if self.bus.depth(queue).await? > 0 || !self.bus.parked(queue, 1).await?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Starts a dispatcher; comes back when it takes jobs.
    pub(crate) async fn dispatcher(&mut self) -> anyhow::Result<()> {
        let before = self.bus.consumers(Queue::DispatchBulk).await?;
        let config = dispatcher::Config::from_env(&self.env)?;
        let service = dispatcher::start(config, &self.backbone, self.stop.clone())?;
        self.running.spawn(service.task);
        // The last of its lanes.
        self.consumers(Queue::DispatchBulk, before + 1).await
    }

    /// Waits until a queue has so many consumers.
    async fn consumers(&self, queue: Queue, count: u32) -> anyhow::Result<()> {
        let begun = Instant::now();
        while self.bus.consumers(queue).await? < count {
            ensure!(begun.elapsed() < Duration::from_secs(60), "nobody consumes {queue:?}");
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    pub(crate) fn status_mapper(&mut self) -> anyhow::Result<()> {
        let config = status_mapper::Config::from_env(&self.env)?;
        let service = status_mapper::start(config, &self.backbone, self.stop.clone());
        self.running.spawn(service.task);
        Ok(())
    }

    pub(crate) fn webhook_log(&mut self) -> anyhow::Result<()> {
        let config = webhook_log::Config::from_env(&self.env)?;
        let service = webhook_log::start(&config, &self.backbone, self.stop.clone());
        self.running.spawn(service.task);
        Ok(())
    }

    pub(crate) fn scheduler(&mut self) -> anyhow::Result<()> {
        let config = scheduler::Config::from_env(&self.env)?;
        let service = scheduler::start(config, &self.backbone, self.stop.clone());
        self.running.spawn(service.task);
        Ok(())
    }

    /// A Meta without delay, which allows each number so much; it posts webhooks to `ingress`.
    pub(crate) async fn meta(
        &mut self,
        messages_per_second: Option<u32>,
        ingress: Option<SocketAddr>,
    ) -> anyhow::Result<(String, Control)> {
        let rate = messages_per_second.unwrap_or(10_000);
        let sql = format!(
            "UPDATE phone_numbers SET messages_per_second = {rate} RETURNING phone_number_id, waba_id"
        );
        let numbers = self.db.client().await?.query(&sql, &[]).await?;
        let numbers = numbers.iter().map(|row| {
            json!({ "phone_number_id": row.get::<_, &str>(0), "waba_id": row.get::<_, &str>(1),
                    "mps": rate })
        });
        let scenario = json!({
            "numbers": numbers.collect::<Vec<_>>(),
            "limits": { "throughput": { "enabled": messages_per_second.is_some() },
                        "pair": { "enabled": false }, "portfolio": { "enabled": false } },
            "fates": { "sent_after_ms": [0, 0], "delivered_after_ms": [0, 0], "read_after_ms": [0, 0] },
        });
        let webhooks = ingress.map(|addr| format!("http://{addr}/webhooks/whatsapp"));
        let mut config = graph_sim::Config::local(APP_SECRET, webhooks);
        config.scenario = Scenario::parse(scenario.to_string().as_bytes())?;
        let sim = graph_sim::start(config, self.stop.clone()).await?;
        let base_url = sim.base_url();
        self.running.spawn(sim.service.task);
        self.env = self.env.clone().with("GRAPH_API_BASE_URL", &*base_url);
        Ok((base_url, sim.control))
    }

    /// A text to the `nth` person.
    pub(crate) fn message(&self, nth: usize) -> NewMessage {
        let now = runtime::now();
        NewMessage { recipient: person(nth), lane: Lane::Normal, ..self.sender.message(now) }
    }

    /// Inserts messages to as many people, and publishes nothing.
    pub(crate) async fn insert(&self, count: usize, lane: Lane) -> anyhow::Result<Vec<MessageId>> {
        let client = self.db.client().await?;
        let new = (0..count).map(|nth| NewMessage { lane, ..self.message(nth) });
        let new: Vec<_> = new.collect();
        for portion in new.chunks(1_000) {
            messages::insert(&client, portion, runtime::now()).await?;
        }
        Ok(new.into_iter().map(|message| message.message_id).collect())
    }

    /// Publishes the jobs of messages, as the API does after a batch.
    pub(crate) async fn publish(&self, ids: &[MessageId], lane: Lane) {
        let tenant_id = self.sender.tenant_id;
        let due = |message_id: &MessageId| Due {
            message_id: *message_id,
            tenant_id,
            lane,
            traceparent: None,
        };
        for portion in ids.chunks(1_000) {
            let jobs = backbone::jobs(portion.iter().map(due).collect());
            let jobs = jobs.into_iter().map(|job| job.outgoing).collect();
            for published in self.bus.publisher().publish_all(jobs).await {
                published.unwrap();
            }
        }
    }

    /// Waits until so many rows of `messages` are as `condition` says.
    pub(crate) async fn until(&self, condition: &str, count: usize) -> anyhow::Result<()> {
        let client = self.db.client().await?;
        let sql = format!("SELECT count(*) FROM messages WHERE {condition}");
        let (begun, mut first) = (Instant::now(), None);
        loop {
            let asked = Instant::now();
            let there: i64 = client.query_one(&sql, &[]).await?.get(0);
            let there = usize::try_from(there)?;
            if there >= count {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "{there} of {count} after an hour: {condition}");
            let come = there - *first.get_or_insert(there);
            // To count takes little of what is measured, however many there are; the end is seen soon.
            let seldom = asked.elapsed() * 20;
            let halfway =
                begun.elapsed().mul_f64((count - there) as f64 / (2 * come.max(1)) as f64);
            sleep(seldom.min(halfway).max(Duration::from_millis(20))).await;
        }
    }

    /// Ends all services.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        self.stop.stop();
        while let Some(ended) = self.running.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// A number that nobody has.
pub(crate) fn person(nth: usize) -> String {
    format!("+1415{:07}", 2_000_000 + nth)
}

/// What Meta is sent.
pub(crate) fn text(nth: usize) -> Value {
    json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": person(nth),
            "type": "text", "text": { "body": "Your parcel is on its way." } })
}
