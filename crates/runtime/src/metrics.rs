//! Counters, histograms and gauges, by the OpenTelemetry names and units.
//!
//! Make instruments after [`telemetry::init`](crate::telemetry::init), once, in a struct of the
//! crate that knows them. Without `init` they do nothing. A label value must come from a small
//! closed set, and never be a secret, a phone number or part of a message.

mod process;

use std::sync::{OnceLock, PoisonError, RwLock};

pub use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::Meter;
use prometheus::Registry;

pub(crate) use self::process::observe_process;

/// Counts events.
pub type Counter = opentelemetry::metrics::Counter<u64>;
/// Spreads measured values over buckets.
pub type Histogram = opentelemetry::metrics::Histogram<f64>;
/// Holds the latest value of something that goes up and down.
pub type Gauge = opentelemetry::metrics::Gauge<f64>;
/// Counts things that come and go, such as requests in flight.
pub type UpDownCounter = opentelemetry::metrics::UpDownCounter<i64>;

/// Buckets for durations in seconds.
const SECONDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Buckets for sizes in bytes.
const BYTES: [f64; 8] = [256.0, 1e3, 4e3, 16e3, 64e3, 256e3, 1e6, 4e6];

static REGISTRY: RwLock<Option<Registry>> = RwLock::new(None);

/// A counter called `name`; Prometheus shows it as `name_total`, dots as underscores.
pub fn counter(name: &'static str, help: &'static str) -> Counter {
    meter().u64_counter(name).with_description(help).build()
}

/// A histogram called `name`; the unit is `s` (buckets from 1 ms to 1 min), `By` (256 to 4 M) or
/// any other of UCUM. Prometheus shows the unit as a suffix, such as `_seconds`.
pub fn histogram(name: &'static str, help: &'static str, unit: &'static str) -> Histogram {
    let builder = meter().f64_histogram(name).with_description(help).with_unit(unit);
    match unit {
        "s" => builder.with_boundaries(SECONDS.to_vec()).build(),
        "By" => builder.with_boundaries(BYTES.to_vec()).build(),
        _ => builder.build(),
    }
}

/// A histogram called `name` with buckets of its own.
pub fn histogram_with(
    name: &'static str,
    help: &'static str,
    unit: &'static str,
    boundaries: &[f64],
) -> Histogram {
    let builder = meter().f64_histogram(name).with_description(help).with_unit(unit);
    builder.with_boundaries(boundaries.to_vec()).build()
}

/// A gauge called `name`, set by hand.
pub fn gauge(name: &'static str, help: &'static str, unit: &'static str) -> Gauge {
    meter().f64_gauge(name).with_description(help).with_unit(unit).build()
}

/// A counter of things that come and go, called `name`.
pub fn up_down_counter(name: &'static str, help: &'static str) -> UpDownCounter {
    meter().i64_up_down_counter(name).with_description(help).build()
}

/// A gauge called `name` whose value is asked for whenever the metrics are read; `None` leaves it
/// out. `read` must be quick: it may not wait.
pub fn observe(
    name: &'static str,
    help: &'static str,
    unit: &'static str,
    read: impl Fn() -> Option<f64> + Send + Sync + 'static,
) {
    let gauge = meter().f64_observable_gauge(name).with_description(help).with_unit(unit);
    gauge.with_callback(move |seen| read().into_iter().for_each(|v| seen.observe(v, &[]))).build();
}

/// Everything measured so far, in the text format of Prometheus; empty without `init`.
pub fn render() -> String {
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner).clone();
    let families = registry.map(|registry| registry.gather()).unwrap_or_default();
    prometheus::TextEncoder::new().encode_to_string(&families).unwrap_or_else(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        String::new()
    })
}

pub(crate) fn publish(registry: Registry) {
    *REGISTRY.write().unwrap_or_else(PoisonError::into_inner) = Some(registry);
}

pub(crate) fn meter() -> &'static Meter {
    static METER: OnceLock<Meter> = OnceLock::new();
    METER.get_or_init(|| global::meter("waypost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_telemetry_an_instrument_does_nothing() {
        counter("waypost.test.idle", "Nothing.").add(1, &[KeyValue::new("kind", "good")]);
        histogram("waypost.test.idle_size", "Nothing.", "By").record(1.0, &[]);
        gauge("waypost.test.idle_level", "Nothing.", "1").record(1.0, &[]);

        assert_eq!(render(), "");
    }
}
