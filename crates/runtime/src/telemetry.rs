//! Logs on standard error, traces and metrics: set up once for a process.

mod export;
mod log;
#[cfg(test)]
pub(crate) mod testing;

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::global;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use self::log::{Format, subscriber};
use crate::env::{ConfigError, Env};
use crate::metrics;
use crate::process::choose_tls;

/// How long the last spans and values get to be sent.
const FLUSH_TIME: Duration = Duration::from_secs(5);

static SET_UP: Mutex<Option<Telemetry>> = Mutex::new(None);

/// The telemetry of this process. All clones are one.
#[derive(Clone, Debug)]
pub struct Telemetry(Arc<Providers>);

#[derive(Debug)]
struct Providers {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

/// Sets up logs, traces and metrics. Once a process: later calls return what the first one made.
///
/// | Variable | Meaning | Default |
/// |---|---|---|
/// | `WAYPOST_LOG` | which log lines: a level, or `info,amqp=debug` | `info` |
/// | `WAYPOST_LOG_FORMAT` | `json` or `text` | `text` on a terminal, else `json` |
/// | `WAYPOST_TRACE_RATIO` | share of new traces that are exported, 0 to 1 | `1` |
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | base URL of a collector (OTLP over HTTP, protobuf) | no export |
///
/// Libraries that print what they carry (requests, frames, queries) stay at `info` whatever
/// `WAYPOST_LOG` says. Prometheus metrics are always kept; see [`metrics::render`].
///
/// # Errors
/// When a variable is wrong.
pub fn init(service: &'static str, env: &Env) -> Result<Telemetry, ConfigError> {
    init_into(service, env, io::stderr().is_terminal(), io::stderr)
}

/// As [`init`], with the log lines in `file`: for a process whose terminal shows something else.
///
/// # Errors
/// As [`init`].
pub fn init_to_file(
    service: &'static str,
    env: &Env,
    file: std::fs::File,
) -> Result<Telemetry, ConfigError> {
    init_into(service, env, false, Mutex::new(file))
}

fn init_into<W>(
    service: &'static str,
    env: &Env,
    is_terminal: bool,
    writer: W,
) -> Result<Telemetry, ConfigError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let mut set_up = SET_UP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(telemetry) = &*set_up {
        return Ok(telemetry.clone());
    }
    let filter = log::filter(env)?;
    let format = Format::from_env(env, is_terminal)?;
    choose_tls();
    let (traces, metrics, registry) = export::providers(service, env)?;

    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(traces.clone());
    global::set_meter_provider(metrics.clone());
    metrics::publish(registry);
    metrics::observe_process(service);
    if subscriber(filter, format, &traces, writer).try_init().is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }

    let telemetry = Telemetry(Arc::new(Providers { traces, metrics }));
    *set_up = Some(telemetry.clone());
    Ok(telemetry)
}

impl Telemetry {
    /// Sends what is not sent yet, for at most 5 s, and ends. The last thing a process does.
    pub async fn shutdown(&self) {
        let providers = Arc::clone(&self.0);
        // The exporters block while they send.
        let flush = tokio::task::spawn_blocking(move || {
            let traces = providers.traces.shutdown_with_timeout(FLUSH_TIME);
            let metrics = providers.metrics.shutdown_with_timeout(FLUSH_TIME);
            traces.and(metrics)
        });
        match tokio::time::timeout(FLUSH_TIME, flush).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last telemetry is lost"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the last telemetry is lost"),
        }
    }
}

/// Makes a panic one log line, like everything else.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(place, "panicked: {message}");
}
