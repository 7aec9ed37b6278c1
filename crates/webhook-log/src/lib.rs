//! Every POST to a webhook URL → a row of `webhook_events`.
//!
//! In comes everything that ingress received, signed or not, repeats too. Out go rows that say when
//! it came, whether its signature proved an app, and what could not be read of it; the raw body is
//! sealed. A delivery that comes twice finds its row. In the same transaction each tenant that it
//! concerns gets a line of its audit log; a refused POST is held against what its tenant has, and
//! its owner is told what to mend. Once a secret is saved that proves it, it goes on as any other.
//! Nothing here acts on what a body says.

mod config;
mod diagnose;
mod examine;
mod found;
mod handle;
mod outside;
mod reverify;
mod row;
mod write;

use amqp::{BatchOptions, Queue, run_batches};
use backbone::Backbone;
use runtime::{Service, Stop};

pub use crate::config::Config;
use crate::handle::Log;
use crate::reverify::Reverifier;

/// The service, ready to run.
pub fn start(config: &Config, backbone: &Backbone, stop: Stop) -> Service {
    let options = BatchOptions { max: config.batch, at_once: 2 };
    let log = Log::new(config, backbone, stop.clone());
    let reverifier = Reverifier::new(config, backbone, stop.clone());
    let bus = backbone.bus.clone();
    Service::new("webhook-log", async move {
        let handle = |batch| log.handle(batch);
        let logging = async {
            run_batches(&bus, Queue::WebhookLog, options, stop.token(), handle).await?;
            anyhow::Ok(())
        };
        tokio::try_join!(logging, reverifier.run())?;
        Ok(())
    })
}
