//! What tests stand on: real servers, isolated from each other.
//!
//! A database of its own for each test, cloned from a migrated template; queues under a prefix of
//! their own; a simulator of Meta in process; a proxy that can cut a connection. Everything is
//! removed again when its value is dropped. Nothing here is a mock.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod bus;
mod db;
mod eventually;
mod logs;
mod own_app;
pub mod proxy;
mod world;

pub use bus::{TestBus, backbone};
pub use db::TestDb;
pub use eventually::{eventually, eventually_within};
pub use logs::Lines;
pub use own_app::{OwnApp, own_app};
pub use world::{Sender, VAULT_KEYS, sender, uncounted, vault};
