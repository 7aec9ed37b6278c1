use runtime::metrics::{Counter, counter};

/// What the service measures.
pub(crate) struct Metrics {
    pub(crate) messages: Counter,
    pub(crate) poison: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            messages: counter("waypost.inbox.messages", "Messages from people, read from webhooks"),
            poison: counter("waypost.inbox.poison", "Items that could not be read or stored"),
        }
    }
}
