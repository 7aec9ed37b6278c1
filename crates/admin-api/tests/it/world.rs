use std::time::Duration;

use admin_api::keys::{Scope, issue};
use admin_api::{Config, Started, start};
use amqp::Queue;
use backbone::Backbone;
use contracts::DispatchJob;
use domain::ids::MessageId;
use domain::lane::Lane;
use reqwest::{Client, Method, RequestBuilder};
use runtime::{Env, Stop};
use serde_json::{Value, json};
use store::connections::{NewNumber, add_number};
use store::messages::{Due, Filter, Summary, find, list};
use test_support::{Sender, TestBus, TestDb, sender, vault};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The platform's app.
pub(crate) const APP_ID: &str = "400";
pub(crate) const APP_SECRET: &str = "platform secret";

/// The service at work, on a database and queues of its own.
pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) bus: TestBus,
    pub(crate) acme: Sender,
    pub(crate) key: String,
    pub(crate) base: String,
    pub(crate) client: Client,
    stop: Stop,
    running: JoinSet<anyhow::Result<()>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(TestDb::new().await, TestBus::new().await, |backbone| backbone).await
    }

    /// With the service standing on what `change` makes of the real thing.
    pub(crate) async fn on(
        db: TestDb,
        bus: TestBus,
        change: impl FnOnce(Backbone) -> Backbone,
    ) -> Self {
        // Nobody answers there.
        Self::with_settings(&[("GRAPH_API_BASE_URL", "http://127.0.0.1:9")], db, bus, change).await
    }

    /// With Meta at another place.
    pub(crate) async fn asking(meta: &str) -> Self {
        Self::with(&[("GRAPH_API_BASE_URL", meta)]).await
    }

    /// With these settings besides.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::with_settings(settings, TestDb::new().await, TestBus::new().await, |real| real).await
    }

    async fn with_settings(
        settings: &[(&str, &str)],
        db: TestDb,
        bus: TestBus,
        change: impl FnOnce(Backbone) -> Backbone,
    ) -> Self {
        runtime::choose_tls();
        let acme = sender(&db.client().await.unwrap(), "acme", 1).await;
        let backbone = change(test_support::backbone(&db, &bus));
        let env = Env::of([
            ("WAYPOST_ADMIN_ADDR", "127.0.0.1:0"),
            ("WAYPOST_DRAIN_S", "5"),
            ("META_APP_ID", APP_ID),
            ("META_APP_SECRET", APP_SECRET),
        ]);
        let env = env
            .with("REDIS_URL", bus.redis().url)
            .with("WAYPOST_AMQP_PREFIX", bus.config().prefix.clone());
        let env = settings.iter().fold(env, |env, (name, value)| env.with(name, *value));
        let (config, stop) = (Config::from_env(&env).unwrap(), Stop::new());
        let Started { http, notify } = start(config, &backbone, stop.clone()).unwrap();
        let mut running = JoinSet::new();
        running.spawn(http.service.task);
        running.spawn(notify.task);
        let client = Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let base = format!("http://{}", http.addr);
        let mut world = Self { db, bus, acme, key: String::new(), base, client, stop, running };
        world.key = world.key_with(&Scope::ALL).await;
        world
    }

    /// Stops the service; what has begun is finished.
    pub(crate) async fn end(mut self) {
        self.stop.stop();
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap().unwrap();
        }
    }

    /// A new key of the tenant.
    pub(crate) async fn key_with(&self, scopes: &[Scope]) -> String {
        let client = self.db.client().await.unwrap();
        issue(&client, self.acme.tenant_id, "test", scopes, runtime::now()).await.unwrap()
    }

    /// A key of another tenant, with a number of its own.
    pub(crate) async fn stranger(&self) -> (Sender, String) {
        let client = self.db.client().await.unwrap();
        let other = sender(&client, "other", 2).await;
        let key =
            issue(&client, other.tenant_id, "test", &Scope::ALL, runtime::now()).await.unwrap();
        (other, key)
    }

    /// Gives the tenant one more number.
    pub(crate) async fn add_number(&self, id: &str) {
        let number = NewNumber {
            tenant_id: self.acme.tenant_id,
            waba_id: self.acme.waba_id.clone(),
            phone_number_id: id.parse().unwrap(),
            portfolio_id: None,
            messages_per_second: 1_000,
            tier: None,
            access_token: "token-1".into(),
        };
        let client = self.db.client().await.unwrap();
        add_number(&client, &vault(), &number, runtime::now()).await.unwrap();
    }

    /// A request without a key.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// What the audit log says was done to the tenant, the newest first.
    pub(crate) async fn audited(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v1/audit-log?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.show());
        answer.body["data"].as_array().unwrap().clone()
    }

    /// Posts bytes that claim to be JSON.
    pub(crate) async fn post_raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        Answer::of(request.body(body)).await
    }

    /// The body of a request for one text message.
    pub(crate) fn text(&self) -> Value {
        json!({
            "from": self.acme.phone_number_id,
            "to": "+14155552671",
            "text": {"body": "Hello"},
        })
    }

    /// Enqueues a text message.
    pub(crate) async fn enqueued(&self) -> MessageId {
        let answer = self.post("/v1/messages", &self.text()).await;
        assert_eq!(answer.status, 202, "{}", answer.show());
        answer.message_id()
    }

    /// All messages of the tenant, newest first.
    pub(crate) async fn messages(&self) -> Vec<Summary> {
        let client = self.db.client().await.unwrap();
        list(&client, self.acme.tenant_id, &Filter::default(), 2_000).await.unwrap()
    }

    pub(crate) async fn message(&self, id: MessageId) -> store::messages::Message {
        let client = self.db.client().await.unwrap();
        find(&client, self.acme.tenant_id, id).await.unwrap().unwrap()
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.db.client().await.unwrap().batch_execute(sql).await.unwrap();
    }

    /// Waits until the jobs in a lane are about `count` messages, and takes them away.
    pub(crate) async fn jobs(&self, lane: Lane, count: usize) -> Vec<Due> {
        let queue = match lane {
            Lane::Urgent => Queue::DispatchUrgent,
            Lane::Normal => Queue::DispatchNormal,
            Lane::Bulk => Queue::DispatchBulk,
        };
        let mut consumer = self.bus.consumer(queue, 1_000, CancellationToken::new()).await.unwrap();
        let mut messages = Vec::new();
        while messages.len() < count {
            for delivery in consumer.next_batch(1_000).await.unwrap() {
                let DispatchJob { tenant_id, message_ids } =
                    DispatchJob::decode(&delivery.body).unwrap();
                messages.extend(message_ids.into_iter().map(|message_id| Due {
                    message_id,
                    tenant_id,
                    lane,
                    traceparent: delivery.traceparent.clone(),
                }));
                delivery.done().await;
            }
        }
        messages
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn message_id(&self) -> MessageId {
        self.body["message_id"].as_str().unwrap().parse().unwrap()
    }

    /// Status, content type and body, without what differs from run to run.
    pub(crate) fn show(&self) -> String {
        let mut body = self.body.clone();
        redact(&mut body);
        let body = serde_json::to_string_pretty(&body).unwrap();
        format!("{} {}\n{body}", self.status, self.header("content-type"))
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let differs = matches!(
                    name.as_str(),
                    "message_id" | "messageId" | "request_id" | "created_at" | "expires_at"
                );
                if differs && field.is_string() {
                    *field = json!(format!("<{name}>"));
                } else {
                    redact(field);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(redact),
        _ => {}
    }
}
