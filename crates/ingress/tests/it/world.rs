//! An ingress of one test's own, and Meta's side of it.

use std::net::SocketAddr;
use std::time::Duration;

use amqp::{Consumer, Queue};
use backbone::Backbone;
use contracts::WebhookReceived;
use graph_api::signature;
use ingress::Config;
use reqwest::{Client, Response};
use runtime::{Env, Stop};
use store::Client as Connection;
use test_support::{TestBus, TestDb, backbone, eventually};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) const SECRET: &str = "test_app_secret";
pub(crate) const TOKEN: &str = "test_verify_token";
pub(crate) const PATH: &str = "/webhooks/whatsapp";
pub(crate) const SHARED: &str = "/api/webhooks/whatsapp";

/// A POST without updates, which Meta would sign.
pub(crate) const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[]}"#;

const PATIENCE: Duration = Duration::from_secs(60);

/// What an ingress stands on.
pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) bus: TestBus,
}

impl World {
    pub(crate) async fn new() -> Self {
        runtime::choose_tls();
        Self { db: TestDb::new().await, bus: TestBus::new().await }
    }

    pub(crate) fn backbone(&self) -> Backbone {
        backbone(&self.db, &self.bus)
    }

    /// An ingress with the defaults, or with other settings.
    pub(crate) fn ingress(&self, settings: &[(&'static str, &str)]) -> Ingress {
        Ingress::start(&self.backbone(), settings)
    }

    pub(crate) async fn connection(&self) -> Connection {
        self.db.client().await.unwrap()
    }

    pub(crate) async fn events(&self) -> Events {
        let stop = CancellationToken::new();
        Events(self.bus.consumer(Queue::WebhookLog, 50, stop).await.unwrap())
    }
}

/// What was published.
pub(crate) struct Events(Consumer);

impl Events {
    /// The next event and its routing key.
    pub(crate) async fn next(&mut self) -> (WebhookReceived, String) {
        let batch = timeout(PATIENCE, self.0.next_batch(1)).await.unwrap().unwrap();
        let delivery = batch.into_iter().next().unwrap();
        let event = WebhookReceived::decode_shared(&delivery.body).unwrap();
        assert_eq!(delivery.message_id, Some(event.event_id.as_uuid()));
        assert_eq!(delivery.content_type.as_deref(), Some(contracts::PROTOBUF));
        let routing_key = delivery.routing_key.clone();
        delivery.done().await;
        (event, routing_key)
    }
}

/// A running ingress.
pub(crate) struct Ingress {
    pub(crate) addr: SocketAddr,
    pub(crate) stop: Stop,
    client: Client,
    task: JoinSet<anyhow::Result<()>>,
}

impl Ingress {
    pub(crate) fn start(backbone: &Backbone, settings: &[(&'static str, &str)]) -> Self {
        let defaults = [
            ("WAYPOST_INGRESS_ADDR", "127.0.0.1:0"),
            ("META_APP_SECRET", SECRET),
            ("META_VERIFY_TOKEN", TOKEN),
        ];
        let env = Env::of(defaults.into_iter().chain(settings.iter().copied()));
        let stop = Stop::new();
        let config = Config::from_env(&env).unwrap();
        let bound = ingress::start(config, backbone, stop.clone()).unwrap();
        let mut task = JoinSet::new();
        task.spawn(bound.service.task);
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self { addr: bound.addr, stop, client, task }
    }

    pub(crate) fn url(&self, rest: &str) -> String {
        format!("http://{}{rest}", self.addr)
    }

    /// Waits until the secrets of tenants' own apps have been read.
    pub(crate) async fn ready(self) -> Self {
        eventually("the first snapshot of secrets is there", async || {
            self.get(SHARED).await.status() != 503
        })
        .await;
        self
    }

    pub(crate) async fn get(&self, rest: &str) -> Response {
        self.client.get(self.url(rest)).send().await.unwrap()
    }

    pub(crate) async fn request(&self, method: reqwest::Method, rest: &str) -> Response {
        self.client.request(method, self.url(rest)).send().await.unwrap()
    }

    /// A POST as Meta sends it.
    pub(crate) async fn signed(&self, body: impl Into<Vec<u8>>) -> Response {
        let body = body.into();
        let signature = sign(SECRET, &body);
        self.post(body, &[(signature::HEADER, &signature)]).await
    }

    /// A POST to `path` as the app with this secret sends it; answers the status.
    pub(crate) async fn signed_with(&self, secret: &str, path: &str, body: &str) -> u16 {
        let signature = sign(secret, body.as_bytes());
        self.post_to(path, body, &[(signature::HEADER, &signature)]).await.status().as_u16()
    }

    /// A POST with these headers.
    pub(crate) async fn post(
        &self,
        body: impl Into<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Response {
        self.post_to(PATH, body, headers).await
    }

    /// A POST to another path.
    pub(crate) async fn post_to(
        &self,
        path: &str,
        body: impl Into<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self.client.post(self.url(path)).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Stops softly and waits for the end.
    pub(crate) async fn end(mut self) {
        self.stop.stop();
        let ended = timeout(PATIENCE, self.task.join_next()).await;
        ended.unwrap().unwrap().unwrap().unwrap();
    }
}

pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    signature::sign(&secret.into(), body)
}

/// A POST with `count` statuses.
pub(crate) fn statuses(count: usize) -> String {
    let status = |nth: usize| {
        format!(
            r#"{{"id":"wamid.{nth}","status":"sent","timestamp":"1790000000","recipient_id":"14155550101"}}"#
        )
    };
    let statuses: Vec<String> = (0..count).map(status).collect();
    changes(&format!(
        r#"{{"field":"messages","value":{{"metadata":{{"phone_number_id":"200"}},"statuses":[{}]}}}}"#,
        statuses.join(",")
    ))
}

/// A POST with these changes.
pub(crate) fn changes(changes: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100","changes":[{changes}]}}]}}"#
    )
}
