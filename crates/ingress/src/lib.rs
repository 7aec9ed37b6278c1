//! Meta to bus: find the secret, verify, publish, 200.
//!
//! In comes a webhook POST, as raw bytes. Out goes the whole of it, on the bus, with the scope that
//! its signature proved; only when that is on the broker's disk (or, while the broker is away, in
//! Postgres) Meta is told 200. Whoever consumes it sees exactly the bytes that Meta signed.
//!
//! What no secret of ours has signed is told 403 and published under `rejected`, so that an operator
//! sees it; of a flood of such POSTs only the number is told.
//!
//! Three kinds of URL stand side by side: the platform's (its app secret proves it), the opaque one
//! of each connection (that connection's secrets), and the one that all share (the first secret that
//! fits says whose it is). The secrets of tenants' own apps are held in memory and read anew every
//! second, so that a POST never waits for Postgres.
//!
//! This crate must not know what a fact in a webhook means. Of rows it knows which secret, verify
//! token and URL belongs to which connection, and nothing of tenants.

mod body;
mod challenge;
mod codes;
mod config;
mod door;
mod flood;
mod forward;
mod keyring;
mod keys;
mod metrics;
mod receive;
mod refusal;
mod routes;
mod signatures;

use std::net::SocketAddr;

use actix_web::dev::Server;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context;
use backbone::Backbone;
use runtime::http::{RootSpan, probes, serve, shutdown_seconds};
use runtime::{Bound, Health, Service, Stop};
use tracing_actix_web::TracingLogger;

pub use crate::config::Config;
use crate::routes::{Ingress, routes};

/// Binds the address; the service answers once it runs.
///
/// # Errors
/// When the address cannot be bound.
pub fn start(config: Config, backbone: &Backbone, stop: Stop) -> anyhow::Result<Bound> {
    let ingress = Data::new(Ingress::new(config, backbone));
    let (addr, server) = bind(&ingress, backbone.health.clone())?;
    tracing::info!(%addr, "ingress takes webhooks at http://{addr}{}", routes::PLATFORM);
    let serving = serve(server, stop);
    let task = async move {
        let config = &ingress.config;
        let told =
            flood::tell_until(serving, &ingress.flood, &ingress.forward, config.summary_interval);
        tokio::select! {
            served = told => served,
            never = ingress.keyring.keep_fresh(config.keys_refresh) => match never {},
        }
    };
    Ok(Bound { addr, service: Service::new("ingress", task) })
}

/// The server, which has its address and takes nothing yet.
fn bind(ingress: &Data<Ingress>, health: Health) -> anyhow::Result<(SocketAddr, Server)> {
    let (config, ingress, probes) = (&ingress.config, ingress.clone(), probes(health));
    let app = move || {
        App::new()
            .app_data(ingress.clone())
            .wrap(TracingLogger::<RootSpan>::new())
            .configure(routes)
            .configure(probes.clone())
    };
    let addr = config.addr;
    let server = HttpServer::new(app)
        .workers(config.workers)
        .max_connections(config.connections.div_ceil(config.workers))
        .keep_alive(config.keep_alive)
        .client_request_timeout(config.head_timeout)
        .shutdown_timeout(shutdown_seconds(config.drain))
        .disable_signals()
        .bind(addr)
        .with_context(|| format!("cannot bind {addr} (WAYPOST_INGRESS_ADDR)"))?;
    let addr = *server.addrs().first().context("ingress is bound to no address")?;
    Ok((addr, server.run()))
}
