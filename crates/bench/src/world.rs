//! Services at work on servers of their own names.

use std::net::SocketAddr;
use std::time::Duration;

use admin_api::keys::{Scope, issue};
use amqp::{Exchange, Outgoing};
use anyhow::ensure;
use backbone::Backbone;
use contracts::{DispatchJob, PROTOBUF};
use domain::ids::MessageId;
use domain::lane::Lane;
use graph_sim::{Control, Scenario};
use runtime::{Env, Stop};
use serde_json::{Value, json};
use store::messages::{self, NewMessage};
use test_support::{Sender, TestBus, TestDb, backbone, sender};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Signs what Meta posts.
pub(crate) const APP_SECRET: &str = "secret-of-the-platform";

/// How long anything may take until the bench gives up.
const PATIENCE: Duration = Duration::from_secs(600);

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
        let client = self.db.client().await?;
        let tenant_id = self.sender.tenant_id;
        let key = issue(&client, tenant_id, "bench", &Scope::ALL, runtime::now()).await?;
        Ok((started.http.addr, key))
    }

    pub(crate) fn dispatcher(&mut self) -> anyhow::Result<()> {
        let config = dispatcher::Config::from_env(&self.env)?;
        let service = dispatcher::start(config, &self.backbone, self.stop.clone())?;
        self.running.spawn(service.task);
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

    /// A Meta without delay, which allows the number so much; it posts webhooks to `ingress`.
    pub(crate) async fn meta(
        &mut self,
        messages_per_second: Option<u32>,
        ingress: Option<SocketAddr>,
    ) -> anyhow::Result<(String, Control)> {
        let rate = messages_per_second.unwrap_or(10_000);
        let sql = format!("UPDATE phone_numbers SET messages_per_second = {rate}");
        self.db.client().await?.batch_execute(&sql).await?;
        let scenario = json!({
            "numbers": [{ "phone_number_id": self.sender.phone_number_id.as_str(),
                          "waba_id": self.sender.waba_id.as_str(), "mps": rate }],
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
    pub(crate) async fn insert(&self, count: usize) -> anyhow::Result<Vec<MessageId>> {
        let client = self.db.client().await?;
        let new: Vec<_> = (0..count).map(|nth| self.message(nth)).collect();
        for portion in new.chunks(1_000) {
            messages::insert(&client, portion, runtime::now()).await?;
        }
        Ok(new.into_iter().map(|message| message.message_id).collect())
    }

    /// Publishes the jobs of messages.
    pub(crate) async fn publish(&self, ids: &[MessageId]) {
        let tenant_id = self.sender.tenant_id;
        for portion in ids.chunks(1_000) {
            let job = |id: &MessageId| Outgoing {
                exchange: Exchange::Dispatch,
                routing_key: Lane::Normal.as_str().to_owned(),
                message_id: id.as_uuid(),
                content_type: PROTOBUF,
                traceparent: None,
                body: DispatchJob { tenant_id, message_id: *id }.encode(),
            };
            for published in
                self.bus.publisher().publish_all(portion.iter().map(job).collect()).await
            {
                published.unwrap();
            }
        }
    }

    /// Waits until so many rows of `messages` are as `condition` says.
    pub(crate) async fn until(&self, condition: &str, count: usize) -> anyhow::Result<()> {
        let client = self.db.client().await?;
        let sql = format!("SELECT count(*) FROM messages WHERE {condition}");
        let begun = Instant::now();
        loop {
            let there: i64 = client.query_one(&sql, &[]).await?.get(0);
            if usize::try_from(there)? >= count {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "{there} of {count} after ten minutes: {condition}"
            );
            sleep(Duration::from_millis(20)).await;
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
