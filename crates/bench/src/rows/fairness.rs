//! How soon another tenant's urgent message is at Meta's while a campaign is under way, and how much of
//! its own rate the campaign keeps meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use domain::lane::Lane;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::load::client;
use crate::report::Sample;
use crate::world::{World, person};

/// What waits of the campaign.
const BACKLOG: usize = 100_000;
/// What Meta allows each number.
const RATE: u32 = 500;
/// The other tenant's urgent messages, and how long it is between two.
const URGENT: usize = 400;
const BETWEEN: Duration = Duration::from_millis(100);

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let mut world = World::new().await;
    let other = world.another().await?;
    let (_, control) = world.meta(Some(RATE), None).await?;
    let (admin, _) = world.admin().await?;
    let key = world.key(&other).await?;
    let ids = world.insert(BACKLOG, Lane::Bulk).await?;
    world.publish(&ids, Lane::Bulk).await;
    world.scheduler()?;
    world.dispatcher().await?;
    let campaign = world.sender.phone_number_id.as_str();
    let sends_of = |number: &str| {
        let sends = control.sends(0, usize::MAX).into_iter();
        sends.filter(|send| &*send.phone_number_id == number).collect::<Vec<_>>()
    };
    let begun = Instant::now();
    while sends_of(campaign).is_empty() {
        ensure!(begun.elapsed() < Duration::from_secs(60), "the campaign does not begin");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let from = runtime::now();
    let (url, client) = (format!("http://{admin}/v1/messages"), client());
    let mut posted: HashMap<String, DateTime<Utc>> = HashMap::new();
    let mut ticks = interval(BETWEEN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for nth in 0..URGENT {
        ticks.tick().await;
        let body = json!({ "from": other.phone_number_id.as_str(), "to": person(BACKLOG + nth),
                           "lane": "urgent", "type": "text", "text": { "body": "4711" } });
        let at = runtime::now();
        let request =
            client.post(&url).bearer_auth(&key).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await?.bytes().await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let id = answer["message_id"].as_str().map(str::to_owned);
        posted.insert(id.ok_or_else(|| anyhow::anyhow!("not accepted: {answer}"))?, at);
    }
    let to = runtime::now();
    let begun = Instant::now();
    while sends_of(other.phone_number_id.as_str()).len() < URGENT {
        ensure!(begun.elapsed() < Duration::from_secs(60), "urgent messages are missing");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let took = |send: graph_sim::SendRecord| -> Option<TimeDelta> {
        Some(send.received_at - *posted.get(&*send.opaque?)?)
    };
    let urgent = sends_of(other.phone_number_id.as_str());
    let mut took: Vec<TimeDelta> = urgent.into_iter().filter_map(took).collect();
    took.sort_unstable();
    ensure!(took.len() == URGENT, "{} urgent messages", took.len());
    let meanwhile = sends_of(campaign);
    ensure!(meanwhile.len() < BACKLOG, "the campaign was over too soon");
    let meanwhile = meanwhile.iter().filter(|send| (from..to).contains(&send.received_at)).count();
    let seconds = (to - from).as_seconds_f64();
    ensure!(control.doubled().is_empty(), "something went twice");
    world.end().await?;
    let milliseconds = |nth: usize| took[nth].as_seconds_f64() * 1_000.0;
    Ok(vec![
        ("median of another's urgent message, ms", milliseconds(URGENT / 2)),
        ("p99 of another's urgent message, ms", milliseconds(URGENT * 99 / 100)),
        ("share of its rate that the campaign keeps", meanwhile as f64 / seconds / f64::from(RATE)),
    ])
}
