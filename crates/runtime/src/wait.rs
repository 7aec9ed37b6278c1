//! Waiting for a dependency that does not answer yet.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::stop::Stop;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// The process was stopped while it waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped while waiting for {0}")]
pub struct Stopped(pub &'static str);

/// Tries `attempt` until it succeeds, with pauses from 0.1 s to 2 s.
///
/// Says why it waits at the first failure, whenever the reason changes, and every 10 s; and says
/// once that the wait is over. The errors must hold no secret.
///
/// # Errors
/// [`Stopped`] when `stop` was stopped first.
pub async fn wait_for<T, E, F>(
    name: &'static str,
    stop: &Stop,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Stopped>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let mut pause = FIRST_PAUSE;
    let mut told = Told::default();
    loop {
        match stop.until(attempt()).await.ok_or(Stopped(name))? {
            Ok(value) => {
                told.over(name);
                return Ok(value);
            }
            Err(error) => told.waiting(name, error.to_string()),
        }
        stop.until(sleep(pause)).await.ok_or(Stopped(name))?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What the log has been told.
#[derive(Default)]
struct Told(Option<(String, Instant)>);

impl Told {
    fn waiting(&mut self, name: &'static str, reason: String) {
        let known =
            self.0.as_ref().is_some_and(|(old, at)| *old == reason && at.elapsed() < SAY_AGAIN);
        if !known {
            tracing::warn!(dependency = name, "waiting for {name}: {reason}");
            self.0 = Some((reason, Instant::now()));
        }
    }

    fn over(&self, name: &'static str) {
        if self.0.is_some() {
            tracing::info!(dependency = name, "{name} answers");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::telemetry::testing::Captured;

    #[tokio::test(start_paused = true)]
    async fn a_dependency_that_comes_late_is_waited_for_and_told_once_each_ten_seconds() {
        let captured = Captured::start();
        let (stop, mut tries) = (Stop::new(), 0);
        let answer = wait_for("postgres", &stop, || {
            tries += 1;
            ready(if tries < 12 { Err("connection refused") } else { Ok(()) })
        });

        assert_eq!(answer.await, Ok(()));

        let log = captured.text();
        assert_eq!(log.matches("waiting for postgres: connection refused").count(), 2, "{log}");
        assert_eq!(log.matches("postgres answers").count(), 1, "{log}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_reason_is_told_at_once() {
        let captured = Captured::start();
        let stop = Stop::new();
        let mut reasons = vec!["starting up", "starting up", "connection refused"];
        let answer = wait_for("postgres", &stop, || ready(reasons.pop().map_or(Ok(()), Err)));

        assert_eq!(answer.await, Ok(()));

        let log = captured.text();
        assert_eq!(log.matches("waiting for").count(), 2, "{log}");
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait() {
        let stop = Stop::new();
        stop.stop();

        let answer = wait_for("redis", &stop, || ready(Err::<(), _>("no"))).await;

        assert_eq!(answer, Err(Stopped("redis")));
        assert_eq!(Stopped("redis").to_string(), "stopped while waiting for redis");
    }
}
