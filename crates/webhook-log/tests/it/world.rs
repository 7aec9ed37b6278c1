//! A webhook-log of one test's own, and what is posted to it.

use std::net::SocketAddr;

use amqp::{Exchange, Outgoing};
use bytes::Bytes;
use contracts::{PROTOBUF, Rejection, SignatureState, WebhookReceived};
use domain::ids::EventId;
use domain::scope::Scope;
use graph_api::signature::{HEADER, sign};
use runtime::{Env, Stop};
use test_support::{TestBus, TestDb, backbone, eventually};
use tokio::task::{JoinHandle, JoinSet};
use webhook_log::Config;

pub(crate) const BODY: &str = r#"{"entry":[{"id":"100","changes":[{"field":"messages","value":{
    "metadata":{"phone_number_id":"200"},"statuses":[
    {"id":"wamid.A","status":"sent","timestamp":"1790000000"}, {"status":7}]}}]}]}"#;

pub(crate) fn received(body: &'static str, signature: SignatureState) -> WebhookReceived {
    WebhookReceived {
        event_id: EventId::at(runtime::now()),
        received_at: runtime::now(),
        scope: signature.is_valid().then_some(Scope::Platform),
        signature,
        path: "platform".into(),
        body: Bytes::from_static(body.as_bytes()),
        repeats: 1,
        rejection: Rejection::default(),
    }
}

pub(crate) async fn publish(bus: &TestBus, routing_key: &str, body: Bytes) {
    let outgoing = Outgoing {
        exchange: Exchange::Webhooks,
        routing_key: routing_key.into(),
        message_id: uuid::Uuid::now_v7(),
        content_type: PROTOBUF,
        traceparent: None,
        body,
    };
    bus.publisher().publish(outgoing).await.unwrap();
}

/// The defaults, and the platform's secret.
pub(crate) fn config() -> Config {
    let settings =
        [("META_APP_SECRET", "secret-of-the-platform"), ("WAYPOST_WEBHOOK_REVERIFY_S", "0.05")];
    Config::from_env(&runtime::Env::of(settings)).unwrap()
}

pub(crate) fn start(db: &TestDb, bus: &TestBus, stop: &Stop) -> JoinHandle<anyhow::Result<()>> {
    let service = webhook_log::start(&config(), &backbone(db, bus), stop.clone());
    #[expect(clippy::disallowed_methods, reason = "the test ends it")]
    tokio::spawn(service.task)
}

pub(crate) async fn rows(db: &TestDb) -> Vec<tokio_postgres::Row> {
    let sql = "SELECT * FROM webhook_events ORDER BY event_id";
    db.client().await.unwrap().query(sql, &[]).await.unwrap()
}

/// The whole way of a webhook, from HTTP to the rows.
pub(crate) struct Way {
    addr: SocketAddr,
    http: reqwest::Client,
    stop: Stop,
    running: JoinSet<anyhow::Result<()>>,
}

impl Way {
    pub(crate) fn start(db: &TestDb, bus: &TestBus) -> Self {
        runtime::choose_tls();
        let env = Env::of([
            ("WAYPOST_INGRESS_ADDR", "127.0.0.1:0"),
            ("META_APP_SECRET", "secret-of-the-platform"),
            ("META_VERIFY_TOKEN", "t"),
        ]);
        let (backbone, stop) = (backbone(db, bus), Stop::new());
        let ingress = ingress::Config::from_env(&env).unwrap();
        let bound = ingress::start(ingress, &backbone, stop.clone()).unwrap();
        let mapper = status_mapper::Config::from_env(&env).unwrap();
        let mut running = JoinSet::new();
        running.spawn(bound.service.task);
        running.spawn(status_mapper::start(mapper, &backbone, stop.clone()).task);
        running.spawn(webhook_log::start(&config(), &backbone, stop.clone()).task);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { addr: bound.addr, http, stop, running }
    }

    /// Posts what the app with this secret signs; answers the status.
    pub(crate) async fn post(&self, secret: &str, path: &str, body: &str) -> u16 {
        let signature = sign(&secret.into(), body.as_bytes());
        let url = format!("http://{}{path}", self.addr);
        let request = self.http.post(url).header(HEADER, signature).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    /// Waits until ingress takes what this secret signs.
    pub(crate) async fn knows(&self, secret: &str, path: &str) {
        eventually("the secret is known", async || self.post(secret, path, "{}").await == 200)
            .await;
    }

    /// Waits until ingress has read the secrets there are.
    pub(crate) async fn ready(&self) {
        let path = "/api/webhooks/whatsapp";
        eventually("secrets are read", async || self.post("nobody's", path, "{}").await != 503)
            .await;
    }

    /// Stops softly.
    pub(crate) async fn end(mut self) {
        self.stop.stop();
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap().unwrap();
        }
    }
}
