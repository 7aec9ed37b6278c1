//! Those who enqueue, and do what a caller must: ask again, with the same key, until answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::Answers;
use crate::plan::{Batch, Plan, Planned};

/// How long an answer is waited for before it is asked again.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Between two times.
const PAUSE: Duration = Duration::from_millis(300);

/// How long a caller goes on.
const PATIENCE: Duration = Duration::from_secs(300);

/// The API with a key.
pub(super) struct Callers {
    client: Client,
    admin: SocketAddr,
    key: String,
}

impl Callers {
    /// Of the API at this address.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub(super) fn new(admin: SocketAddr, key: String) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        Ok(Self { client, admin, key })
    }

    /// Waits until the API says that all it needs answers.
    ///
    /// # Errors
    /// When it never does.
    pub(super) async fn ready(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let url = format!("http://{}/readyz", self.admin);
            let answer = self.client.get(url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("the API is never ready")
    }

    /// Enqueues all that is planned, each batch at its time.
    ///
    /// # Errors
    /// When a message is refused: a mistake of ours.
    pub(super) async fn call_all(&self, plan: &Plan, begun: Instant) -> anyhow::Result<Answers> {
        let calls = plan.batches.iter().enumerate().map(async |(nth, batch)| {
            super::disturb::reach(batch.at_ms, begun).await;
            self.call(batch, &format!("chaos-{}-{nth}", plan.seed)).await
        });
        let mut answers = Answers::default();
        for answer in join_all(calls).await {
            match answer? {
                Some(ids) => answers.accepted.extend(ids),
                None => answers.unanswered += 1,
            }
        }
        Ok(answers)
    }

    /// What each message of a batch was called, and its id; `None` when nobody ever answered.
    async fn call(
        &self,
        batch: &Batch,
        key: &str,
    ) -> anyhow::Result<Option<Vec<(String, String)>>> {
        let messages: Vec<Value> = batch.messages.iter().map(body).collect();
        let body = json!({ "messages": messages });
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let request = self.client.post(format!("http://{}/v1/messages/batch", self.admin));
            let request = request.bearer_auth(&self.key).header("Idempotency-Key", key);
            if let Ok(answer) = request.json(&body).send().await {
                let status = answer.status();
                let again = status.is_server_error()
                    || [StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
                match answer.json::<Value>().await {
                    Ok(answer) if status.is_success() => return ids(batch, &answer).map(Some),
                    Ok(answer) if !again => bail!("a batch was refused: {status} {answer}"),
                    Ok(_) | Err(_) => {}
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }
}

/// What a caller calls its message.
fn name(message: &Planned) -> String {
    format!("chaos-{}", message.index)
}

fn body(message: &Planned) -> Value {
    let mut body = json!({
        "from": message.from.id,
        "to": message.recipient,
        "type": "text",
        "text": { "body": format!("message {}", message.index) },
        "lane": message.lane,
        "on_unknown": message.on_unknown.as_str(),
        "biz_opaque_callback_data": name(message),
    });
    if let Some(seconds) = message.expires_in_s {
        let expires_at = runtime::now() + TimeDelta::seconds(seconds);
        body["expires_at"] = json!(expires_at.to_rfc3339());
    }
    body
}

/// The ids that were given. What has expired before anybody could be reached is refused for that.
fn ids(batch: &Batch, answer: &Value) -> anyhow::Result<Vec<(String, String)>> {
    let results = answer["results"].as_array().context("a batch has no results")?;
    let mut ids = Vec::new();
    for (message, result) in batch.messages.iter().zip(results) {
        match result["message_id"].as_str() {
            Some(id) => ids.push((name(message), id.to_owned())),
            None if message.expires_in_s.is_some() => {}
            None => bail!("a message was refused: {result}"),
        }
    }
    Ok(ids)
}
