//! Callers: how many at once, for how long, and how long each took.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// A client with one connection of its own.
pub(crate) fn client() -> Client {
    let builder = Client::builder().no_proxy().timeout(Duration::from_secs(60));
    builder.pool_max_idle_per_host(1).build().unwrap()
}

/// Has `callers` call one after the other for `time`; answers calls per second.
pub(crate) async fn closed<F>(time: Duration, callers: Vec<impl Fn() -> F + Send + 'static>) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for call in callers {
        tasks.spawn(async move {
            let mut calls = 0_u32;
            while begun.elapsed() < time {
                call().await;
                calls += 1;
            }
            calls
        });
    }
    let calls: u32 = tasks.join_all().await.iter().sum();
    f64::from(calls) / begun.elapsed().as_secs_f64()
}

/// Has callers call at `rate` a second together, evenly; answers the 99th percentile of how long a
/// call took, milliseconds. One that is kept from being made by the one before it counts from when it
/// was due; else what the timer is late, by up to a millisecond, is nobody's fault.
pub(crate) async fn open_p99<F>(
    time: Duration,
    rate: f64,
    callers: Vec<impl Fn() -> F + Send + 'static>,
) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let between = Duration::from_secs_f64(1.0 / rate);
    let each = between * u32::try_from(callers.len()).unwrap();
    let start = Instant::now() + Duration::from_millis(50);
    let mut tasks = JoinSet::new();
    for (nth, call) in (0_u32..).zip(callers) {
        tasks.spawn(async move {
            let mut ticks = interval_at(start + between * nth, each);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut took = Vec::new();
            loop {
                let free = Instant::now();
                let due = ticks.tick().await;
                if due > start + time {
                    return took;
                }
                let begun = if free > due { due } else { Instant::now() };
                call().await;
                took.push(begun.elapsed());
            }
        });
    }
    let mut took = tasks.join_all().await.concat();
    took.sort_unstable();
    took.get(took.len() * 99 / 100).map_or(0.0, |p99| p99.as_secs_f64() * 1_000.0)
}

/// Does `count` pieces of work, `at_once` at a time; answers pieces per second.
pub(crate) async fn each<F>(count: usize, at_once: usize, work: impl Fn(usize) -> F) -> f64
where
    F: Future<Output = ()>,
{
    let begun = Instant::now();
    let work = &work;
    let workers = (0..at_once).map(|first| async move {
        for nth in (first..count).step_by(at_once) {
            work(nth).await;
        }
    });
    join_all(workers).await;
    count as f64 / begun.elapsed().as_secs_f64()
}
