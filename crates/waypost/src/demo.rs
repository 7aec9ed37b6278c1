//! `waypost demo`: the whole way of many messages, on a simulated Meta.
//!
//! In come a database server and a broker; a database and queues of the demo's own are made beside
//! what is there, and removed at the end. All services and the simulator run in this process. The
//! messages come in by every entrance and meet what Meta does to messages; at the end the laws are
//! checked: every message is where its fate leads, none went twice, no number was too fast.

mod enqueue;
mod fate;
mod kinds;
mod laws;
mod people;
mod plan;
mod progress;
mod report;
mod scenario;
mod seen;
mod show;
mod world;

use std::fs::File;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use runtime::{Env, Service, Stop, service, telemetry};

use crate::demo::world::World;
use crate::output;

/// How long the services get to end.
const DRAIN: Duration = Duration::from_secs(20);

/// After this time people are told what is waited for.
const SLOW: Duration = Duration::from_secs(3);

/// What to show.
#[derive(Clone, clap::Args)]
pub(crate) struct Demo {
    /// How many messages
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(50..=20_000))]
    messages: u32,
    /// The same seed gives the same messages and fates
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leaves database and queues behind, and prints their names
    #[arg(long)]
    keep: bool,
    /// Writes the numbers as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Demo {
    /// Runs the command. The exit code is 0 when every law held.
    pub(crate) fn run(self) -> ExitCode {
        runtime::main("waypost", async move |env| {
            let id = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
            let log = std::env::temp_dir().join(format!("waypost-demo-{id}.log"));
            let file =
                File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
            let telemetry = telemetry::init_to_file("waypost", &env, file)?;
            output::line(format_args!("log of the services: {}", log.display()))?;
            let shown = self.until_signal(env, id).await;
            telemetry.shutdown().await;
            shown
        })
    }

    /// Runs the demo until it is over. The first signal ends it in order; a second one, or a
    /// first one that it does not heed in time, leaves what it made behind.
    async fn until_signal(self, env: Env, id: String) -> anyhow::Result<()> {
        let stop = Stop::new();
        let listen = Service::new("demo", std::future::pending());
        tokio::select! {
            shown = self.in_a_world_of_its_own(&env, &id, &stop) => shown,
            Err(ended) = service::run(vec![listen], stop.clone(), DRAIN * 2) => Err(ended),
        }
    }

    async fn in_a_world_of_its_own(&self, env: &Env, id: &str, stop: &Stop) -> anyhow::Result<()> {
        let world = World::new(env, id)?;
        let shown = match told_if_slow("PostgreSQL", world.make(stop)).await {
            Ok(()) => show::show(self, &world, stop).await,
            Err(error) => Err(error),
        };
        if self.keep {
            output::line(format_args!("kept: {}", world.describe()))?;
            return shown;
        }
        // What went wrong first is the cause, and is told alone.
        let removed = world.remove().await.context("cannot remove what the demo made");
        shown.and(removed)
    }
}

/// Says that something is waited for: why stands in the log.
async fn told_if_slow<T>(
    what: &str,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut work = pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(SLOW) => {}
    }
    output::line(format_args!("waiting for {what}: the log tells why"))?;
    work.await
}
