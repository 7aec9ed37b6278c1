//! What every HTTP service has: probe pages, a span for each request, an orderly end.

mod probes;
mod request_id;
mod root_span;

use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Server;
use anyhow::Context;

pub use self::probes::{probe_address, probes, serve_probes};
pub use self::request_id::request_id;
pub use self::root_span::RootSpan;
use crate::stop::Stop;

/// Runs `server` until it is stopped; then it takes no more connections and finishes what it has
/// begun, for as long as its `shutdown_timeout` allows.
///
/// The server must have been built with `disable_signals()`: signals are the process's.
///
/// # Errors
/// When the server fails.
pub async fn serve(server: Server, stop: Stop) -> anyhow::Result<()> {
    let handle = server.handle();
    let mut server = pin!(server);
    tokio::select! {
        served = &mut server => return served.context("the HTTP server failed"),
        () = stop.stopped() => {}
    }
    let (served, ()) = tokio::join!(server, handle.stop(true));
    served.context("the HTTP server failed")
}

/// The shutdown time in the unit that actix wants: whole seconds, at least one.
pub fn shutdown_seconds(drain: Duration) -> u64 {
    drain.as_secs().max(1)
}
