//! The bus: topology as data, confirmed publisher, batch consumer with retry, park and drain.
//!
//! In come bodies to publish and verdicts about deliveries; out come deliveries. What a body means
//! is not known here: `contracts` reads and writes it. Nothing outside this crate names lapin.
//!
//! The promises, which the tests under `tests/it` hold against a real broker:
//!
//! * A publish that answers `Ok` is on the broker's disk. What no queue is bound for is caught by
//!   an alternate exchange, so nothing published is dropped.
//! * Each delivery ends in exactly one of ack, retry and park; one that ends in none of them comes
//!   again. So everything arrives at least once, and every consumer must be idempotent.
//! * After an outage publishers and consumers come back by themselves, and so does whatever queue,
//!   exchange or binding the broker has lost, where the bus was asked once to declare them.
//!
//! A bus holds two connections, one to publish and one to consume: a broker that runs out of memory
//! or disk stops reading from whoever publishes, and acks must still get through then.
//!
//! lapin's own recovery is left off. It restores channel by channel and gives up at the first one
//! that cannot be restored, which leaves the others hanging; and it keeps unanswered confirms
//! waiting until the broker is back. Here a lost connection fails its confirms at once and is
//! replaced as a whole.

mod batch;
mod bus;
mod connection;
mod consumer;
mod delivery;
mod error;
mod letter;
mod parking;
mod publisher;
mod settle;
mod topology;
mod upkeep;

pub use crate::batch::{BatchOptions, run_batches};
pub use crate::bus::{Bus, BusConfig};
pub use crate::consumer::{Consumer, MAX_DELIVERIES};
pub use crate::delivery::Delivery;
pub use crate::error::{BusError, PublishError};
pub use crate::parking::ParkedMessage;
pub use crate::publisher::{Outgoing, Publisher};
pub use crate::settle::{Settled, Verdict, settle};
pub use crate::topology::{Exchange, Queue, RETRY_WAITS, UnknownQueue};
