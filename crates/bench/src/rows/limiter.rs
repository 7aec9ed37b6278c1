//! How much of a number's rate is used, by one, two and four dispatchers, and never more.

use anyhow::ensure;
use chrono::{DateTime, Utc};
use domain::lane::Lane;

use crate::report::Sample;
use crate::world::World;

const RATE: u32 = 200;
/// Twenty seconds' worth: what the start costs, when each worker is given its first messages, is little of
/// it.
const MESSAGES: usize = 4_000;

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let mut sample = Vec::new();
    let mut busiest = 0.0_f64;
    for (workers, what) in
        [(1, "used by 1 worker"), (2, "used by 2 workers"), (4, "used by 4 workers")]
    {
        let (used, most) = of(workers).await?;
        sample.push((what, used));
        busiest = busiest.max(most);
    }
    sample.push(("busiest second, of the cap", busiest));
    Ok(sample)
}

async fn of(workers: usize) -> anyhow::Result<(f64, f64)> {
    let mut world = World::new().await;
    let (_, control) = world.meta(Some(RATE), None).await?;
    let ids = world.insert(MESSAGES, Lane::Normal).await?;
    for _ in 0..workers {
        world.dispatcher().await?;
    }
    world.publish(&ids, Lane::Normal).await;
    world.scheduler()?;
    world.until("accepted_at IS NOT NULL", MESSAGES).await?;
    let mut at: Vec<DateTime<Utc>> =
        control.sends(0, usize::MAX).iter().map(|send| send.received_at).collect();
    at.sort_unstable();
    ensure!(at.len() == MESSAGES, "{} sends", at.len());
    let took = (at[MESSAGES - 1] - at[0]).num_microseconds().unwrap_or(0) as f64 / 1e6;
    let used = (MESSAGES - 1) as f64 / took / f64::from(RATE);
    let number = world.sender.phone_number_id.to_string();
    let most = control.stats().numbers[&number].arrived_per_second;
    world.end().await?;
    Ok((used, most as f64 / f64::from(RATE)))
}
