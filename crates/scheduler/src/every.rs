//! The rhythm of a job.

use std::time::Duration;

use runtime::Stop;
use tokio::time::sleep;

/// The longest pause after a job that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Whether a job has more to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// A full portion was done: there may be more.
    More,
    /// Nothing is left for now.
    Idle,
}

impl Progress {
    /// `More` when a portion was as large as it may be.
    pub(crate) fn of(done: usize, portion: i64) -> Self {
        if i64::try_from(done).unwrap_or(i64::MAX) >= portion { Self::More } else { Self::Idle }
    }
}

/// Does `work` every `interval`, and again at once while there is more, until somebody stops. What
/// has begun is finished. A failure is logged and tried again, at growing distance.
pub(crate) async fn every<F>(
    name: &'static str,
    interval: Duration,
    stop: Stop,
    mut work: impl FnMut() -> F,
) where
    F: Future<Output = anyhow::Result<Progress>>,
{
    let mut failures = 0_u32;
    while !stop.is_stopped() {
        let pause = match work().await {
            Ok(progress) => {
                if failures > 0 {
                    tracing::info!(job = name, "{name}: works again");
                }
                failures = 0;
                if progress == Progress::More { Duration::ZERO } else { interval }
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                let error = format!("{error:#}");
                tracing::warn!(job = name, failures, error, "{name}: will be tried again");
                interval.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE)
            }
        };
        stop.until(sleep(pause)).await;
    }
}
