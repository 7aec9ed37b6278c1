//! `waypost up`: all services in this process.

use std::net::SocketAddr;
use std::process::ExitCode;

use backbone::{Backbone, persist};
use graph_sim::{NumberSpec, OpenNumber};
use runtime::env::SecretString;
use runtime::{ConfigError, Env, Service, Stop};

use crate::host::{self, Hosted, local};
use crate::migrate::migrate;
use crate::one_number::OneNumber;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Up {
    /// Runs a simulator of Meta too (`WAYPOST_SIM_ADDR`, default 127.0.0.1:8090), and sends to
    /// it unless `GRAPH_API_BASE_URL` names another place
    #[arg(long)]
    with_sim: bool,
}

impl Up {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        runtime::serve("waypost", async move |env, stop| start(&self, &env, &stop).await)
    }
}

async fn start(up: &Up, env: &Env, stop: &Stop) -> anyhow::Result<Vec<Service>> {
    // All services share one pool.
    let env = env.with_default("WAYPOST_DATABASE_CONNECTIONS", "32");
    let config = backbone::Config::from_env(&env)?;
    let one_number = OneNumber::from_env(&env)?;
    let simulator = if up.with_sim { Some(simulator(&env)?) } else { None };
    host::check(&env)?;

    migrate(&config.db, stop).await?;
    let backbone = Backbone::connect(&config, "waypost", stop).await?;
    if let Some(one_number) = one_number {
        one_number.ensure(&backbone, stop).await?;
    }
    let simulator = match simulator {
        Some(config) => Some(knowing_our_numbers(config, &backbone, stop).await?),
        None => None,
    };
    let hosted = host::start(&env, &backbone, simulator, stop).await?;
    tell(&hosted);
    warn_of_unread(&env, up.with_sim);
    Ok(hosted.services)
}

fn simulator(env: &Env) -> Result<graph_sim::Config, ConfigError> {
    let mut config = graph_sim::Config::from_env(env)?;
    // During a rotation there are two secrets; ingress takes either.
    let first = env.secret("META_APP_SECRET")?;
    let first = runtime::env::ExposeSecret::expose_secret(&first).split(',').next().map(str::trim);
    config.app_secret = SecretString::from(first.unwrap_or_default());
    Ok(config)
}

/// Webhooks name a number's account, so the simulator must know which number is in which.
async fn knowing_our_numbers(
    mut config: graph_sim::Config,
    backbone: &Backbone,
    stop: &Stop,
) -> anyhow::Result<graph_sim::Config> {
    let numbers =
        persist(stop, || async { store::connections::numbers(&backbone.db.client().await?).await });
    for (phone_number_id, waba_id, rate) in numbers.await?? {
        let listed = &mut config.scenario.numbers;
        if !listed.iter().any(|number| number.phone_number_id == phone_number_id.as_str()) {
            listed.push(NumberSpec {
                waba_id: waba_id.as_str().to_owned(),
                mps: u32::try_from(rate).ok(),
                ..OpenNumber::default().number(phone_number_id.as_str())
            });
        }
    }
    Ok(config)
}

fn tell(hosted: &Hosted) {
    let url = |addr: SocketAddr| format!("http://{}", local(addr));
    let (admin, ingress) = (url(hosted.admin), url(hosted.ingress));
    let simulator = hosted.simulator.as_ref().map(|(addr, _)| url(*addr));
    let beside = simulator.as_ref().map(|url| format!(", simulator {url}")).unwrap_or_default();
    tracing::info!(
        url.api = %format_args!("{admin}/v1"),
        url.docs = %format_args!("{admin}/docs"),
        url.webhooks = %format_args!("{ingress}/webhooks/whatsapp"),
        url.simulator = simulator,
        "API {admin}/v1, reference {admin}/docs, webhooks {ingress}/webhooks/whatsapp{beside}"
    );
}

/// Every service runs here, so a variable that none of them has asked for is misspelt.
fn warn_of_unread(env: &Env, with_sim: bool) {
    let of_others = |name: &str| name == "WAYPOST_API_KEY";
    let of_sim = |name: &str| !with_sim && name.starts_with("WAYPOST_SIM_");
    for name in env.unread().iter().filter(|name| !of_others(name) && !of_sim(name)) {
        tracing::warn!(variable = name, "{name} is set, and nothing here knows it");
    }
}
