use runtime::metrics::{Counter, Histogram, KeyValue, counter, histogram};

use crate::door::Source;

/// What became of a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Spooled,
    Rejected,
    Flooded,
    TooLarge,
    Incomplete,
    Unavailable,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Spooled => "spooled",
            Self::Rejected => "rejected",
            Self::Flooded => "flooded",
            Self::TooLarge => "too_large",
            Self::Incomplete => "incomplete",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What the service measures.
pub(crate) struct Metrics {
    requests: Counter,
    body: Histogram,
    pub(crate) publish: Histogram,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: counter(
                "waypost.ingress.requests",
                "Webhook POSTs by kind of URL and what became of them",
            ),
            body: histogram("waypost.ingress.body", "Size of signed webhook bodies", "By"),
            publish: histogram(
                "waypost.ingress.publish",
                "Time until the broker confirmed a webhook, or failed to",
                "s",
            ),
        }
    }

    pub(crate) fn count(&self, source: Source, outcome: Outcome) {
        let labels = [("outcome", outcome.as_str()), ("url", source.as_str())];
        self.requests.add(1, &labels.map(|(name, value)| KeyValue::new(name, value)));
    }

    pub(crate) fn measure(&self, body: &[u8]) {
        self.body.record(body.len() as f64, &[]);
    }
}
