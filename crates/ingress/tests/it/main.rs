//! The ingress over real connections, with a real RabbitMQ and Postgres.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod challenge;
mod connections;
mod floods;
mod outages;
mod publishing;
mod rejecting;
mod silence;
mod urls;
mod world;
