//! A look at each connection every now and then, for what no webhook and no answer tells: silence.

use std::sync::Arc;
use std::time::Duration;

use backbone::{Backbone, persist};
use chrono::TimeDelta;
use runtime::Stop;
use runtime::metrics::KeyValue;
use store::sync;
use tokio::time::sleep;

use crate::config::Watch;
use crate::drift::KINDS;
use crate::judge::judge;
use crate::metrics::Metrics;

/// How many connections are looked at in one go.
const PORTION: i64 = 100;

/// Looks at every connection once in an interval, whichever instance does it, until somebody stops.
pub(crate) async fn run(
    backbone: Backbone,
    watch: Watch,
    metrics: Arc<Metrics>,
    stop: Stop,
) -> anyhow::Result<()> {
    let every = TimeDelta::from_std(watch.every)?;
    let pause = (watch.every / 4).min(Duration::from_secs(5));
    while !stop.is_stopped() {
        let now = runtime::now();
        let taken = persist(&stop, || async {
            sync::watch(&backbone.db.client().await?, now - every, PORTION, now).await
        });
        let Ok(taken) = taken.await else { break };
        let taken = taken?;
        let is_full = i64::try_from(taken.len()).is_ok_and(|taken| taken == PORTION);
        for connection_id in &taken {
            if judge(&backbone, &watch, *connection_id, &stop).await.is_err() {
                return Ok(());
            }
        }
        if !taken.is_empty() {
            measure(&backbone, &metrics).await;
        }
        if !is_full {
            stop.until(sleep(pause)).await;
        }
    }
    Ok(())
}

/// Counts what is open.
async fn measure(backbone: &Backbone, metrics: &Metrics) {
    let counted = async { sync::open_by_kind(&backbone.db.client().await?).await };
    let counted: Vec<(String, i64)> = match counted.await {
        Ok(counted) => counted,
        Err(error) => {
            tracing::warn!(error = backbone::chain(&error), "open notifications are not counted");
            return;
        }
    };
    for kind in KINDS {
        let open = counted.iter().find(|(known, _)| known == kind).map_or(0, |(_, open)| *open);
        metrics.findings.record(open as f64, &[KeyValue::new("kind", kind)]);
    }
}
