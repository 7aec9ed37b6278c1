//! Where traces and metrics go.

use std::time::Duration;

use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::Registry;
use url::Url;

use crate::env::{ConfigError, Env};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// How long one export may take.
const EXPORT_TIME: Duration = Duration::from_secs(5);

pub(super) fn providers(
    service: &'static str,
    env: &Env,
) -> Result<(SdkTracerProvider, SdkMeterProvider, Registry), ConfigError> {
    let ratio = env.bounded("WAYPOST_TRACE_RATIO", 1.0, 0.0..=1.0)?;
    let endpoint = match env.optional(ENDPOINT) {
        Some(_) => Some(env.url(ENDPOINT, "")?),
        None => None,
    };
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let traces = traces(resource.clone(), ratio, endpoint.as_ref())?;
    let (metrics, registry) = metrics(resource, endpoint.as_ref())?;
    Ok((traces, metrics, registry))
}

/// Without a collector spans still get ids, so that log lines and messages on the bus carry the
/// id of their trace; they record nothing unless the caller's trace is a sampled one.
fn traces(
    resource: Resource,
    ratio: f64,
    endpoint: Option<&Url>,
) -> Result<SdkTracerProvider, ConfigError> {
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(endpoint) = endpoint else {
        let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
        return Ok(builder.with_sampler(sampler).build());
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(signal(endpoint, "traces"))
        .with_timeout(EXPORT_TIME)
        .build()
        .map_err(|error| unusable(&error))?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)));
    Ok(builder.with_sampler(sampler).with_batch_exporter(exporter).build())
}

fn metrics(
    resource: Resource,
    endpoint: Option<&Url>,
) -> Result<(SdkMeterProvider, Registry), ConfigError> {
    let registry = Registry::new();
    let pages = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .build()
        .map_err(|error| unusable(&error))?;
    let mut builder = SdkMeterProvider::builder().with_resource(resource).with_reader(pages);
    if let Some(endpoint) = endpoint {
        let exporter = MetricExporter::builder()
            .with_http()
            .with_endpoint(signal(endpoint, "metrics"))
            .with_timeout(EXPORT_TIME)
            .build()
            .map_err(|error| unusable(&error))?;
        builder = builder.with_periodic_exporter(exporter);
    }
    Ok((builder.build(), registry))
}

/// The address of one signal below the base URL.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp>.
fn signal(endpoint: &Url, signal: &str) -> String {
    format!("{}/v1/{signal}", endpoint.as_str().trim_end_matches('/'))
}

fn unusable(error: &dyn std::error::Error) -> ConfigError {
    ConfigError::must(ENDPOINT, format!("the base URL of a usable collector ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_has_its_path_below_the_endpoint() {
        for base in ["http://collector:4318", "http://collector:4318/"] {
            let url = Url::parse(base).unwrap();
            assert_eq!(signal(&url, "traces"), "http://collector:4318/v1/traces");
        }
    }

    #[test]
    fn a_ratio_or_endpoint_that_cannot_be_is_refused_by_name() {
        let fault =
            |name, value| providers("x", &Env::of([(name, value)])).unwrap_err().to_string();

        let ratio = fault("WAYPOST_TRACE_RATIO", "2");
        let endpoint = fault(ENDPOINT, "collector:4318");

        assert_eq!(ratio, "WAYPOST_TRACE_RATIO must be: from 0 to 1");
        assert!(endpoint.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT must be: a URL"), "{endpoint}");
    }
}
