//! The webhook-log with a real RabbitMQ and Postgres.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod attribution;
mod diagnosis;
mod forged;
mod logging;
mod notifying;
mod reverify;
mod world;
