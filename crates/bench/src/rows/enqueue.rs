//! Messages enqueued by the batch API, beside bare inserts of the same rows by `UNNEST`, measured before
//! and after, as for statuses.

use std::sync::Arc;

use serde_json::{Value, json};
use store::messages;

use super::RATIO;
use crate::load::{client, each};
use crate::report::Sample;
use crate::world::{World, person};

const BATCH: usize = 1_000;
const BATCHES: usize = 20;
const CALLERS: usize = 4;

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let before = bare().await?;
    let mut world = World::new().await;
    let (addr, key) = world.admin().await?;
    let url = format!("http://{addr}/v1/messages/batch");
    let from = world.sender.phone_number_id.as_str();
    let message = |nth: usize| {
        json!({ "from": from, "to": person(nth), "type": "text",
                "text": { "body": "Your parcel is on its way." } })
    };
    let batch = |nth: usize| -> Value {
        let messages = (nth * BATCH..(nth + 1) * BATCH).map(message);
        json!({ "messages": messages.collect::<Vec<_>>() })
    };
    let bodies: Vec<Arc<str>> = (0..BATCHES).map(|nth| batch(nth).to_string().into()).collect();
    let client = client();
    let ours = each(BATCHES, CALLERS, |nth| {
        let request =
            client.post(&url).bearer_auth(&key).header("content-type", "application/json");
        let request = request.body(bodies[nth].to_string());
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            assert!(answer["results"][BATCH - 1]["message_id"].is_string(), "{answer}");
        }
    })
    .await;
    world.until("true", BATCH * BATCHES).await?;
    world.end().await?;
    let raw = f64::midpoint(before, bare().await?);
    let (raw, ours) = (raw * BATCH as f64, ours * BATCH as f64);
    Ok(vec![("bare inserts per second", raw), ("messages per second", ours), (RATIO, ours / raw)])
}

async fn bare() -> anyhow::Result<f64> {
    let world = World::new().await;
    let batches: Vec<Vec<_>> = (0..BATCHES)
        .map(|nth| (nth * BATCH..(nth + 1) * BATCH).map(|nth| world.message(nth)).collect())
        .collect();
    let rate = each(BATCHES, CALLERS, async |nth| {
        let client = world.db.client().await.unwrap();
        let inserted = messages::insert(&client, &batches[nth], runtime::now()).await.unwrap();
        assert_eq!(inserted.len(), BATCH);
    })
    .await;
    world.end().await?;
    Ok(rate)
}
