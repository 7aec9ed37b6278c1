//! Statuses applied to rows, beside bare updates of the same rows by `UNNEST`, measured before and after:
//! their mean does not take a machine that gets slower for a slower Waypost.

use std::time::Duration;

use amqp::{Exchange, Outgoing};
use contracts::{PROTOBUF, Rejection, SignatureState, WebhookReceived};
use domain::ids::{EventId, MessageId};
use domain::lane::Lane;
use domain::scope::Scope;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::RATIO;
use crate::report::Sample;
use crate::world::World;

const MESSAGES: usize = 100_000;
const WORDS: [&str; 3] = ["sent", "delivered", "read"];
/// Statuses in one POST.
const IN_A_POST: usize = 100;

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let before = bare().await?;
    let mut world = World::new().await;
    let ids = accepted(&world).await?;
    let mut posts = Vec::new();
    for word in WORDS {
        posts.extend(ids.chunks(IN_A_POST).map(|ids| post(&world, word, ids)));
    }
    for portion in posts.chunks(200) {
        for published in world.bus.publisher().publish_all(portion.to_vec()).await {
            published.unwrap();
        }
    }
    let begun = Instant::now();
    world.status_mapper()?;
    read(&world, &ids).await?;
    let ours = (MESSAGES * WORDS.len()) as f64 / begun.elapsed().as_secs_f64();
    world.until("opened_at IS NOT NULL AND sent_at IS NOT NULL", MESSAGES).await?;
    world.end().await?;
    let raw = f64::midpoint(before, bare().await?);
    Ok(vec![("bare updates per second", raw), ("statuses per second", ours), (RATIO, ours / raw)])
}

/// Waits until all are known to be read. A POST is written as a whole, so one message of each tells of
/// all; to count them all would take as much as to write some.
async fn read(world: &World, ids: &[MessageId]) -> anyhow::Result<()> {
    let client = world.db.client().await?;
    let each: Vec<_> = ids.iter().step_by(IN_A_POST).map(|id| id.as_uuid()).collect();
    let sql = "SELECT count(*) FROM messages WHERE message_id = ANY($1) AND opened_at IS NOT NULL";
    let statement = client.prepare_cached(sql).await?;
    while client.query_one(&statement, &[&each]).await?.get::<_, i64>(0) < each.len() as i64 {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// The same facts into the same rows, a thousand at once.
async fn bare() -> anyhow::Result<f64> {
    let world = World::new().await;
    let ids = accepted(&world).await?;
    let client = world.db.client().await?;
    let begun = Instant::now();
    for column in ["sent_at", "delivered_at", "opened_at"] {
        let back_fill = if column == "opened_at" { "delivered_at = u.at, " } else { "" };
        let sql = format!(
            "UPDATE messages m SET {back_fill}{column} = u.at
             FROM UNNEST($1::uuid[], $2::timestamptz[]) AS u (message_id, at)
             WHERE m.message_id = u.message_id"
        );
        let statement = client.prepare_cached(&sql).await?;
        for ids in ids.chunks(1_000) {
            let ids: Vec<_> = ids.iter().map(|id| id.as_uuid()).collect();
            let at = vec![runtime::now(); ids.len()];
            client.execute(&statement, &[&ids, &at]).await?;
        }
    }
    let rate = (MESSAGES * WORDS.len()) as f64 / begun.elapsed().as_secs_f64();
    world.end().await?;
    Ok(rate)
}

/// Messages that Meta has and has not reported on.
async fn accepted(world: &World) -> anyhow::Result<Vec<MessageId>> {
    let ids = world.insert(MESSAGES, Lane::Normal).await?;
    let client = world.db.client().await?;
    let accept = "UPDATE messages SET stage = 'accepted', accepted_at = stage_at, claim_no = 1,
                  begun_claim_no = 1, attempt_count = 1, wamid = 'wamid.' || message_id";
    client.batch_execute(accept).await?;
    client.batch_execute("VACUUM ANALYZE messages").await?;
    Ok(ids)
}

fn post(world: &World, word: &str, ids: &[MessageId]) -> Outgoing {
    let status = |id: &MessageId| {
        json!({ "id": format!("wamid.{id}"), "status": word, "timestamp": "1790000000",
                "recipient_id": "14155550101", "biz_opaque_callback_data": id.to_string() })
    };
    let statuses: Vec<Value> = ids.iter().map(status).collect();
    let body = json!({ "entry": [{ "id": world.sender.waba_id.as_str(), "changes": [{
        "field": "messages", "value": {
            "metadata": { "phone_number_id": world.sender.phone_number_id.as_str() },
            "statuses": statuses } }] }] });
    let received = WebhookReceived {
        event_id: EventId::at(runtime::now()),
        received_at: runtime::now(),
        scope: Some(Scope::Platform),
        signature: SignatureState::Valid,
        path: "platform".into(),
        body: body.to_string().into(),
        repeats: 1,
        rejection: Rejection::default(),
    };
    Outgoing {
        exchange: Exchange::Webhooks,
        routing_key: "statuses".into(),
        message_id: received.event_id.as_uuid(),
        content_type: PROTOBUF,
        traceparent: None,
        body: received.encode(),
    }
}
