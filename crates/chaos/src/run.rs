//! One run: load and disturbances side by side, then rest, then the laws.

mod callers;
mod disturb;
mod rest;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use runtime::Stop;

use crate::laws::Violation;
use crate::plan::{Plan, Server};
use crate::snapshot::{Facts, Row, Snapshot};
use crate::world::{Addresses, Balancer, Clocks, Database, Meta, Servers, Services, Watch, Ways};
use callers::Callers;

/// Between two looks at the rows.
const LOOK_EVERY: Duration = Duration::from_millis(700);

/// What a run showed.
#[derive(Debug)]
pub struct Outcome {
    /// What was done.
    pub plan: Plan,
    /// What stood at the end.
    pub snapshot: Snapshot,
    /// Which laws did not hold.
    pub violations: Vec<Violation>,
    /// Whether clocks could be set wrong; else what the plan says of them was left out.
    pub clocks_stepped: bool,
    /// From the end of the load and of all disturbances to the last change.
    pub recovered_in: Duration,
    /// Where the logs are, when a law did not hold.
    pub logs: Option<PathBuf>,
}

/// What a run has to do with. Processes end before the servers that they use.
struct Stage<'a> {
    services: Services,
    /// Where they can be set wrong one by one.
    clocks: Option<Clocks>,
    ways: Ways,
    _balancer: Balancer,
    meta: Meta,
    database: Database,
    servers: &'a Servers,
    /// What was ever seen to stand in each row.
    best: Mutex<BTreeMap<String, Facts>>,
    lag: Watch,
}

/// What callers were answered.
#[derive(Clone, Debug, Default)]
struct Answers {
    /// What each called its message, and the id it was given.
    accepted: BTreeMap<String, String>,
    /// Requests that were never answered.
    unanswered: usize,
}

/// Runs a plan.
///
/// # Errors
/// When the world of the run cannot be made or looked at: that proves nothing about Waypost. The
/// error says where the logs are.
pub async fn run(plan: Plan) -> anyhow::Result<Outcome> {
    runtime::choose_tls();
    let servers = Servers::start().await?;
    let seed = plan.seed;
    match on(&servers, plan).await {
        Ok(outcome) if outcome.violations.is_empty() => Ok(outcome),
        Ok(outcome) => Ok(Outcome { logs: Some(keep_logs(&servers, seed)?), ..outcome }),
        Err(error) => {
            let logs = keep_logs(&servers, seed)?;
            Err(error).with_context(|| format!("logs in {}", logs.display()))
        }
    }
}

async fn on(servers: &Servers, plan: Plan) -> anyhow::Result<Outcome> {
    let addresses = Addresses::choose()?;
    let balancer = Balancer::start(addresses.ingresses.to_vec()).await?;
    let meta = Meta::start(plan.seed, balancer.addr).await?;
    let clocks = Clocks::found(servers.folder().to_owned()).await?;
    let ways = Ways::start(servers).await;
    let mut services =
        Services::new(servers, addresses, meta.url.clone(), clocks.clone(), ways.clone())?;
    let key = services.set_up().await?;
    let callers = Callers::new(addresses.admin, key)?;
    callers.ready().await?;
    let database = Database::new(servers.direct_url(Server::Postgres))?;
    let (best, lag) = (Mutex::default(), Watch::start());
    let mut stage =
        Stage { services, clocks, ways, _balancer: balancer, meta, database, servers, best, lag };

    let answers = stage.disturbed(&plan, &callers).await?;
    stage.meta.control.clear_faults();
    stage.rest(plan, answers).await
}

impl Stage<'_> {
    /// Load and disturbances; done when both are, and every request has its answer.
    async fn disturbed(&mut self, plan: &Plan, callers: &Callers) -> anyhow::Result<Answers> {
        let Self { services, clocks, ways, meta, database, servers, best, .. } = self;
        let (begun, over) = (Instant::now(), Stop::new());
        let [comings, outages, troubles, steps, deaf] = plan.lanes();
        let happening = async {
            let disturbances = async {
                tokio::try_join!(
                    disturb::services(&comings, services, begun),
                    disturb::servers(&outages, servers, begun),
                    disturb::meta(&troubles, meta, begun),
                    disturb::write(plan, meta, begun),
                    async {
                        match clocks {
                            Some(clocks) => disturb::clocks(&steps, clocks, begun).await,
                            None => Ok(()),
                        }
                    },
                )
            };
            let deaf = disturb::ways(&deaf, ways, begun);
            let (answers, done, ()) =
                tokio::join!(callers.call_all(plan, begun), disturbances, deaf);
            over.token().cancel();
            done?;
            answers
        };
        let (answers, ()) = tokio::join!(happening, watch(database, best, &over));
        answers
    }
}

/// Notes what stands in the rows again and again, whenever the database answers.
async fn watch(database: &Database, best: &Mutex<BTreeMap<String, Facts>>, over: &Stop) {
    while !over.token().is_cancelled() {
        if let Ok(rows) = database.messages().await {
            note(best, &rows);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn note(best: &Mutex<BTreeMap<String, Facts>>, rows: &[Row]) {
    let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
    for row in rows {
        let facts = best.entry(row.message_id.clone()).or_default();
        *facts = facts.union(row.facts);
    }
}

fn keep_logs(servers: &Servers, seed: u64) -> anyhow::Result<PathBuf> {
    let stamp = runtime::now().timestamp();
    let folder = std::env::temp_dir().join(format!("waypost-chaos-logs-{seed}-{stamp}"));
    servers.keep_logs(&folder)?;
    Ok(folder)
}
