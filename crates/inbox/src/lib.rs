//! What people write → service windows.
//!
//! In come webhook POSTs from queue `inbox`, each with the scope that its signature proved. Out go
//! rows that say until when a number may answer a person freely, and a word to the limits, because
//! Meta counts what a number receives as well as what it sends. Doing a batch again changes nothing:
//! a window only moves to the later of two messages.
//!
//! This crate must not know HTTP, who sends what, or what a status is.

mod handle;
mod map;
mod metrics;

use amqp::{BatchOptions, Queue, run_batches};
use backbone::Backbone;
use limits::{Inbound, RedisConfig};
use runtime::{ConfigError, Env, Service, Stop};

use crate::handle::Listener;

/// How the service works.
#[derive(Clone, Debug)]
pub struct Config {
    /// `WAYPOST_INBOX_BATCH`: how many POSTs are taken in by one statement at most, default 200.
    pub batch: u16,
    /// `REDIS_URL`; see [`backbone::redis`].
    pub redis: RedisConfig,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The variable that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            batch: env.bounded("WAYPOST_INBOX_BATCH", 200, 1..=2000)?,
            redis: backbone::redis(env)?,
        })
    }
}

/// The service, ready to run.
///
/// # Errors
/// When `REDIS_URL` is no URL of Redis.
pub fn start(config: Config, backbone: &Backbone, stop: Stop) -> anyhow::Result<Service> {
    let options = BatchOptions { max: config.batch, at_once: 1 };
    let listener = Listener::new(backbone.db.clone(), Inbound::new(config.redis)?, stop.clone());
    let bus = backbone.bus.clone();
    Ok(Service::new("inbox", async move {
        let handle = |batch| listener.handle(batch);
        run_batches(&bus, Queue::Inbox, options, stop.token(), handle).await?;
        Ok(())
    }))
}
