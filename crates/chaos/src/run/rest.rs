//! After the last disturbance: waits until nothing moves any more, and judges what then stands.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::{Answers, LOOK_EVERY, Outcome, Stage, note};
use crate::laws;
use crate::plan::{NUMBERS, Plan};
use crate::snapshot::{Snapshot, Webhooks};

/// How long a Waypost that is disturbed no more has to come to rest.
const PATIENCE: Duration = Duration::from_secs(240);

/// For how long it then has to stay so: longer than any wait after which a message is sent again.
const STILL: Duration = Duration::from_secs(8);

impl Stage<'_> {
    /// Looks until every law has held for a while, or one is broken for good, or patience ends.
    pub(super) async fn rest(&mut self, plan: Plan, answers: Answers) -> anyhow::Result<Outcome> {
        let calm = Instant::now();
        let (mut moved_at, mut known_sends) = (calm, 0);
        loop {
            self.services.look_after_all()?;
            let mut snapshot = self.look(&plan, &answers).await?;
            let mut violations = laws::violations(&snapshot);
            let is_over = calm.elapsed() > PATIENCE;
            // The bus is asked last: it takes seconds to answer.
            if violations.is_empty() || is_over {
                snapshot.queues = self.servers.queues().await?;
                snapshot.parked = self.servers.parked().await?;
                violations = laws::violations(&snapshot);
            }
            let is_still = moved_at.elapsed() > STILL;
            let recovered_in = if !violations.is_empty() || snapshot.sends.len() != known_sends {
                moved_at = Instant::now();
                known_sends = snapshot.sends.len();
                let is_broken = violations.iter().any(|violation| !violation.may_heal);
                (is_over || is_broken).then(|| calm.elapsed())
            } else if is_still {
                Some(moved_at - calm)
            } else {
                is_over.then(|| calm.elapsed())
            };
            if let Some(recovered_in) = recovered_in {
                return Ok(Outcome {
                    plan,
                    snapshot,
                    violations,
                    clocks_stepped: self.clocks.is_some(),
                    recovered_in,
                    logs: None,
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// All that can be seen, but the bus.
    async fn look(&self, plan: &Plan, answers: &Answers) -> anyhow::Result<Snapshot> {
        // The rows first: a row must not tell of a send that was not yet seen. What Meta did
        // meanwhile is what the rows do not tell yet, and that heals.
        let seen = self.database.look().await?;
        let sends = self.meta.sends();
        let webhooks = self.meta.control.stats().webhooks;
        note(&self.best, &seen.rows);
        let wrote = plan.writers.iter().map(|it| (it.to.id.to_owned(), it.from.clone()));
        Ok(Snapshot {
            numbers: NUMBERS.to_vec(),
            accepted: answers.accepted.clone(),
            unanswered: answers.unanswered,
            rows: seen.rows,
            sends,
            seen: self.best.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            wrote: wrote.collect(),
            windows: seen.windows,
            webhooks: Webhooks {
                idle: webhooks.is_idle(),
                taken: webhooks.delivered,
                given_up: webhooks.given_up,
                logged: seen.logged,
                spooled: seen.spooled,
            },
            queues: BTreeMap::new(),
            parked: Vec::new(),
            lags: self.lag.seen(),
            ended: self.services.ended.clone(),
        })
    }
}
