//! A running `waypost up`.

use std::process::{ExitStatus, Stdio};

use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use test_support::eventually;
use tokio::process::Child;

use crate::world::{PHONE_NUMBER_ID, World};

/// The process, what it logs, and a client. It is killed with this value.
pub(crate) struct Up {
    child: Child,
    log: NamedTempFile,
    pub(crate) client: Client,
    pub(crate) key: String,
}

impl Up {
    /// Starts it and does not wait.
    pub(crate) fn spawn(world: &World, arguments: &[&str]) -> Self {
        let log = NamedTempFile::new().unwrap();
        let arguments = [&["up"], arguments].concat();
        let mut command = world.command(env!("CARGO_BIN_EXE_waypost"), &arguments);
        if arguments.contains(&"--with-sim") {
            command.env_remove("GRAPH_API_BASE_URL");
        }
        let child = command.stdout(Stdio::piped()).stderr(log.reopen().unwrap()).spawn().unwrap();
        runtime::choose_tls();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { child, log, client, key: String::new() }
    }

    /// Starts it, waits until it is ready, and makes a key for tenant `default`.
    pub(crate) async fn start(world: &World, arguments: &[&str]) -> Self {
        let mut up = Self::spawn(world, arguments);
        up.ready().await;
        up.key = world.done(&["api-key", "create", "--tenant", "default"]).await.trim().to_owned();
        up
    }

    /// Waits until both of its addresses say that everything answers.
    pub(crate) async fn ready(&mut self) {
        eventually("waypost is up", async || {
            let ended = self.child.try_wait().unwrap();
            assert_eq!(ended, None, "{}", self.log());
            if self.told("url.api").is_none() {
                return false;
            }
            let urls = [self.url("url.api", "/readyz"), self.url("url.webhooks", "/readyz")];
            for url in urls {
                let answer = self.client.get(url).send().await;
                if !answer.is_ok_and(|answer| answer.status().is_success()) {
                    return false;
                }
            }
            true
        })
        .await;
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// The lines of the log that are whole.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The value of a field that some log line has.
    fn told(&self, field: &str) -> Option<String> {
        self.lines().iter().find_map(|line| line[field].as_str().map(str::to_owned))
    }

    /// A path at the host of a URL that the start told.
    pub(crate) fn url(&self, field: &str, path: &str) -> String {
        let told: url::Url = self.told(field).unwrap().parse().unwrap();
        told.join(path).unwrap().to_string()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.client.post(self.url("url.api", path)).bearer_auth(&self.key);
        request.json(body).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.client.get(self.url("url.api", path)).bearer_auth(&self.key);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Enqueues texts to as many people in one batch.
    pub(crate) async fn enqueue(&self, messages: usize) {
        let message = |nth: usize| {
            json!({ "from": PHONE_NUMBER_ID, "to": format!("+491511{nth:07}"), "type": "text",
                    "text": { "body": format!("message {nth}") } })
        };
        let messages: Vec<Value> = (0..messages).map(message).collect();
        let answer = self.post("/v1/messages/batch", &json!({ "messages": messages })).await;
        let answer: Value = answer.json().await.unwrap();
        let results = answer["results"].as_array().unwrap();
        assert!(results.iter().all(|result| result["message_id"].is_string()), "{answer}");
    }

    /// Sends it a signal by name.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        let sent = tokio::process::Command::new("kill").args(["-s", name, &pid]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Ends it at once, as the kernel does when memory is short.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(mut self) -> (ExitStatus, String, String) {
        self.signal("TERM").await;
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().unwrap();
        tokio::io::AsyncReadExt::read_to_string(&mut pipe, &mut stdout).await.unwrap();
        let status = self.child.wait().await.unwrap();
        (status, stdout, self.log())
    }
}
