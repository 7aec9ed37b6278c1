//! From the settings to the two services.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use anyhow::Context;
use backbone::Backbone;
use runtime::http::{RootSpan, probes, request_id, serve, shutdown_seconds};
use runtime::{Bound, Service, Stop};
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt;

use crate::api::Api;
use crate::config::Config;
use crate::handlers::fallback::{KnownPaths, fallback};
use crate::problem::problems;
use crate::{bus, routes};

/// The two entrances, ready to run.
#[derive(Debug)]
pub struct Started {
    /// The HTTP API.
    pub http: Bound,
    /// The consumer of the queue `notify`.
    pub notify: Service,
}

/// Binds the address; requests are answered and publications taken once the services run.
///
/// # Errors
/// When the address cannot be bound, or the machine's root certificates cannot be read.
pub fn start(config: Config, backbone: &Backbone, stop: Stop) -> anyhow::Result<Started> {
    let (addr, drain) = (config.addr, config.drain);
    let api = Data::new(Api::new(config, backbone, stop.clone())?);
    let consume = bus::consume(api.clone().into_inner(), backbone.bus.clone(), stop.clone());
    let http = bind(addr, drain, api, backbone, stop)?;
    Ok(Started { http, notify: Service::new("notify", consume) })
}

fn bind(
    addr: SocketAddr,
    drain: Duration,
    api: Data<Api>,
    backbone: &Backbone,
    stop: Stop,
) -> anyhow::Result<Bound> {
    let known_paths = Data::new(KnownPaths::of(&crate::openapi()));
    let probes = probes(backbone.health.clone());
    let watching = api.clone();
    let app = move || {
        App::new()
            .app_data(api.clone())
            .app_data(known_paths.clone())
            .configure(probes.clone())
            .configure(routes::open)
            .into_utoipa_app()
            .configure(routes::guarded)
            .into_app()
            .default_service(web::to(fallback))
            .wrap(from_fn(request_id))
            .wrap(from_fn(problems))
            .wrap(TracingLogger::<RootSpan>::new())
    };
    let server = HttpServer::new(app)
        .disable_signals()
        .shutdown_timeout(shutdown_seconds(drain))
        .bind(addr)
        .with_context(|| format!("cannot bind {addr} for the admin API"))?;
    let addr = *server.addrs().first().context("the admin API is bound to no address")?;
    let serving = serve(server.run(), stop);
    // Requests that wait for Meta's answer are watched for as long as requests are served, and the
    // identity provider's keys kept.
    let task = async move {
        tokio::select! {
            ended = serving => ended,
            never = watching.watch.run(&watching.db) => match never {},
            never = watching.keep_keys() => match never {},
        }
    };
    Ok(Bound { addr, service: Service::new("admin-api", task) })
}
