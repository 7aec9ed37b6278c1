//! Whether what a process depends on answers.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use tokio::time::{Instant, timeout};

use crate::stop::Stop;

/// How long one check may take before it counts as failed.
const CHECK_TIME: Duration = Duration::from_secs(2);

/// How long an answer is good, so that a flood of probes costs nothing.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// The answer of one check: its name, and why it fails.
pub type Answer = (&'static str, Result<(), String>);

type Ask = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The checks of a process. All clones are one.
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    checks: RwLock<Vec<(&'static str, Ask)>>,
    latest: tokio::sync::Mutex<Option<(Instant, Vec<Answer>)>>,
}

impl Health {
    /// No checks: always ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the check of a dependency. One that takes longer than 2 s counts as failed. The error
    /// is logged and must hold no secret.
    pub fn check(
        &self,
        name: &'static str,
        ask: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) {
        let mut checks = self.0.checks.write().unwrap_or_else(PoisonError::into_inner);
        checks.push((name, Arc::new(ask)));
    }

    /// Makes a process that has been stopped not ready, so that it gets no new work.
    pub fn until_stopped(&self, stop: Stop) {
        self.check("running", move || {
            let running = if stop.is_stopped() { Err("stopping".to_owned()) } else { Ok(()) };
            Box::pin(std::future::ready(running))
        });
    }

    /// Asks all checks at once, or repeats their answers of the last second.
    pub async fn ready(&self) -> Vec<Answer> {
        // Held while the checks are asked, on purpose: who comes meanwhile gets the same answer.
        let mut latest = self.0.latest.lock().await;
        if let Some((at, answers)) = &*latest
            && at.elapsed() < ANSWER_TIME
        {
            return answers.clone();
        }
        let answers = self.ask_all().await;
        tell_changes(latest.as_ref().map_or(&[], |(_, before)| before), &answers);
        *latest = Some((Instant::now(), answers.clone()));
        answers
    }

    async fn ask_all(&self) -> Vec<Answer> {
        let checks = self.0.checks.read().unwrap_or_else(PoisonError::into_inner).clone();
        join_all(checks.into_iter().map(async |(name, ask)| {
            let late = || Err(format!("no answer within {} s", CHECK_TIME.as_secs()));
            (name, timeout(CHECK_TIME, ask()).await.unwrap_or_else(|_| late()))
        }))
        .await
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}

fn tell_changes(before: &[Answer], answers: &[Answer]) {
    for (name, answer) in answers {
        let was_ready =
            before.iter().find(|(known, _)| known == name).is_none_or(|(_, a)| a.is_ok());
        match answer {
            Err(reason) if was_ready => {
                tracing::warn!(dependency = name, "not ready: {name}: {reason}");
            }
            Ok(()) if !was_ready => tracing::info!(dependency = name, "ready again: {name}"),
            Ok(()) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_probes_asks_once_a_second() {
        let health = Health::new();
        let asked = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        health.check("postgres", move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::ready(Ok(())))
        });

        join_all((0..100).map(|_| health.ready())).await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);

        tokio::time::advance(ANSWER_TIME).await;
        health.ready().await;
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_counts_as_failed() {
        let health = Health::new();
        health.check("amqp", || Box::pin(std::future::pending()));

        let answers = health.ready().await;

        assert_eq!(answers, [("amqp", Err("no answer within 2 s".to_owned()))]);
    }

    #[tokio::test]
    async fn a_stopped_process_is_not_ready() {
        let (health, stop) = (Health::new(), Stop::new());
        health.until_stopped(stop.clone());
        stop.stop();

        assert_eq!(health.ready().await, [("running", Err("stopping".to_owned()))]);
    }
}
