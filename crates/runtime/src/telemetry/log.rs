//! Log lines and spans: what is written, and in which form.

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::env::{ConfigError, Env};

/// Libraries whose lines would make the exporter speak of its own requests, for ever.
const EXPORTER: [&str; 5] = ["opentelemetry", "hyper", "hyper_util", "reqwest", "h2"];

/// Libraries whose debug lines print what they carry: headers, frames, queries with values.
const TALKATIVE: [&str; 10] = [
    "actix_server",
    "actix_web",
    "h2",
    "hyper",
    "hyper_util",
    "lapin",
    "redis",
    "reqwest",
    "rustls",
    "tokio_postgres",
];

/// Libraries whose errors anybody can cause by a malformed request.
const PROVOKED: [&str; 1] = ["actix_http"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
}

impl Format {
    pub(super) fn from_env(env: &Env, terminal: bool) -> Result<Self, ConfigError> {
        match env.optional("WAYPOST_LOG_FORMAT").as_deref() {
            None if terminal => Ok(Self::Text),
            None | Some("json") => Ok(Self::Json),
            Some("text") => Ok(Self::Text),
            Some(_) => Err(ConfigError::must("WAYPOST_LOG_FORMAT", "json or text")),
        }
    }
}

pub(super) fn filter(env: &Env) -> Result<EnvFilter, ConfigError> {
    let text = env.optional("WAYPOST_LOG").unwrap_or_else(|| "info".to_owned());
    let must = "a level (error, warn, info, debug, trace), or levels by part: info,amqp=debug";
    EnvFilter::try_new(text).map_err(|_| ConfigError::must("WAYPOST_LOG", must))
}

/// Writes lines that pass `filter`, and makes spans whatever the filter: a quiet log does not cut
/// a trace.
pub(super) fn subscriber<W>(
    filter: EnvFilter,
    format: Format,
    traces: &SdkTracerProvider,
    writer: W,
) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(true).boxed()
        }
        Format::Text => lines.with_target(false).boxed(),
    };
    let ours = caps(LevelFilter::INFO, &EXPORTER, LevelFilter::OFF);
    let discreet = caps(LevelFilter::TRACE, &TALKATIVE, LevelFilter::INFO)
        .with_targets(PROVOKED.map(|target| (target, LevelFilter::OFF)));
    let spans = tracing_opentelemetry::layer()
        .with_tracer(traces.tracer("waypost"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    Registry::default().with(lines.with_filter(filter.and(discreet))).with(spans.with_filter(ours))
}

fn caps(default: LevelFilter, capped: &[&str], at: LevelFilter) -> Targets {
    Targets::new().with_default(default).with_targets(capped.iter().map(|target| (*target, at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::testing::Captured;

    #[test]
    fn a_library_that_prints_what_it_carries_is_not_heard_below_info() {
        let captured = Captured::start();

        tracing::debug!(target: "tokio_postgres::query", "s3cret");
        tracing::info!(target: "tokio_postgres::query", "notice");
        tracing::trace!("ours");

        let log = captured.text();
        assert!(!log.contains("s3cret"), "{log}");
        assert!(log.contains("notice") && log.contains("ours"), "{log}");
    }

    fn format(value: &str, terminal: bool) -> Result<Format, ConfigError> {
        Format::from_env(&Env::of([("WAYPOST_LOG_FORMAT", value)]), terminal)
    }

    #[test]
    fn a_terminal_gets_text_and_a_machine_json_unless_told() {
        assert_eq!(format("", true).unwrap(), Format::Text);
        assert_eq!(format("", false).unwrap(), Format::Json);
        assert_eq!(format("json", true).unwrap(), Format::Json);
        assert_eq!(format("text", false).unwrap(), Format::Text);
        let error = format("xml", true).unwrap_err().to_string();
        assert_eq!(error, "WAYPOST_LOG_FORMAT must be: json or text");
    }

    #[test]
    fn a_wrong_filter_is_refused_by_name() {
        let error = filter(&Env::of([("WAYPOST_LOG", "amqp=loud")])).unwrap_err().to_string();

        assert!(error.starts_with("WAYPOST_LOG must be: a level"), "{error}");
    }
}
