#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(missing_docs, reason = "a test binary has no readers but its own")]

mod api_keys;
mod audit_log;
mod auth;
mod batch;
mod bodies;
mod bus;
mod cancel;
mod connections;
mod docs;
mod enqueue;
mod get;
mod graph;
mod idempotency;
mod list;
mod me;
mod members;
mod meta;
mod notifications;
mod notify;
mod outage;
mod provider;
mod resolve;
mod signup;
mod tokens;
mod walk;
mod webhook_events;
mod world;
