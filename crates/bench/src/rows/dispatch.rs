//! Sends without a limit, beside bare requests to the same simulator at the same concurrency.

use domain::lane::Lane;
use graph_sim::Control;
use tokio::time::Instant;

use super::RATIO;
use crate::load::{client, each};
use crate::report::Sample;
use crate::world::{World, text};

/// Enough for what comes before the first to count for little.
const MESSAGES: usize = 30_000;
/// As many as the dispatcher has under way.
const AT_ONCE: usize = 512;

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let mut world = World::new().await;
    let (base_url, control) = world.meta(None, None).await?;
    let raw = bare(&world, &base_url).await;
    control.reset();
    let ours = dispatched(&mut world, &control).await?;
    world.end().await?;
    Ok(vec![("bare requests per second", raw), ("sends per second", ours), (RATIO, ours / raw)])
}

/// Sends messages as soon as they are in the queue; answers how many a second.
async fn dispatched(world: &mut World, control: &Control) -> anyhow::Result<f64> {
    let ids = world.insert(MESSAGES, Lane::Normal).await?;
    world.dispatcher().await?;
    let begun = Instant::now();
    world.publish(&ids, Lane::Normal).await;
    world.until("accepted_at IS NOT NULL", MESSAGES).await?;
    let rate = MESSAGES as f64 / begun.elapsed().as_secs_f64();
    anyhow::ensure!(control.doubled().is_empty(), "something went twice");
    Ok(rate)
}

async fn bare(world: &World, base_url: &str) -> f64 {
    let url = format!("{base_url}/v25.0/{}/messages", world.sender.phone_number_id);
    let client = client();
    each(MESSAGES, AT_ONCE, |nth| {
        let request = client.post(&url).bearer_auth("token-1");
        let request =
            request.header("content-type", "application/json").body(text(nth).to_string());
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.bytes().await.unwrap();
        }
    })
    .await
}
