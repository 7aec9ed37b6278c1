use domain::lane::Lane;
use runtime::metrics::{Counter, KeyValue, counter};

/// The way by which a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    Http,
    Bus,
}

impl Entrance {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Bus => "bus",
        }
    }
}

/// What this service counts. How long requests take is measured by `runtime`.
pub(crate) struct Metrics {
    enqueued: Counter,
    refused: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            enqueued: counter("waypost.enqueue.accepted", "Messages accepted from callers."),
            refused: counter("waypost.enqueue.refused", "Requests and batch items refused."),
        }
    }

    pub(crate) fn enqueued(&self, entrance: Entrance, lanes: impl IntoIterator<Item = Lane>) {
        for lane in lanes {
            let labels = [
                KeyValue::new("lane", lane.as_str()),
                KeyValue::new("entrance", entrance.as_str()),
            ];
            self.enqueued.add(1, &labels);
        }
    }

    /// `reason` is the name of a problem type.
    pub(crate) fn refused(&self, entrance: Entrance, reason: &'static str) {
        let labels =
            [KeyValue::new("reason", reason), KeyValue::new("entrance", entrance.as_str())];
        self.refused.add(1, &labels);
    }
}
