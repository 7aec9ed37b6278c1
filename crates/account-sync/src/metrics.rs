use runtime::metrics::{Counter, Gauge, counter, gauge};

/// What the service measures.
pub(crate) struct Metrics {
    pub(crate) news: Counter,
    pub(crate) touched: Counter,
    pub(crate) poison: Counter,
    /// By what came of it.
    pub(crate) polls: Counter,
    /// By kind.
    pub(crate) findings: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            news: counter("waypost.accounts.news", "Updates about accounts read from webhooks"),
            touched: counter("waypost.accounts.touched", "Rows that news of accounts changed"),
            poison: counter("waypost.accounts.poison", "Items that could not be read or stored"),
            polls: counter("waypost.accounts.polls", "Connections that Meta was asked about"),
            findings: gauge(
                "waypost.accounts.findings",
                "Open notifications of how connections stand",
                "{notification}",
            ),
        }
    }
}
