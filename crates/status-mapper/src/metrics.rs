use runtime::metrics::{Counter, Histogram, counter, histogram_with};

/// What the service measures.
pub(crate) struct Metrics {
    pub(crate) statuses: Counter,
    pub(crate) merged: Counter,
    pub(crate) unmatched: Counter,
    pub(crate) orphaned: Counter,
    pub(crate) poison: Counter,
    pub(crate) batch: Histogram,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        const SIZES: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 200.0];
        Self {
            statuses: counter("waypost.statuses.received", "Statuses read from webhooks"),
            merged: counter("waypost.statuses.merged", "Messages that a batch of statuses reached"),
            unmatched: counter(
                "waypost.statuses.unmatched",
                "Messages that statuses spoke of and that are not ours or not in scope",
            ),
            orphaned: counter(
                "waypost.statuses.orphaned",
                "Messages whose facts are kept until their wamid is known",
            ),
            poison: counter("waypost.statuses.poison", "Items that could not be read or stored"),
            batch: histogram_with(
                "waypost.statuses.batch",
                "POSTs merged by one statement",
                "{post}",
                &SIZES,
            ),
        }
    }
}
