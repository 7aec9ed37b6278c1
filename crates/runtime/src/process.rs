//! The way into and out of a process.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use futures::StreamExt;

use crate::env::{ConfigError, Env};
use crate::service::{self, Service, drain_time};
use crate::stop::Stop;
use crate::telemetry;
use crate::wait::Stopped;

/// How long tasks that block get, after everything else has ended.
const LAST_CALL: Duration = Duration::from_secs(1);

/// Exit code of a process whose settings are wrong.
const WRONG_SETTINGS: u8 = 2;

/// Makes ring the TLS provider of this process. [`main`] and [`telemetry::init`] do it themselves.
pub fn choose_tls() {
    // A provider that somebody chose before is as good: it can only be chosen once.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Runs `body` as the whole of a process called `name`: chooses the TLS provider, builds the
/// runtime, and turns an error into one line `error: …` on standard error.
///
/// The exit code is 0, or 2 when a [`ConfigError`] is in the chain, or 1.
pub fn main<F>(name: &'static str, body: F) -> ExitCode
where
    F: AsyncFnOnce(Env) -> anyhow::Result<()>,
{
    choose_tls();
    let builder =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_name(name).build();
    let runtime = match builder {
        Ok(runtime) => runtime,
        Err(error) => return exit(&anyhow::Error::new(error).context("cannot start the runtime")),
    };
    let result = runtime.block_on(body(Env::process()));
    runtime.shutdown_timeout(LAST_CALL);
    result.map_or_else(|error| exit(&error), |()| ExitCode::SUCCESS)
}

/// Runs a process called `name` that consists of services: [`main`] with telemetry from the start
/// to the flush at the end, signals, and the drain time of `WAYPOST_DRAIN_S`.
///
/// `start` prepares the services; a signal that comes meanwhile stops it too.
pub fn serve<F>(name: &'static str, start: F) -> ExitCode
where
    F: AsyncFnOnce(Env, Stop) -> anyhow::Result<Vec<Service>>,
{
    main(name, async |env| {
        let telemetry = telemetry::init(name, &env)?;
        let result = start_and_run(name, env, start).await;
        telemetry.shutdown().await;
        result
    })
}

async fn start_and_run<F>(name: &'static str, env: Env, start: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(Env, Stop) -> anyhow::Result<Vec<Service>>,
{
    let drain = drain_time(&env)?;
    let stop = Stop::new();
    let mut signals = service::signals().context("cannot listen for signals")?;
    let mut starting = std::pin::pin!(start(env, stop.clone()));
    let started = loop {
        tokio::select! {
            started = &mut starting => break started,
            Some(signal) = signals.next() => {
                anyhow::ensure!(!stop.is_stopped(), "{signal} ended {name} while it was starting");
                tracing::info!(signal, "stopping before the start is complete");
                stop.stop();
            }
        }
    };
    match started {
        Err(error) if stop.is_stopped() && error.downcast_ref::<Stopped>().is_some() => Ok(()),
        Err(error) => Err(error),
        Ok(services) => {
            tracing::info!(version = env!("CARGO_PKG_VERSION"), "{name} is running");
            service::run_with(services, stop, drain, &mut signals).await?;
            tracing::info!("{name} has ended");
            Ok(())
        }
    }
}

/// Writes the chain of causes as one line and says how to exit.
fn exit(error: &anyhow::Error) -> ExitCode {
    let line = format!("error: {error:#}").replace(['\n', '\r'], " ");
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
    let wrong_settings = error.chain().any(<dyn Error>::is::<ConfigError>);
    if wrong_settings { ExitCode::from(WRONG_SETTINGS) } else { ExitCode::FAILURE }
}
