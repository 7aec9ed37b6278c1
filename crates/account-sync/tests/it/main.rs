#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(missing_docs, reason = "a test binary has no readers but its own")]

mod calls;
mod drift;
mod meta;
mod order;
mod outage;
mod poll;
mod posts;
mod scope;
mod silence;
mod token;
mod webhooks;
mod world;
