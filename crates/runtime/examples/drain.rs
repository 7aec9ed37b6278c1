//! The smallest service process: it shows its probes on a free port, and a worker that needs
//! `WAYPOST_EXAMPLE_WORK_S` seconds to finish after the stop.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use runtime::{Env, Health, Service, Stop, http};
use tracing::Instrument;

fn main() -> ExitCode {
    runtime::serve("drain", start)
}

async fn start(env: Env, stop: Stop) -> anyhow::Result<Vec<Service>> {
    let work = env.seconds("WAYPOST_EXAMPLE_WORK_S", Duration::ZERO)?;
    let breaks = env.flag("WAYPOST_EXAMPLE_PANIC", false)?;
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let health = Health::new();
    health.until_stopped(stop.clone());
    let probes = http::serve_probes(any, health, stop.clone())?;
    writeln!(std::io::stdout(), "{}", probes.addr)?;
    let worker = async move {
        assert!(!breaks, "told to panic");
        stop.stopped().await;
        tokio::time::sleep(work).await;
        tracing::info!("the worker has finished");
        Ok(())
    };
    let worker = worker.instrument(tracing::info_span!("worker"));
    Ok(vec![probes.service, Service::new("worker", worker)])
}
