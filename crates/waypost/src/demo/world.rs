//! A database and queues of the demo's own.

use std::time::Duration;

use amqp::{Bus, BusConfig};
use anyhow::Context;
use backbone::persist;
use rand::RngCore;
use runtime::{ConfigError, Env, Stop, wait_for};
use store::{Db, DbConfig, databases};
use tokio::time::timeout;

use crate::migrate::migrate;

/// What the demo stands on.
pub(super) struct World {
    /// The environment of its services.
    pub(super) env: Env,
    /// Its database, its queues and its vault.
    pub(super) config: backbone::Config,
    server: DbConfig,
    database: String,
}

/// How long a server may take to remove what was made on it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Signs the simulator's webhooks, and is what ingress checks them by.
pub(super) const APP_SECRET: &str = "simulated-app-secret";

impl World {
    /// Names everything after `id`; nothing is made yet.
    ///
    /// # Errors
    /// When `DATABASE_URL` or `AMQP_URL` is missing or wrong.
    pub(super) fn new(env: &Env, id: &str) -> Result<Self, ConfigError> {
        let env = environment(env, id);
        let server = backbone::database(&env)?;
        let database = format!("waypost_demo_{id}");
        let mut config = backbone::Config::from_env(&env)?;
        config.db.database = Some(database.clone());
        Ok(Self { env, config, server, database })
    }

    /// Makes the database and brings it up to date, waiting for a server that is away.
    ///
    /// # Errors
    /// When the server refuses; when stopped meanwhile.
    pub(super) async fn make(&self, stop: &Stop) -> anyhow::Result<()> {
        let server = Db::new(&self.server)?;
        wait_for("postgres", stop, async || {
            server.ping().await.map_err(|error| backbone::chain(&error))
        })
        .await?;
        let create = || async { databases::create(&server.client().await?, &self.database).await };
        persist(stop, create).await??;
        server.close();
        migrate(&self.config.db, stop).await?;
        Ok(())
    }

    /// Removes database and queues.
    ///
    /// # Errors
    /// When one of the servers does not answer in time.
    pub(super) async fn remove(&self) -> anyhow::Result<()> {
        let queues = async {
            let bus = Bus::connect(&self.config.bus, "waypost demo").await?;
            let deleted = bus.delete_all().await;
            bus.close().await;
            anyhow::Ok(deleted?)
        };
        let database = async {
            let client = Db::new(&self.server)?.client().await?;
            anyhow::Ok(databases::remove(&client, &self.database).await?)
        };
        let (queues, database) =
            tokio::join!(timeout(PATIENCE, queues), timeout(PATIENCE, database));
        queues.context("its queues")?.context("its queues")?;
        database.context("its database")?.context("its database")
    }

    /// What it is called.
    pub(super) fn describe(&self) -> String {
        let BusConfig { prefix, .. } = &self.config.bus;
        format!("database {}, queues {prefix}.*", self.database)
    }
}

/// Free ports unless others are configured, names of the demo's own, and waits that suit a minute.
/// Nothing here may lead to the real Meta.
fn environment(env: &Env, id: &str) -> Env {
    let mut key = [0; 32];
    rand::rng().fill_bytes(&mut key);
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let env = if env.optional("CREDENTIAL_ENCRYPTION_KEY_FILE").is_some() {
        env.clone()
    } else {
        env.with_default("CREDENTIAL_ENCRYPTION_KEY", key)
    };
    env.with_default("WAYPOST_INGRESS_ADDR", "127.0.0.1:0")
        .with_default("WAYPOST_ADMIN_ADDR", "127.0.0.1:0")
        .with_default("WAYPOST_UNKNOWN_GRACE_S", "3")
        .with_default("WAYPOST_DATABASE_CONNECTIONS", "32")
        .with("WAYPOST_AMQP_PREFIX", format!("demo-{id}"))
        .with("META_APP_SECRET", APP_SECRET)
        .with("META_APP_SECRET_FILE", "")
        .with("META_VERIFY_TOKEN", "simulated-verify-token")
        .with("META_VERIFY_TOKEN_FILE", "")
        .with("WAYPOST_PROBE_ADDR", "")
        .with("GRAPH_API_BASE_URL", "")
}
