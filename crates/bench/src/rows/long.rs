//! Many messages from enqueue to read, by services that are processes of their own: whether time grows
//! with their number alone, what each process takes, and that nothing is left behind.

use anyhow::ensure;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::load::{client, each};
use crate::processes::{Processes, free_port};
use crate::report::Sample;
use crate::world::{World, person};

const BATCH: usize = 1_000;

/// 10,000 messages, and then ten times as many.
pub(super) async fn hundred_thousand() -> anyhow::Result<Sample> {
    measure(10_000, 100_000).await
}

/// 100,000 messages, and then ten times as many.
pub(super) async fn million() -> anyhow::Result<Sample> {
    measure(100_000, 1_000_000).await
}

async fn measure(few: usize, many: usize) -> anyhow::Result<Sample> {
    let mut world = World::new().await;
    let ingress = free_port()?;
    let (_, control) = world.meta(None, Some(ingress)).await?;
    let (processes, admin, key) = world.processes(ingress).await?;
    let run = Run { url: format!("http://{admin}/v1/messages/batch"), key, client: client() };
    let time_of_few = run.through(&world, 0, few).await?;
    let memory_of_few = processes.memory()?;
    let time_of_many = run.through(&world, few, many).await?;
    let memory_of_many = processes.memory()?;
    ensure!(control.doubled().is_empty(), "something went twice");
    drop::<Processes>(processes);
    world.end().await?;

    let growth = memory_of_few.iter().zip(&memory_of_many);
    let growth = growth.map(|((_, few), (_, many))| many - few).fold(0.0, f64::max);
    let largest = memory_of_many.iter().map(|(_, memory)| *memory).fold(0.0, f64::max);
    let mut sample = vec![
        ("messages per second", many as f64 / time_of_many),
        ("times as long for ten times as many", time_of_many / time_of_few),
        ("largest process, MiB", largest),
        ("most that one has grown by meanwhile, MiB", growth),
    ];
    sample.extend(memory_of_many);
    Ok(sample)
}

struct Run {
    url: String,
    key: String,
    client: Client,
}

impl Run {
    /// Sends `count` messages beside `before` others, and waits until all are read and every queue
    /// is empty; answers how many seconds it took until the last was read.
    async fn through(&self, world: &World, before: usize, count: usize) -> anyhow::Result<f64> {
        let from = world.sender.phone_number_id.as_str();
        let begun = Instant::now();
        each(count / BATCH, 2, |nth| {
            let message = |nth: usize| {
                json!({ "from": from, "to": person(before + nth), "type": "text",
                        "text": { "body": "Your parcel is on its way." } })
            };
            let messages: Vec<Value> = (nth * BATCH..(nth + 1) * BATCH).map(message).collect();
            let request = self.client.post(&self.url).bearer_auth(&self.key);
            let request = request.header("content-type", "application/json");
            let request = request.body(json!({ "messages": messages }).to_string());
            async move { assert_eq!(request.send().await.unwrap().status(), 200) }
        })
        .await;
        world.until("opened_at IS NOT NULL", before + count).await?;
        let took = begun.elapsed();
        let over = Instant::now();
        while !world.is_empty().await? {
            ensure!(over.elapsed() < took, "queues do not become empty");
            sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok(took.as_secs_f64())
    }
}
