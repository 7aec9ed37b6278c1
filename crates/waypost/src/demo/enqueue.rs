//! The messages of the demo come in: by batches, alone, and over the bus.

use std::collections::HashMap;

use amqp::{Exchange, Outgoing, Publisher};
use anyhow::{Context, bail, ensure};
use contracts::EnqueueNotification;
use futures::stream::{self, StreamExt, TryStreamExt};
use graph_sim::{Control, Inbound};
use serde_json::{Value, json};
use uuid::Uuid;

use super::plan::{Entrance, Planned};
use crate::api::Api;

/// Messages of one batch.
const BATCH: usize = 100;

/// The doors into Waypost.
pub(super) struct Doors {
    /// The HTTP API, with the tenant's key.
    pub(super) api: Api,
    /// The exchange of internal services.
    pub(super) publisher: Publisher,
    /// The tenant's name, which the bus needs.
    pub(super) tenant: &'static str,
}

/// A message with the body that is enqueued.
type Ready<'a> = (&'a Planned, Value);

/// Lets those people write who will be answered, and fills their messages' ids in.
///
/// # Errors
/// When the simulator refuses: a mistake of ours.
pub(super) fn ready<'a>(plan: &'a [Planned], meta: &Control) -> anyhow::Result<Vec<Ready<'a>>> {
    let mut written: HashMap<&str, String> = HashMap::new();
    for planned in plan.iter().filter(|planned| planned.is_answer()) {
        if !written.contains_key(planned.recipient.as_str()) {
            let wamid = meta.receive(&Inbound {
                phone_number_id: planned.from.phone_number_id.to_owned(),
                from: planned.recipient.clone(),
                name: None,
                text: Some("Where is my parcel?".to_owned()),
                message: None,
            })?;
            written.insert(&planned.recipient, wamid);
        }
    }
    let body = |planned: &Planned| {
        planned.body(written.get(planned.recipient.as_str()).map_or("", String::as_str))
    };
    Ok(plan.iter().map(|planned| (planned, body(planned))).collect())
}

/// Enqueues all of them, by all doors at once.
///
/// # Errors
/// When one of them is refused.
pub(super) async fn enqueue(doors: &Doors, ready: &[Ready<'_>]) -> anyhow::Result<()> {
    let of = |entrance| -> Vec<&Ready<'_>> {
        ready.iter().filter(|(planned, _)| planned.entrance == entrance).collect()
    };
    let (batch, single, bus) = (of(Entrance::Batch), of(Entrance::Single), of(Entrance::Bus));
    tokio::try_join!(
        batches(&doors.api, &batch),
        singles(&doors.api, &single),
        publish(doors, &bus)
    )?;
    Ok(())
}

async fn batches(api: &Api, messages: &[&Ready<'_>]) -> anyhow::Result<()> {
    for chunk in messages.chunks(BATCH) {
        let bodies: Vec<&Value> = chunk.iter().map(|(_, body)| body).collect();
        let body = json!({ "messages": bodies });
        let answer = api.post("/v1/messages/batch", &body, None).await?;
        let results = answer["results"].as_array().context("a batch has no results")?;
        let accepted = results.iter().filter(|result| result["message_id"].is_string()).count();
        if let Some(refused) = results.iter().find(|result| !result["error"].is_null()) {
            bail!("a batch's message was refused: {}", refused["error"]);
        }
        ensure!(accepted == chunk.len(), "a batch of {} has {accepted} ids", chunk.len());
    }
    Ok(())
}

/// Each comes twice with the same key, as after a lost answer, and is one message.
async fn singles(api: &Api, messages: &[&Ready<'_>]) -> anyhow::Result<()> {
    let posts = stream::iter(messages).map(|(planned, body)| async {
        let key = format!("demo-{}", planned.index);
        let first = api.post("/v1/messages", body, Some(&key)).await?;
        let again = api.post("/v1/messages", body, Some(&key)).await?;
        ensure!(
            first["message_id"].is_string() && first["message_id"] == again["message_id"],
            "a repeated request became another message"
        );
        Ok(())
    });
    posts.buffer_unordered(4).try_collect().await
}

/// Every other one as protobuf and as JSON; every fourth comes twice.
async fn publish(doors: &Doors, messages: &[&Ready<'_>]) -> anyhow::Result<()> {
    let mut outgoing = Vec::new();
    for (place, (planned, body)) in messages.iter().enumerate() {
        let notification = EnqueueNotification {
            tenant: doors.tenant.to_owned(),
            idempotency_key: Some(format!("demo-{}", planned.index)),
            body: body.clone(),
        };
        let (content_type, body) = if place % 2 == 0 {
            (contracts::PROTOBUF, notification.encode())
        } else {
            (contracts::JSON, notification.encode_json())
        };
        for _ in 0..if place % 4 == 0 { 2 } else { 1 } {
            outgoing.push(Outgoing {
                exchange: Exchange::Notify,
                routing_key: "demo".to_owned(),
                message_id: Uuid::new_v4(),
                content_type,
                traceparent: None,
                body: body.clone(),
            });
        }
    }
    for confirmed in doors.publisher.publish_all(outgoing).await {
        confirmed.context("a publication was not confirmed")?;
    }
    Ok(())
}
