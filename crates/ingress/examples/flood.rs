//! Whether a flood takes the latency of signed POSTs: signed traffic alone, then the same beside a
//! flood of POSTs that nobody has signed, then beside one of oversized POSTs, on real servers; then
//! it ends.
//!
//! ```sh
//! cargo run --release -p ingress --example flood
//! ```
//!
//! `DATABASE_URL` and `AMQP_URL` say where the servers are. Flood, ingress and signed traffic share
//! this machine, so the ratios tell of its processors too: an oversized POST costs whoever sends it
//! 3 MiB, and ingress next to nothing. Exits with 1 when a signed POST failed.

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
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

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
    oversized_rate: u32,
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
            oversized_rate: env.parsed("WAYPOST_EXAMPLE_OVERSIZED_RATE", 100)?,
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
    let unsigned = Flood { kinds: &UNSIGNED, rate: load.flood_rate };
    let oversized = Flood { kinds: &[Kind::Oversized], rate: load.oversized_rate };
    let flooded = Arc::new(Flooded::default());
    let mut beside = Vec::new();
    for flood in [unsigned, oversized] {
        let stop_flood = Stop::new();
        let flood: JoinSet<()> = (0..)
            .zip(flooding.iter().cloned())
            .map(|(nth, client)| {
                let url = format!("http://{}{}", bound.addr, path(nth));
                let ticks = ticks(flood.rate, load.flood_connections, nth);
                let (flooded, stop) = (Arc::clone(&flooded), stop_flood.clone());
                flood_from(client, url, flood.kinds, ticks, flooded, stop)
            })
            .collect();
        beside.push(signed(bound.addr, load, &signing).await);
        stop_flood.stop();
        flood.join_all().await;
    }
    stop.stop();
    for served in serving.join_all().await {
        served?;
    }
    let signed_posts: usize = beside.iter().map(|(took, _)| took.len()).sum();
    let of_flood = bus.depth(Queue::WebhookLog).await?.saturating_sub(before);
    let of_flood = u64::from(of_flood).saturating_sub(signed_posts as u64);

    let failed = failed_alone + beside.iter().map(|(_, failed)| failed).sum::<u64>();
    let alone = Latency::of(alone);
    let mut out = std::io::stdout().lock();
    writeln!(out, "signed alone                     {alone}")?;
    for (what, (took, _)) in ["a flood of unsigned ones", "oversized ones"].iter().zip(beside) {
        let beside = Latency::of(took);
        let ratio =
            |of: fn(&Latency) -> Duration| of(&beside).as_secs_f64() / of(&alone).as_secs_f64();
        let (p50, p99) = (ratio(|it| it.p50), ratio(|it| it.p99));
        writeln!(out, "beside {what:<24}  {beside}; {p50:.2} and {p99:.2} times that")?;
    }
    let count = |counter: &AtomicU64| counter.load(Relaxed);
    writeln!(
        out,
        "the floods                       {} POSTs 403, {} 429, {} 413, {} hung up on; {of_flood} kept",
        count(&flooded.refused),
        count(&flooded.above_cap),
        count(&flooded.too_large),
        count(&flooded.hung_up),
    )?;
    ensure!(failed == 0, "{failed} signed POSTs failed");
    Ok(())
}

/// What is posted that no secret has signed.
#[derive(Clone, Copy)]
enum Kind {
    Unsigned,
    Malformed,
    Forged,
    /// One byte more than is taken.
    Oversized,
}

const UNSIGNED: [Kind; 3] = [Kind::Unsigned, Kind::Malformed, Kind::Forged];

struct Flood {
    kinds: &'static [Kind],
    /// Of all connections together, each second.
    rate: u32,
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
            let mut ticks = ticks(load.signed_rate, load.signed_connections, nth);
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

/// POSTs of these kinds in turn, until somebody stops it.
async fn flood_from(
    client: Client,
    url: String,
    kinds: &'static [Kind],
    mut ticks: tokio::time::Interval,
    flooded: Arc<Flooded>,
    stop: Stop,
) {
    let forged = sign(&"somebody else's".into(), body().as_bytes());
    for kind in kinds.iter().cycle() {
        if stop.until(ticks.tick()).await.is_none() {
            return;
        }
        let request = client.post(&url);
        let request = match kind {
            Kind::Unsigned => request.body(body()),
            Kind::Malformed => request.header(HEADER, "sha256=1234").body(body()),
            Kind::Forged => request.header(HEADER, &forged).body(body()),
            Kind::Oversized => request.header(HEADER, &forged).body(vec![b'x'; (3 << 20) + 1]),
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

/// The ticks of the `nth` connection of several that together make `rate` a second, evenly.
fn ticks(rate: u32, connections: u32, nth: u32) -> tokio::time::Interval {
    let between = Duration::from_secs(1) / rate.max(1);
    let mut ticks = interval_at(Instant::now() + between * nth, between * connections);
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
