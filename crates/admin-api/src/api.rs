use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Context;
use backbone::Backbone;
use domain::recipient::PhoneNumber;
use graph_api::client::GraphClient;
use identity::Verifier;
use runtime::Stop;
use store::{Db, Vault};

use crate::auth::Callers;
use crate::config::Config;
use crate::connections::Connections;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::notify::Watch;
use crate::replay::Replayer;
use crate::signup::Platform;

/// What every request needs, whichever way it came in.
pub(crate) struct Api {
    pub(crate) db: Db,
    pub(crate) vault: Arc<Vault>,
    pub(crate) graph: GraphClient,
    pub(crate) platform: Option<Platform>,
    pub(crate) jobs: Jobs,
    pub(crate) callers: Callers,
    /// Who holds a token; `None`: none is believed.
    pub(crate) tokens: Option<Verifier>,
    pub(crate) metrics: Metrics,
    pub(crate) watch: Watch,
    pub(crate) default_recipient: Option<PhoneNumber>,
    pub(crate) connections: Connections,
    pub(crate) replayer: Replayer,
    /// Stands before the paths of webhooks; may be empty.
    pub(crate) public_url: String,
}

impl Api {
    pub(crate) fn new(config: Config, backbone: &Backbone, stop: Stop) -> anyhow::Result<Self> {
        let graph = config.management.for_persons(&config.graph);
        let graph = graph.context("cannot make a client of Meta's")?;
        let tokens = config.tokens.map(Verifier::new).transpose()?;
        let (db, vault) = (backbone.db.clone(), Arc::clone(&backbone.vault));
        Ok(Self {
            connections: Connections::new(db, vault, graph.clone()),
            replayer: Replayer::new(
                backbone.db.clone(),
                Arc::clone(&backbone.vault),
                &backbone.bus,
            ),
            public_url: config.public_url,
            db: backbone.db.clone(),
            vault: Arc::clone(&backbone.vault),
            graph,
            platform: config.platform,
            jobs: Jobs::new(backbone.bus.clone()),
            callers: Callers::new(config.api_key_cache),
            tokens,
            metrics: Metrics::new(),
            watch: Watch::new(stop),
            default_recipient: config.default_recipient,
        })
    }

    /// Keeps the identity provider's keys for as long as it is polled.
    pub(crate) async fn keep_keys(&self) -> Infallible {
        match &self.tokens {
            Some(tokens) => tokens.run().await,
            None => std::future::pending().await,
        }
    }
}
