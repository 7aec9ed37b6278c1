//! The bus against a real RabbitMQ, at `AMQP_URL` or on this machine.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[expect(unreachable_pub, reason = "public in the crate it is shared with")]
#[path = "../../../test-support/src/proxy.rs"]
mod proxy;

mod consuming;
mod outages;
mod parking;
mod publishing;
mod restoring;
mod retrying;
mod topology;
mod world;
