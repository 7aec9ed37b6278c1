//! Every row: the connection pool, the schema, the vault and, one module for each aggregate, all
//! the SQL of Waypost.
//!
//! In come domain values and `now`; out come domain values and outcomes by name. A function owns
//! one statement and opens no transaction; whoever calls decides what belongs together. Batches
//! are one round trip, whatever their size. This crate knows neither the bus nor Meta, and it has
//! no clock: the time is an argument.

pub mod account_events;
pub mod accounts;
mod acting;
pub mod api_keys;
pub mod app_secrets;
pub mod audit;
pub mod budget;
pub mod connections;
pub mod databases;
mod db;
mod error;
pub mod idempotency;
pub mod limit_workers;
pub mod members;
pub mod messages;
pub mod notifications;
pub mod orphans;
pub mod partitions;
pub mod registration;
pub mod schema;
pub mod sealed;
pub mod senders;
pub mod service_windows;
pub mod signups;
pub mod spool;
pub mod statuses;
pub mod sync;
pub mod templates;
pub mod tenants;
mod vault;
pub mod webhook_events;
pub mod webhook_urls;

pub use acting::acting_for;
pub use db::{Client, Db, DbConfig, GenericClient, Transaction};
pub use error::{Cause, Error};
pub use vault::{InvalidKey, Unsealable, Vault};

/// What every function here answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
