//! What the dispatcher counts and measures.

use std::time::Duration;

use domain::lane::{Lane, WaitingReason};
use runtime::metrics::{
    Counter, Gauge, Histogram, KeyValue, UpDownCounter, counter, gauge, histogram, histogram_with,
    up_down_counter,
};

/// Made once, after telemetry is set up.
pub(crate) struct Metrics {
    claims: Counter,
    attempts: Counter,
    call: Histogram,
    turn: Histogram,
    waits: Counter,
    under_way: UpDownCounter,
    batch: Histogram,
    limits_shared: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
        let waits = counter("waypost.dispatch.waits", "Messages put aside, by reason.");
        // A counter that begins with its first event would hide that one from whoever watches.
        for reason in WaitingReason::ALL {
            waits.add(0, &[KeyValue::new("reason", reason.as_str())]);
        }
        Self {
            claims: counter("waypost.dispatch.claims", "Jobs by what their claim came to."),
            attempts: counter("waypost.dispatch.attempts", "Calls to Meta by outcome and class."),
            call: histogram("waypost.dispatch.call", "Duration of a call to Meta.", "s"),
            turn: histogram("waypost.dispatch.turn", "Wait in line for a number's turn.", "s"),
            waits,
            under_way: up_down_counter("waypost.dispatch.under_way", "Claimed and unfinished."),
            batch: histogram_with("waypost.dispatch.batch", "Rows per statement.", "1", &SIZES),
            // Of the unit 1 Prometheus would show a ratio.
            limits_shared: gauge("waypost.limits.shared", "1 while Redis answers, else 0.", ""),
        }
    }

    pub(crate) fn claim(&self, lane: Lane, kind: &'static str) {
        let labels = [KeyValue::new("lane", lane.as_str()), KeyValue::new("kind", kind)];
        self.claims.add(1, &labels);
    }

    pub(crate) fn attempt(&self, outcome: &'static str, class: &'static str, took: Duration) {
        let labels = [KeyValue::new("outcome", outcome), KeyValue::new("class", class)];
        self.attempts.add(1, &labels);
        self.call.record(took.as_secs_f64(), &labels[..1]);
    }

    pub(crate) fn turn(&self, lane: Lane, waited: Duration) {
        self.turn.record(waited.as_secs_f64(), &[KeyValue::new("lane", lane.as_str())]);
    }

    pub(crate) fn wait(&self, reason: WaitingReason) {
        self.waits.add(1, &[KeyValue::new("reason", reason.as_str())]);
    }

    pub(crate) fn batch(&self, statement: &'static str, rows: usize) {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.batch.record(f64::from(rows), &[KeyValue::new("statement", statement)]);
    }

    /// Whether Redis answers; while it does not, this worker keeps to its share of every limit.
    pub(crate) fn limits_shared(&self, are: bool) {
        self.limits_shared.record(f64::from(u8::from(are)), &[]);
    }

    /// Counts one more message under way for as long as the value lives.
    pub(crate) fn under_way(&self, lane: Lane) -> UnderWay<'_> {
        let label = [KeyValue::new("lane", lane.as_str())];
        self.under_way.add(1, &label);
        UnderWay { counter: &self.under_way, label }
    }
}

/// One message under way.
pub(crate) struct UnderWay<'a> {
    counter: &'a UpDownCounter,
    label: [KeyValue; 1],
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.counter.add(-1, &self.label);
    }
}
