//! The span of a request.

use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage};
use tokio::time::Instant;
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_actix_web::{RequestId, RootSpanBuilder};

use crate::metrics::{Histogram, KeyValue, histogram};
use crate::trace;

static DURATION: LazyLock<Histogram> = LazyLock::new(|| {
    histogram("http.server.request.duration", "Time from a request's head to its answer's.", "s")
});

/// Makes the span of each request, as in `TracingLogger::<RootSpan>::new()`, and measures it.
///
/// The span is called by method and route pattern and follows the caller's `traceparent`. It
/// holds no query string, path parameter, header, body or address of the caller: any of them may
/// be a secret or a person's.
#[derive(Debug)]
pub struct RootSpan;

#[derive(Clone, Copy)]
struct Begun(Instant);

impl RootSpanBuilder for RootSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Begun(Instant::now()));
        let method = method_name(request.method());
        let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
        let request_id = request.extensions().get::<RequestId>().copied().map(display);
        let span = tracing::info_span!(
            "request",
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            otel.name = %format_args!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            request_id,
            trace_id = Empty,
        );
        let traceparent = request.headers().get("traceparent").and_then(|v| v.to_str().ok());
        trace::follow(&span, traceparent);
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
            tracing::warn!(status = status.as_u16(), "answered {}", status.as_u16());
        } else {
            tracing::debug!(status = status.as_u16(), "answered {}", status.as_u16());
        }
        if let Ok(response) = outcome {
            measure(response, status);
        }
    }
}

fn measure<B>(response: &ServiceResponse<B>, status: StatusCode) {
    let request = response.request();
    let Some(Begun(begun)) = request.extensions().get::<Begun>().copied() else { return };
    let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let labels = [
        KeyValue::new("http.request.method", method_name(request.method())),
        KeyValue::new("http.route", route),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
    ];
    DURATION.record(begun.elapsed().as_secs_f64(), &labels);
}

/// A method by name. Anyone can invent methods, so that the names are a closed set, as in
/// <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests;
