//! Every HTTP route that is not Meta's, and the enqueue exchange.
//!
//! In come requests with an API key or a member's token, and publications on `waypost.notify`; out come rows in
//! `messages`, jobs in the lanes, and answers. A message is on its way as soon as its row is
//! committed: the job is published after the commit, and one that is lost is published again by
//! the scheduler. So nothing here waits for the broker, and nothing answers 2xx before the commit.
//!
//! What a message may say is `domain`'s to judge, and when it goes out is the dispatcher's. Meta itself
//! is asked for callers of its own routes (`graph`), and about connections: whether a token reaches
//! what it is said to reach ([`connections`]).

mod api;
mod auth;
mod body;
mod bus;
mod callers;
mod config;
pub mod connections;
mod cursor;
mod enqueue;
mod error;
mod graph;
mod handlers;
mod idempotency;
mod jobs;
pub mod keys;
pub mod members;
mod metrics;
mod notify;
mod openapi;
mod problem;
mod provider;
mod query;
pub mod replay;
pub mod resolve;
mod routes;
mod schema;
mod scope;
mod service;
mod signup;
mod trace;
mod view;

pub use crate::config::Config;
pub use crate::openapi::openapi;
pub use crate::provider::provider;
pub use crate::service::{Started, start};
