//! One trace across processes: the W3C `traceparent` of a span, out and in.

use std::collections::HashMap;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing::field::display;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The `traceparent` of the current span, to be sent along; `None` when there is no trace.
///
/// Source: <https://www.w3.org/TR/trace-context/>.
pub fn traceparent() -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut carrier);
    carrier.remove("traceparent")
}

/// Makes `span` a child of the span that sent `traceparent`, and fills its field `trace_id` if it
/// has one. One that cannot be read is as good as none. To be done before the span is entered.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    if let Some(parent) =
        traceparent.map(remote).filter(|context| context.span().span_context().is_valid())
    {
        // Fails only without a tracer or on a span that is filtered out: then there is no trace.
        let _ = span.set_parent(parent);
    }
    if let Some(trace_id) = trace_id_of(span) {
        span.record("trace_id", display(trace_id));
    }
}

/// Notes on `span` that the span that sent `traceparent` has to do with it.
pub fn link(span: &Span, traceparent: Option<&str>) {
    if let Some(context) = traceparent.map(remote) {
        span.add_link(context.span().span_context().clone());
    }
}

/// The id of the current trace, 32 hexadecimal digits; `None` when there is no trace.
pub fn trace_id() -> Option<String> {
    trace_id_of(&Span::current())
}

fn trace_id_of(span: &Span) -> Option<String> {
    let context = span.context();
    let id = |known: &SpanContext| known.is_valid().then(|| known.trace_id().to_string());
    id(context.span().span_context())
}

fn remote(traceparent: &str) -> opentelemetry::Context {
    // Not the current context: what was sent decides alone.
    TraceContextPropagator::new()
        .extract_with_context(&opentelemetry::Context::new(), &Traceparent(traceparent))
}

struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::testing::Captured;

    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_span_that_follows_another_belongs_to_its_trace() {
        let _captured = Captured::start();
        let first = tracing::info_span!("first").in_scope(traceparent).unwrap();

        let span = tracing::info_span!("second");
        follow(&span, Some(&first));
        let second = span.in_scope(traceparent).unwrap();

        assert_eq!(first[3..35], second[3..35]);
        assert_ne!(first[36..52], second[36..52]);
    }

    #[test]
    fn the_trace_id_that_was_sent_is_logged() {
        let captured = Captured::start();
        let span = tracing::info_span!("work", trace_id = tracing::field::Empty);

        follow(&span, Some(SENT));
        span.in_scope(|| tracing::info!("done"));

        assert!(
            captured.text().contains("0af7651916cd43dd8448eb211c80319c"),
            "{}",
            captured.text()
        );
    }

    #[test]
    fn a_traceparent_that_cannot_be_read_begins_a_trace_of_its_own() {
        let _captured = Captured::start();
        let span = tracing::info_span!("work");
        follow(&span, Some("00-zz"));
        link(&span, Some("00-zz"));

        assert!(span.in_scope(trace_id).is_some());
    }

    #[test]
    fn without_a_tracer_there_is_no_trace() {
        tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::new(), || {
            let span = tracing::info_span!("work");
            follow(&span, Some(SENT));
            link(&span, Some(SENT));
            assert_eq!(span.in_scope(traceparent), None);
            assert_eq!(span.in_scope(trace_id), None);
        });
    }
}
