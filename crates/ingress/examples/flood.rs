//! Whether a flood of unsigned and oversized POSTs takes the latency of signed ones: signed traffic
//! alone, then the same beside the flood, on real servers; then it ends.
//!
//! ```sh
//! cargo run --release -p ingress --example flood
//! ```
//!
//! `DATABASE_URL` and `AMQP_URL` say where the servers are. Flood, ingress and signed traffic share
//! this machine, so the ratio tells of its processors too. Exits with 1 when a signed POST failed.

#![expect(clippy::unwrap_used, reason = "a tool on a machine of one's own may panic")]

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use amqp::Queue;
use anyhow::ensure;
use graph_api::signature::{HEADER, sign};
use ingress::Config;
use reqwest::Client;
use runtime::{Env, Stop};
use test_support::{TestBus, TestDb, backbone};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

const SECRET: &str = "secret-of-the-platform";
const PATHS: [&str; 2] = ["/webhooks/whatsapp", "/api/webhooks/whatsapp"];

/// A status of 1.5 KiB.
fn body() -> String {
    let filler = "x".repeat(1_200);
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100","changes":[{{"field":"messages",
        "value":{{"metadata":{{"phone_number_id":"200"}},"statuses":[{{"id":"wamid.{filler}",
        "status":"sent","timestamp":"1790000000","recipient_id":"14155550101"}}]}}}}]}}]}}"#
    )
}

/// How much of what.
#[derive(Clone, Copy)]
struct Load {
    time: Duration,
    signed_connections: u32,
    /// Of all connections together, each second.
    signed_rate: u32,
    flood_connections: u32,
    flood_rate: u32,
}

/// What became of the flood.
#[derive(Default)]
struct Flooded {
    refused: AtomicU64,
    above_cap: AtomicU64,
    too_large: AtomicU64,
    hung_up: AtomicU64,
}

fn main() -> ExitCode {
    runtime::main("flood", async |env| {
        let load = Load {
            time: env.seconds("WAYPOST_EXAMPLE_S", Duration::from_secs(10))?,
            signed_connections: 16,
            signed_rate: env.parsed("WAYPOST_EXAMPLE_SIGNED_RATE", 200)?,
            flood_connections: 64,
            flood_rate: env.parsed("WAYPOST_EXAMPLE_FLOOD_RATE", 2_000)?,
        };
        show(load).await
    })
}

async fn show(load: Load) -> anyhow::Result<()> {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let settings = Env::of([
        ("WAYPOST_INGRESS_ADDR", "127.0.0.1:0"),
        ("META_APP_SECRET", SECRET),
        ("META_VERIFY_TOKEN", "t"),
    ]);
    let bound = ingress::start(Config::from_env(&settings)?, &backbone(&db, &bus), stop.clone())?;
    let mut serving = JoinSet::new();
    serving.spawn(bound.service.task);
    // Before the first read of secrets the shared URL says when to return.
    sleep(Duration::from_secs(1)).await;

    // Made before anything is measured: each reads the certificates of the machine.
    let clients = |count: u32| (0..count).map(|_| client()).collect::<Vec<Client>>();
    let signing = clients(load.signed_connections);
    let flooding = clients(load.flood_connections);
    let (alone, failed_alone) = signed(bound.addr, load, &signing).await;
    let before = bus.depth(Queue::WebhookLog).await?;
    let (flooded, stop_flood) = (Arc::new(Flooded::default()), Stop::new());
    let mut flood = JoinSet::new();
    for (nth, client) in (0..).zip(flooding) {
        let url = format!("http://{}{}", bound.addr, path(nth));
        let kinds = (nth..).map(|nth| nth % 4);
        let (flooded, stop) = (Arc::clone(&flooded), stop_flood.clone());
        flood.spawn(flood_from(client, url, kinds, load, flooded, stop));
    }
    let (beside, failed_beside) = signed(bound.addr, load, &signing).await;
    stop_flood.stop();
    flood.join_all().await;
    stop.stop();
    for served in serving.join_all().await {
        served?;
    }
    let of_flood = bus.depth(Queue::WebhookLog).await?.saturating_sub(before);
    let of_flood = u64::from(of_flood).saturating_sub(beside.len() as u64);

    let (alone, beside) = (Latency::of(alone), Latency::of(beside));
    let count = |counter: &AtomicU64| counter.load(Relaxed);
    let mut out = std::io::stdout().lock();
    writeln!(out, "signed alone             {alone}, {failed_alone} failed")?;
    writeln!(out, "signed beside the flood  {beside}, {failed_beside} failed")?;
    writeln!(
        out,
        "flood                    {} POSTs 403, {} 429, {} 413, {} hung up on; {of_flood} kept",
        count(&flooded.refused),
        count(&flooded.above_cap),
        count(&flooded.too_large),
        count(&flooded.hung_up),
    )?;
    writeln!(
        out,
        "ratio                    p50 {:.2}, p99 {:.2}",
        beside.p50.as_secs_f64() / alone.p50.as_secs_f64(),
        beside.p99.as_secs_f64() / alone.p99.as_secs_f64(),
    )?;
    ensure!(failed_alone + failed_beside == 0, "signed POSTs failed");
    Ok(())
}

/// Signed POSTs at a steady rate; answers how long each took, and how many failed. Time counts from
/// when a POST should have gone, so that waiting behind a slow one counts too.
async fn signed(addr: SocketAddr, load: Load, clients: &[Client]) -> (Vec<Duration>, u64) {
    let mut posting = JoinSet::new();
    for (nth, client) in (0..).zip(clients.iter().cloned()) {
        posting.spawn(async move {
            let body = body();
            let signature = sign(&SECRET.into(), body.as_bytes());
            let url = format!("http://{addr}{}", path(nth));
            let (mut took, mut failed) = (Vec::new(), 0);
            let end = Instant::now() + load.time;
            let mut ticks = ticks(load.signed_rate, load.signed_connections);
            loop {
                let due = ticks.tick().await;
                if due > end {
                    return (took, failed);
                }
                let request = client.post(&url).header(HEADER, &signature).body(body.clone());
                match request.send().await {
                    Ok(answer) if answer.status() == 200 => took.push(due.elapsed()),
                    Ok(_) | Err(_) => failed += 1,
                }
            }
        });
    }
    let mut all = (Vec::new(), 0);
    for (took, failed) in posting.join_all().await {
        all.0.extend(took);
        all.1 += failed;
    }
    all
}

/// POSTs that no secret has signed, of every kind, until somebody stops it.
async fn flood_from(
    client: Client,
    url: String,
    kinds: impl Iterator<Item = u32>,
    load: Load,
    flooded: Arc<Flooded>,
    stop: Stop,
) {
    let forged = sign(&"somebody else's".into(), body().as_bytes());
    let mut ticks = ticks(load.flood_rate, load.flood_connections);
    for kind in kinds {
        if stop.until(ticks.tick()).await.is_none() {
            return;
        }
        let request = client.post(&url);
        let request = match kind {
            0 => request.body(body()),
            1 => request.header(HEADER, "sha256=1234").body(body()),
            2 => request.header(HEADER, &forged).body(body()),
            _ => request.header(HEADER, &forged).body(vec![b'x'; (3 << 20) + 1]),
        };
        let counter = match request.send().await.map(|answer| answer.status().as_u16()) {
            Ok(403) => &flooded.refused,
            Ok(429) => &flooded.above_cap,
            Ok(413) => &flooded.too_large,
            // A server that does not read on closes while the client still writes.
            Ok(_) | Err(_) => &flooded.hung_up,
        };
        counter.fetch_add(1, Relaxed);
    }
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

fn path(nth: u32) -> &'static str {
    PATHS[nth as usize % PATHS.len()]
}

/// The ticks of one connection of several that together make `rate` a second.
fn ticks(rate: u32, connections: u32) -> tokio::time::Interval {
    let mut ticks = interval(Duration::from_secs(1) * connections / rate.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}

struct Latency {
    posts: usize,
    p50: Duration,
    p99: Duration,
}

impl Latency {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| {
            let last = took.len().saturating_sub(1);
            took.get(last * percent / 100).copied().unwrap_or_default()
        };
        Self { posts: took.len(), p50: at(50), p99: at(99) }
    }
}

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
        let (p50, p99) = (milliseconds(self.p50), milliseconds(self.p99));
        write!(f, "{} POSTs, p50 {p50:.1} ms, p99 {p99:.1} ms", self.posts)
    }
}
