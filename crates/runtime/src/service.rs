//! Services, and how a process runs them to their end.

mod signals;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use futures::future::BoxFuture;
use futures::stream::{Stream, StreamExt};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

pub(crate) use self::signals::signals;
use crate::env::{ConfigError, Env};
use crate::stop::Stop;
use crate::wait::Stopped;

/// Something that runs until it is stopped. It is handed over prepared: what it binds or declares
/// has been bound and declared.
pub struct Service {
    /// The name in log lines and errors.
    pub name: &'static str,
    /// The work. It ends with `Ok` after its [`Stop`] was stopped and what it had begun is done.
    pub task: BoxFuture<'static, anyhow::Result<()>>,
}

impl Service {
    /// A service called `name` that does `task`.
    pub fn new(
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> Self {
        Self { name, task: Box::pin(task) }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A service that listens, and where.
#[derive(Debug)]
pub struct Bound {
    /// The address it is bound to, with the port that the system chose.
    pub addr: SocketAddr,
    /// The service, to be run.
    pub service: Service,
}

/// How long a stopped process waits for what it has begun: `WAYPOST_DRAIN_S`, seconds, default 30.
///
/// # Errors
/// When the variable is not a number of seconds.
pub fn drain_time(env: &Env) -> Result<Duration, ConfigError> {
    env.seconds("WAYPOST_DRAIN_S", Duration::from_secs(30))
}

/// Runs all services until they have ended.
///
/// The first SIGINT or SIGTERM stops them softly; a second one, or `drain` after the stop, ends
/// them hard. A service that ends, fails or panics before the stop stops all others.
///
/// # Errors
/// The first failure of a service; else which services had to be ended hard.
pub async fn run(services: Vec<Service>, stop: Stop, drain: Duration) -> anyhow::Result<()> {
    run_with(services, stop, drain, &mut signals()?).await
}

/// As [`run`], with a signal for each item of `signals`.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    services: Vec<Service>,
    stop: Stop,
    drain: Duration,
    signals: &mut (impl Stream<Item = &'static str> + Unpin),
) -> anyhow::Result<()> {
    let mut running = Running::start(services, stop.clone());
    loop {
        tokio::select! {
            // A signal that comes after the stop is a second one, never a first one again.
            biased;
            () = stop.stopped() => break,
            ended = running.next() => if ended.is_none() { return running.outcome() },
            Some(signal) = signals.next() => {
                tracing::info!(signal, "stopping: what has begun is finished first");
                stop.stop();
            }
        }
    }
    let deadline = Instant::now() + drain;
    loop {
        tokio::select! {
            ended = running.next() => if ended.is_none() { return running.outcome() },
            Some(signal) = signals.next() => return running.end_hard(signal).await,
            () = tokio::time::sleep_until(deadline) => {
                return running.end_hard("the drain deadline").await;
            }
        }
    }
}

struct Running {
    tasks: JoinSet<anyhow::Result<()>>,
    names: Vec<(Id, &'static str)>,
    stop: Stop,
    failure: Option<anyhow::Error>,
}

impl Running {
    fn start(services: Vec<Service>, stop: Stop) -> Self {
        let mut tasks = JoinSet::new();
        let names = services.into_iter().map(|s| (tasks.spawn(s.task).id(), s.name)).collect();
        Self { tasks, names, stop, failure: None }
    }

    /// Waits for the end of one service; `None` when none is left.
    async fn next(&mut self) -> Option<()> {
        let (id, result) = match self.tasks.join_next_with_id().await? {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(panic_of(error))),
        };
        let name = self.forget(id);
        match result {
            Ok(()) if self.stop.is_stopped() => tracing::debug!(service = name, "{name} ended"),
            Ok(()) => self.fail(anyhow!("{name} ended although nobody stopped it")),
            Err(error) if self.stop.is_stopped() && was_waiting(&error) => {
                tracing::debug!(service = name, "{name} ended while it waited: {error:#}");
            }
            Err(error) => self.fail(error.context(format!("{name} failed"))),
        }
        Some(())
    }

    fn forget(&mut self, id: Id) -> &'static str {
        let place = self.names.iter().position(|(known, _)| *known == id);
        place.map_or("a service", |place| self.names.swap_remove(place).1)
    }

    /// Keeps the first failure, which is the cause; the later ones are logged alone.
    fn fail(&mut self, error: anyhow::Error) {
        tracing::error!(error = %format_args!("{error:#}"), "a service failed; stopping the others");
        self.failure.get_or_insert(error);
        self.stop.stop();
    }

    fn outcome(self) -> anyhow::Result<()> {
        self.failure.map_or(Ok(()), Err)
    }

    async fn end_hard(mut self, why: &str) -> anyhow::Result<()> {
        let names: Vec<_> = self.names.iter().map(|(_, name)| *name).collect();
        let names = names.join(", ");
        tracing::error!(services = names, "{why} ends what is still running: {names}");
        self.tasks.abort_all();
        if let Some(failure) = self.failure.take() {
            return Err(failure).with_context(|| format!("{why} ended {names}"));
        }
        bail!("{why} ended {names} before the work was done")
    }
}

/// Whether a service ended because it was stopped while a dependency was away: nothing was begun.
fn was_waiting(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<Stopped>)
}

fn panic_of(error: JoinError) -> anyhow::Error {
    match error.try_into_panic() {
        Ok(payload) => anyhow!("it panicked: {}", panic_message(&*payload)),
        Err(error) => error.into(),
    }
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests;
