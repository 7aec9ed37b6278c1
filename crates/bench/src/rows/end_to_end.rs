//! From enqueue to read, with all that a message causes, beside what the dispatcher alone can do.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{RATIO, dispatch};
use crate::load::{client, each};
use crate::report::Sample;
use crate::world::{World, person};

const MESSAGES: usize = 10_000;
const BATCH: usize = 1_000;

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let alone = dispatch::measure().await?;
    let alone = alone.iter().find(|(what, _)| *what == "sends per second").map_or(0.0, |it| it.1);
    let mut world = World::new().await;
    let ingress = world.ingress().await?;
    let (_, control) = world.meta(None, Some(ingress)).await?;
    let (admin, key) = world.admin().await?;
    world.dispatcher().await?;
    world.status_mapper()?;
    world.webhook_log()?;
    world.scheduler()?;
    let url = format!("http://{admin}/v1/messages/batch");
    let from = world.sender.phone_number_id.as_str();
    let client = client();
    let begun = Instant::now();
    each(MESSAGES / BATCH, 2, |nth| {
        let message = |nth: usize| {
            json!({ "from": from, "to": person(nth), "type": "text",
                    "text": { "body": "Your parcel is on its way." } })
        };
        let messages: Vec<Value> = (nth * BATCH..(nth + 1) * BATCH).map(message).collect();
        let request =
            client.post(&url).bearer_auth(&key).header("content-type", "application/json");
        let request = request.body(json!({ "messages": messages }).to_string());
        async move { assert_eq!(request.send().await.unwrap().status(), 200) }
    })
    .await;
    world.until("opened_at IS NOT NULL", MESSAGES).await?;
    let rate = MESSAGES as f64 / begun.elapsed().as_secs_f64();
    anyhow::ensure!(control.doubled().is_empty(), "something went twice");
    world.end().await?;
    Ok(vec![
        ("dispatcher alone, per second", alone),
        ("messages read per second", rate),
        (RATIO, rate / alone),
    ])
}
