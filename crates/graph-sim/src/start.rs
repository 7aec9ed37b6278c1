//! Starting a simulator, and starting it again where it ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use anyhow::Context;
use runtime::{Health, Service, Stop};

use crate::config::Config;
use crate::control::Control;
use crate::world::{Defaults, World};
use crate::{connection, routes, webhooks};

/// The largest scenario or list of faults that is read.
const LARGEST_PAGE: usize = 16 * 1024 * 1024;

/// Idle connections live longer than a client keeps them, so that none is closed just as it is used.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// A simulator that is bound and answers once its service runs.
#[derive(Debug)]
pub struct Sim {
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it knows: the same as its `/_sim` pages. It outlives the service.
    pub control: Control,
    /// The service, to be run until stopped.
    pub service: Service,
}

impl Sim {
    /// The URL in the place of `https://graph.facebook.com`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

/// Binds a new simulator.
///
/// # Errors
///
/// When the address cannot be bound.
pub async fn start(config: Config, stop: Stop) -> anyhow::Result<Sim> {
    let Config { addr, app_secret, webhook_urls, seed, scenario, workers } = config;
    let world = World::new(
        Defaults { app_secret, webhook_urls, seed },
        scenario.checked()?,
        runtime::now(),
    );
    bind(addr, workers, Arc::new(world), stop)
}

/// Binds a simulator that goes on where the one of `control` ended: with its records, its limits and the webhooks
/// that it still owes.
///
/// # Errors
///
/// When the address cannot be bound.
pub async fn restart(addr: SocketAddr, control: Control, stop: Stop) -> anyhow::Result<Sim> {
    bind(addr, 2, control.0, stop)
}

fn bind(addr: SocketAddr, workers: usize, world: Arc<World>, stop: Stop) -> anyhow::Result<Sim> {
    let control = Control(Arc::clone(&world));
    let (shared, pages) = (Data::from(Arc::clone(&world)), Data::new(control.clone()));
    let client = client()?;
    let verifying = Data::new(client.clone());
    let probes = runtime::http::probes(Health::new());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .app_data(pages.clone())
            .app_data(verifying.clone())
            .app_data(web::PayloadConfig::new(LARGEST_PAGE))
            .configure(probes.clone())
            .configure(routes::routes)
            .default_service(web::to(routes::unknown))
    })
    .workers(workers)
    .keep_alive(KEEP_ALIVE)
    .on_connect(connection::keep)
    .disable_signals()
    .shutdown_timeout(1)
    .bind(addr)
    .with_context(|| format!("cannot listen on {addr}"))?;
    let addr = *server.addrs().first().context("bound to no address")?;
    let server = server.run();
    let service = Service::new("graph-sim", async move {
        let posting = async {
            webhooks::run(world, client, stop.clone()).await;
            anyhow::Ok(())
        };
        tokio::try_join!(runtime::http::serve(server, stop.clone()), posting)?;
        Ok(())
    });
    Ok(Sim { addr, control, service })
}

fn client() -> anyhow::Result<reqwest::Client> {
    runtime::choose_tls();
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("facebookexternalua")
        .build()
        .context("cannot build the client for webhooks")
}
