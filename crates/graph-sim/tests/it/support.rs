//! A running simulator, a receiver of its webhooks, and a way to wait for what must become true.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use graph_sim::{Config, Control, Scenario, Sim};
use reqwest::Response;
use runtime::Stop;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

pub(crate) const SECRET: &str = "test_app_secret";
pub(crate) const NUMBER: &str = "200";
/// What a receiver wants to see with a challenge.
pub(crate) const VERIFY_TOKEN: &str = "a verify token";

/// A simulator that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) control: Control,
    pub(crate) client: reqwest::Client,
    stop: Stop,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Running {
    pub(crate) async fn new(scenario: &Value, webhook: Option<&Receiver>) -> Self {
        let mut config = Config::local(SECRET, webhook.map(Receiver::url));
        config.scenario = Scenario::parse(scenario.to_string().as_bytes()).unwrap();
        let stop = Stop::new();
        let sim = graph_sim::start(config, stop.clone()).await.unwrap();
        Self::of(sim, stop)
    }

    fn of(sim: Sim, stop: Stop) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(sim.service.task);
        let client =
            reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Self { addr: sim.addr, control: sim.control, client, stop, tasks }
    }

    /// Stops the simulator and starts it again on the same address, with what it knew.
    pub(crate) async fn restarted(mut self) -> Self {
        self.stop.stop();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap().unwrap();
        }
        let stop = Stop::new();
        let sim = graph_sim::restart(self.addr, self.control.clone(), stop.clone()).await.unwrap();
        Self::of(sim, stop)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub(crate) async fn post(&self, body: &Value) -> reqwest::Result<Response> {
        let url = self.url(&format!("/v25.0/{NUMBER}/messages"));
        self.client.post(url).bearer_auth("token").json(body).send().await
    }

    /// Sends a text and gives the HTTP status and the body.
    pub(crate) async fn text(&self, to: &str, opaque: &str) -> (u16, Value) {
        answer(self.post(&text(to, opaque)).await.unwrap()).await
    }

    /// The code of the error that a text is answered with; 0 when it is accepted.
    pub(crate) async fn code(&self, to: &str, opaque: &str) -> i64 {
        self.text(to, opaque).await.1["error"]["code"].as_i64().unwrap_or(0)
    }

    pub(crate) async fn idle(&self) {
        eventually("all webhooks are posted", || self.control.stats().webhooks.is_idle()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

pub(crate) fn text(to: &str, opaque: &str) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "text",
        "text": {"body": "Hello"}, "biz_opaque_callback_data": opaque})
}

pub(crate) async fn answer(response: Response) -> (u16, Value) {
    (
        response.status().as_u16(),
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null),
    )
}

/// Fates that take no time.
pub(crate) fn at_once() -> Value {
    json!({"sent_after_ms": [0, 0], "delivered_after_ms": [1, 1], "read_after_ms": [1, 1]})
}

/// Waits until something is true, at most ten seconds.
pub(crate) async fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut tick = interval(Duration::from_millis(5));
    while !is_true() {
        assert!(Instant::now() < deadline, "it never came true that {what}");
        tick.tick().await;
    }
}

/// A POST as the receiver got it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) body: Bytes,
    pub(crate) signature: Option<String>,
    pub(crate) status: u16,
}

impl Received {
    /// All `changes[].value.statuses[]`, in order.
    pub(crate) fn statuses(&self) -> Vec<Value> {
        self.values()
            .iter()
            .filter_map(|value| value["statuses"].as_array())
            .flatten()
            .cloned()
            .collect()
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let entries = body["entry"].as_array().unwrap().iter();
        entries
            .flat_map(|entry| entry["changes"].as_array().unwrap())
            .map(|change| change["value"].clone())
            .collect()
    }
}

#[derive(Default)]
struct Inbox {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<u16>>,
    challenges: AtomicUsize,
}

/// A subscriber: keeps what it gets and answers as told, else 200.
pub(crate) struct Receiver {
    addr: SocketAddr,
    inbox: Arc<Inbox>,
    _tasks: JoinSet<std::io::Result<()>>,
}

impl Receiver {
    pub(crate) fn new(answers: &[u16]) -> Self {
        let inbox = Arc::new(Inbox::default());
        inbox.answers.lock().unwrap().extend(answers);
        let shared = Data::from(Arc::clone(&inbox));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(3 * 1024 * 1024))
                .default_service(web::to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let addr = server.addrs()[0];
        let mut tasks = JoinSet::new();
        tasks.spawn(server.run());
        Self { addr, inbox, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhooks", self.addr)
    }

    /// How often it was asked for its challenge.
    pub(crate) fn challenges(&self) -> usize {
        self.inbox.challenges.load(Ordering::SeqCst)
    }

    /// The `field` of every change that came.
    pub(crate) fn fields(&self) -> Vec<String> {
        let field = |change: &Value| change["field"].as_str().unwrap().to_owned();
        self.received().iter().flat_map(|post| changes(&post.body)).map(|c| field(&c)).collect()
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inbox.received.lock().unwrap().clone()
    }

    /// The statuses of all POSTs that were answered 200.
    pub(crate) fn statuses(&self) -> Vec<Value> {
        self.received()
            .iter()
            .filter(|post| post.status == 200)
            .flat_map(Received::statuses)
            .collect()
    }
}

/// The `changes[]` of a body.
fn changes(body: &[u8]) -> Vec<Value> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let entries = body["entry"].as_array().unwrap().iter();
    entries.flat_map(|entry| entry["changes"].as_array().unwrap()).cloned().collect()
}

/// Gives the challenge back to whoever brings the right token.
fn challenged(query: &str) -> HttpResponse {
    let asked = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let is_right = asked("hub.mode").as_deref() == Some("subscribe")
        && asked("hub.verify_token").as_deref() == Some(VERIFY_TOKEN);
    match asked("hub.challenge") {
        Some(challenge) if is_right => HttpResponse::Ok().body(challenge),
        Some(_) | None => HttpResponse::Forbidden().finish(),
    }
}

async fn take(inbox: Data<Inbox>, request: HttpRequest, body: Bytes) -> HttpResponse {
    if request.method() == Method::GET {
        inbox.challenges.fetch_add(1, Ordering::SeqCst);
        return challenged(request.query_string());
    }
    let status = inbox.answers.lock().unwrap().pop_front().unwrap_or(200);
    let signature = request
        .headers()
        .get("x-hub-signature-256")
        .map(|value| value.to_str().unwrap().to_owned());
    inbox.received.lock().unwrap().push(Received { body, signature, status });
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish()
}
