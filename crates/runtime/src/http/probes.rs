//! `/healthz`, `/readyz` and `/metrics`.

use std::net::SocketAddr;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Context;
use serde_json::{Value, json};

use super::serve;
use crate::env::{ConfigError, Env};
use crate::health::{Answer, Health};
use crate::metrics;
use crate::service::{Bound, Service};
use crate::stop::Stop;

/// Mounts `/healthz` (the process lives), `/readyz` (its dependencies answer; 503 when one does
/// not) and `/metrics` (Prometheus text).
///
/// Why a dependency fails is in the log alone: the pages may be reached by anyone.
pub fn probes(health: Health) -> impl Fn(&mut ServiceConfig) + Clone {
    move |config| {
        config
            .app_data(Data::new(health.clone()))
            .route("/healthz", get().to(healthz))
            .route("/readyz", get().to(readyz))
            .route("/metrics", get().to(metrics_page));
    }
}

/// Where a process without HTTP of its own shows its probes: `WAYPOST_PROBE_ADDR`; unset: nowhere.
///
/// # Errors
/// When the variable is not an address with a port.
pub fn probe_address(env: &Env) -> Result<Option<SocketAddr>, ConfigError> {
    env.optional_parsed("WAYPOST_PROBE_ADDR")
}

/// Binds `addr` for the probes alone; they answer once the service runs.
///
/// # Errors
/// When the address cannot be bound.
pub fn serve_probes(addr: SocketAddr, health: Health, stop: Stop) -> anyhow::Result<Bound> {
    let probes = probes(health);
    let server = HttpServer::new(move || App::new().configure(probes.clone()))
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(addr)
        .with_context(|| format!("cannot bind {addr} for the probes"))?;
    let addr = *server.addrs().first().context("the probes are bound to no address")?;
    Ok(Bound { addr, service: Service::new("probes", serve(server.run(), stop)) })
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "alive": true }))
}

async fn readyz(health: Data<Health>) -> HttpResponse {
    let answers = health.ready().await;
    let ready = answers.iter().all(|(_, answer)| answer.is_ok());
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let checks: serde_json::Map<_, _> = answers.iter().map(word).collect();
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({ "ready": ready, "checks": checks }))
}

fn word((name, answer): &Answer) -> (String, Value) {
    ((*name).to_owned(), if answer.is_ok() { "ok" } else { "failing" }.into())
}

async fn metrics_page() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, prometheus::TEXT_FORMAT))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(metrics::render())
}

#[cfg(test)]
mod tests;
