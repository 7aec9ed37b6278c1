//! All services in one process, on one backbone.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use backbone::Backbone;
use runtime::{ConfigError, Env, Service, Stop};

/// The services, prepared to be run, and where they listen.
pub(crate) struct Hosted {
    /// All of them.
    pub(crate) services: Vec<Service>,
    /// Where webhooks are taken.
    pub(crate) ingress: SocketAddr,
    /// Where the API is served.
    pub(crate) admin: SocketAddr,
    /// The simulator, when there is one.
    pub(crate) simulator: Option<(SocketAddr, graph_sim::Control)>,
}

/// Reads the settings of every service, so that a wrong one is told before anything is begun.
///
/// # Errors
/// The first variable that is missing or wrong.
pub(crate) fn check(env: &Env) -> Result<(), ConfigError> {
    ingress::Config::from_env(env)?;
    admin_api::Config::from_env(env)?;
    dispatcher::Config::from_env(env)?;
    status_mapper::Config::from_env(env)?;
    inbox::Config::from_env(env)?;
    webhook_log::Config::from_env(env)?;
    account_sync::Config::from_env(env)?;
    scheduler::Config::from_env(env)?;
    Ok(())
}

/// Prepares every service; with a simulator, messages go there unless `GRAPH_API_BASE_URL` names
/// another place, and its webhooks come to our ingress unless it was told another one.
///
/// # Errors
/// When a setting is wrong or an address cannot be bound.
pub(crate) async fn start(
    env: &Env,
    backbone: &Backbone,
    simulator: Option<graph_sim::Config>,
    stop: &Stop,
) -> anyhow::Result<Hosted> {
    let ingress = ingress::start(ingress::Config::from_env(env)?, backbone, stop.clone())?;
    let mut services = vec![ingress.service];
    let (env, simulator) = match simulator {
        None => (env.clone(), None),
        Some(config) => {
            let (started, last) = simulate(config, ingress.addr).await?;
            let env = env.with_default("GRAPH_API_BASE_URL", started.base_url());
            services.push(started.service);
            (env, Some((started.addr, started.control, last)))
        }
    };
    let admin = admin_api::start(admin_api::Config::from_env(&env)?, backbone, stop.clone())?;
    services.extend([admin.http.service, admin.notify]);
    let dispatcher = dispatcher::Config::from_env(&env)?;
    let dispatcher = dispatcher::start(dispatcher, backbone, stop.clone())?;
    let (simulator, last) = simulator.map(|(addr, control, last)| ((addr, control), last)).unzip();
    services.push(followed_by(dispatcher, last));
    services.push(status_mapper::start(
        status_mapper::Config::from_env(&env)?,
        backbone,
        stop.clone(),
    ));
    services.push(inbox::start(inbox::Config::from_env(&env)?, backbone, stop.clone())?);
    services.push(webhook_log::start(
        &webhook_log::Config::from_env(&env)?,
        backbone,
        stop.clone(),
    ));
    let account_sync = account_sync::Config::from_env(&env)?;
    services.push(account_sync::start(&account_sync, backbone, stop.clone())?);
    services.push(scheduler::start(scheduler::Config::from_env(&env)?, backbone, stop.clone()));
    services.extend(backbone.probes(&env, stop)?);
    Ok(Hosted { services, ingress: ingress.addr, admin: admin.http.addr, simulator })
}

/// The simulator has a stop of its own: it must answer what the dispatcher has begun.
async fn simulate(
    mut config: graph_sim::Config,
    ingress: SocketAddr,
) -> anyhow::Result<(graph_sim::Sim, Stop)> {
    if config.webhook_urls.is_empty() {
        config.webhook_urls.push(format!("http://{}/webhooks/whatsapp", local(ingress)));
    }
    let stop = Stop::new();
    let simulator = graph_sim::start(config, stop.clone()).await;
    Ok((simulator.context("cannot start the simulator")?, stop))
}

/// `service`, which ends `next` however it ends itself.
fn followed_by(service: Service, next: Option<Stop>) -> Service {
    let Service { name, task } = service;
    let ends_next = next.map(|stop| stop.token().drop_guard());
    Service::new(name, async move {
        let _ends_next = ends_next;
        task.await
    })
}

/// How to reach an address from this machine.
pub(crate) fn local(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { (Ipv4Addr::LOCALHOST, addr.port()).into() } else { addr }
}
