//! Everything that time triggers.
//!
//! Each job looks at rows, not at requests: it takes no input, is harmless to repeat, and may run
//! in several schedulers at once, because rows are taken with `SKIP LOCKED` and every step is
//! guarded. A request path notices work by a signal (a job on the bus); these sweeps notice the
//! same work when the signal was lost.
//!
//! In comes the time; out go jobs for the dispatcher and rows moved on. This crate must not know
//! Meta.

mod budget;
mod every;
mod keep;
mod messages;
mod metrics;
mod portfolios;
mod spool;

use std::sync::Arc;
use std::time::Duration;

use backbone::Backbone;
use futures::future::BoxFuture;
use runtime::{ConfigError, Env, Service, Stop};
use tokio::task::JoinSet;

use crate::every::{Progress, every};
use crate::metrics::Metrics;

/// How the service works.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// `WAYPOST_SWEEP_MS`: how often parked messages are looked for that are due, in milliseconds,
    /// default 100. It bounds how late a waiting message comes back.
    pub sweep: Duration,
    /// `WAYPOST_UNKNOWN_GRACE_S`: how long a message whose answer was lost waits for an echo before
    /// its own policy applies, in seconds, default 120.
    pub unknown_grace: Duration,
    /// `WAYPOST_WEBHOOK_KEEP_DAYS`: how many days the log of webhook POSTs goes back at least,
    /// default 90; a month is forgotten as a whole.
    pub webhook_days: u16,
    /// `WAYPOST_MESSAGE_KEEP_DAYS`: how many days messages are kept at least, with their attempts and
    /// waits; a month is forgotten as a whole. `None`, the default: for ever. At least 32, so that
    /// whatever is dropped is past its deadline (30 days) and out of the window of every messaging
    /// limit (one day).
    pub message_days: Option<u16>,
    /// `WAYPOST_BUDGET_RESERVED_PERCENT`; see [`backbone::budget_reserved`].
    pub budget_reserved: u8,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The variable that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let sweep = env.bounded("WAYPOST_SWEEP_MS", 100_u64, 10..=60_000)?;
        Ok(Self {
            sweep: Duration::from_millis(sweep),
            unknown_grace: env.seconds("WAYPOST_UNKNOWN_GRACE_S", Duration::from_secs(120))?,
            webhook_days: env.bounded("WAYPOST_WEBHOOK_KEEP_DAYS", 90, 8..=3_650)?,
            message_days: env.optional_bounded("WAYPOST_MESSAGE_KEEP_DAYS", 32..=3_650)?,
            budget_reserved: backbone::budget_reserved(env)?,
        })
    }
}

/// What all jobs share.
struct Shared {
    config: Config,
    backbone: Backbone,
    publisher: amqp::Publisher,
    metrics: Metrics,
}

type Work = fn(Arc<Shared>) -> BoxFuture<'static, anyhow::Result<Progress>>;

/// The jobs: a name, how often, and what.
fn jobs(config: &Config) -> [(&'static str, Duration, Work); 14] {
    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);
    [
        ("publish due messages", config.sweep, |s| Box::pin(messages::publish_due(s))),
        ("recover lapsed leases", SECOND, |s| Box::pin(messages::recover_lapsed(s))),
        ("resolve unknown messages", SECOND, |s| Box::pin(messages::resolve_unknown(s))),
        ("adopt orphaned statuses", SECOND, |s| Box::pin(messages::adopt_orphans(s))),
        ("see what budgets have room", SECOND * 10, |s| Box::pin(budget::see(s))),
        ("publish spooled webhooks", SECOND, |s| Box::pin(spool::publish(s))),
        ("measure what waits", SECOND * 10, |s| Box::pin(metrics::measure(s))),
        ("measure messaging limits", MINUTE, |s| Box::pin(budget::measure(s))),
        ("make partitions", HOUR, |s| Box::pin(keep::make_partitions(s))),
        ("forget what is old", HOUR, |s| Box::pin(keep::forget_old(s))),
        ("forget closed windows", HOUR, |s| Box::pin(keep::forget_windows(s))),
        ("forget rejected webhooks", MINUTE, |s| Box::pin(keep::forget_rejected(s))),
        ("forget old webhooks", HOUR, |s| Box::pin(keep::forget_webhooks(s))),
        ("forget old messages", HOUR, |s| Box::pin(keep::forget_messages(s))),
    ]
}

/// The service, ready to run.
pub fn start(config: Config, backbone: &Backbone, stop: Stop) -> Service {
    let shared = Arc::new(Shared {
        config,
        backbone: backbone.clone(),
        publisher: backbone.bus.publisher(),
        metrics: Metrics::new(),
    });
    Service::new("scheduler", async move {
        let mut running = JoinSet::new();
        for (name, interval, work) in jobs(&config) {
            let shared = Arc::clone(&shared);
            running.spawn(every(name, interval, stop.clone(), move || work(Arc::clone(&shared))));
        }
        while let Some(ended) = running.join_next().await {
            ended?;
        }
        Ok(())
    })
}
