//! Statuses → `delivery_status`, `opened_at` and the other facts of a message.
//!
//! In come webhook POSTs from queue `status-mapper`, each with the scope that its signature
//! proved. Out go facts, merged into the rows of messages by one statement for a whole batch.
//! Doing a batch again changes nothing, because facts only move to the earlier of two reports; so
//! a delivery that comes twice is as good as one that comes once.
//!
//! This crate must not know HTTP, Meta's API other than its webhooks, or who listens to a status.

mod apply;
mod handle;
mod map;
mod metrics;

use amqp::{BatchOptions, Queue, run_batches};
use backbone::Backbone;
use runtime::{ConfigError, Env, Service, Stop};

use crate::handle::Mapper;

/// How the service works.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// `WAYPOST_STATUS_BATCH`: how many POSTs are merged by one statement at most, default 200.
    pub batch: u16,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The variable that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { batch: env.bounded("WAYPOST_STATUS_BATCH", 200, 1..=2000)? })
    }
}

/// The service, ready to run.
pub fn start(config: Config, backbone: &Backbone, stop: Stop) -> Service {
    let options = BatchOptions { max: config.batch, at_once: 3 };
    let mapper = Mapper::new(backbone.db.clone(), stop.clone());
    let bus = backbone.bus.clone();
    Service::new("status-mapper", async move {
        let handle = |batch| mapper.handle(batch);
        run_batches(&bus, Queue::StatusMapper, options, stop.token(), handle).await?;
        Ok(())
    })
}
