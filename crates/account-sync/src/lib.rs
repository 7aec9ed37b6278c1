//! What Meta says about accounts, numbers, templates and limits → rows that say how they stand.
//!
//! In come webhook POSTs from queue `account-sync`, each with the scope that its signature proved,
//! and Meta's answers, which are asked for about each connection in its turn (`poll`). Out go words
//! beside the instant when Meta said them, so that a late or repeated one changes nothing. What the
//! rows then say is judged (`drift`), and so is the silence of what should be heard (`watch`):
//! trouble becomes a notification for the owner, which ends when it has healed.
//!
//! This crate must not know who sends what. Whatever it finds, webhooks are taken as before.

mod apply;
mod config;
mod drift;
mod handle;
mod judge;
mod map;
mod metrics;
mod note;
mod poll;
mod watch;

use std::sync::Arc;

use amqp::{BatchOptions, Queue, run_batches};
use backbone::Backbone;
use runtime::{Service, Stop};
use tokio::task::JoinSet;

pub use crate::config::{Config, Platform, Watch};
use crate::handle::Listener;
use crate::metrics::Metrics;
use crate::poll::Poller;

/// The service, ready to run. Stopped, it finishes the batch that it has begun, asks Meta no more,
/// and gives back the turns that it has taken.
///
/// # Errors
/// When the client of the Graph API cannot be set up.
pub fn start(config: &Config, backbone: &Backbone, stop: Stop) -> anyhow::Result<Service> {
    let options = BatchOptions { max: config.batch, at_once: 1 };
    let metrics = Arc::new(Metrics::new());
    let listener = Listener::new(backbone, config.watch, &metrics, stop.clone());
    let poller = Poller::new(config, backbone, &metrics, stop.clone())?;
    let (backbone, watch) = (backbone.clone(), config.watch);
    Ok(Service::new("account-sync", async move {
        let mut running = JoinSet::new();
        running.spawn(poller.run());
        running.spawn(watch::run(backbone.clone(), watch, metrics, stop.clone()));
        let handle = |batch| listener.handle(batch);
        run_batches(&backbone.bus, Queue::AccountSync, options, stop.token(), handle).await?;
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }))
}
