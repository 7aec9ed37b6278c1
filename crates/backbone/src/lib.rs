//! What every service stands on: Postgres, RabbitMQ and the vault.
//!
//! In comes the environment, out come connected clients whose health is reported. A dependency that
//! is away at the start is waited for; a wrong setting or a schema that this build does not know
//! ends the start. Where Meta is stands here too. This crate knows no service, and no message.

mod graph;
mod jobs;
mod management;
pub mod posts;

use std::sync::Arc;

use amqp::{Bus, BusConfig, BusError};
use anyhow::Context;
use limits::RedisConfig;
use runtime::env::ExposeSecret;
use runtime::{ConfigError, Env, Health, Service, Stop, Stopped, wait_for};
use store::{Db, DbConfig, Vault};

pub use crate::graph::graph;
pub use crate::jobs::{PublishableJob, jobs};
pub use crate::management::{ManagementConfig, Unusable};

/// Where the dependencies are.
#[derive(Clone)]
pub struct Config {
    /// `DATABASE_URL`, and `WAYPOST_DATABASE_CONNECTIONS`: the most connections that this process
    /// opens to Postgres, default 16.
    pub db: DbConfig,
    /// `AMQP_URL`, and `WAYPOST_AMQP_PREFIX`: stands before the name of every queue and exchange,
    /// so that several installations can share a broker; default none.
    pub bus: BusConfig,
    /// `CREDENTIAL_ENCRYPTION_KEY`: seals credentials and webhook bodies in Postgres. 32 bytes as
    /// base64 or hex, or several with ids for rotation, the sealing one first: `id:key,id:key`.
    pub vault: Arc<Vault>,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { db: database(env)?, bus: bus(env)?, vault: vault(env)? })
    }
}

/// `DATABASE_URL` and the size of the pool, alone: for tools that need no bus.
///
/// # Errors
/// The variable that is missing or wrong.
pub fn database(env: &Env) -> Result<DbConfig, ConfigError> {
    let url = env.secret("DATABASE_URL").map_err(|error| {
        error.meaning("where Postgres is, e.g. postgres://user:password@host:5432/waypost")
    })?;
    let mut db = DbConfig::new(url.expose_secret());
    db.connections = env.bounded("WAYPOST_DATABASE_CONNECTIONS", 16, 2..=1000)?;
    // The pool connects when it is first used; made here, it says whether it can read the URL.
    match Db::new(&db) {
        Ok(_) => Ok(db),
        Err(_) => Err(ConfigError::must("DATABASE_URL", "postgres://user:password@host:port/name")),
    }
}

/// `REDIS_URL`, where the limits are shared: `redis://` or, for TLS, `rediss://`. Keys begin with
/// `waypost:` and `WAYPOST_AMQP_PREFIX`.
///
/// # Errors
/// When it is missing or wrong.
pub fn redis(env: &Env) -> Result<RedisConfig, ConfigError> {
    let url = env.secret("REDIS_URL").map_err(|error| {
        error.meaning("where the limits are shared, e.g. redis://user:password@host:6379")
    })?;
    let prefix = env.optional("WAYPOST_AMQP_PREFIX").unwrap_or_default();
    let redis =
        RedisConfig { url: url.expose_secret().to_owned(), prefix: format!("waypost:{prefix}") };
    match redis.check() {
        Ok(()) => Ok(redis),
        Err(_) => Err(ConfigError::must("REDIS_URL", "redis://user:password@host:port/number")),
    }
}

/// `WAYPOST_BUDGET_RESERVED_PERCENT`: how much of a portfolio's messaging limit marketing leaves to
/// everything else, in percent, default 10.
///
/// # Errors
/// When it is wrong.
pub fn budget_reserved(env: &Env) -> Result<u8, ConfigError> {
    env.bounded("WAYPOST_BUDGET_RESERVED_PERCENT", 10, 0..=100)
}

/// `AMQP_URL` and the prefix, alone.
///
/// # Errors
/// The variable that is missing or wrong.
pub fn bus(env: &Env) -> Result<BusConfig, ConfigError> {
    let url = env.secret("AMQP_URL").map_err(|error| {
        error.meaning("where RabbitMQ is, e.g. amqp://user:password@host:5672/%2f")
    })?;
    let prefix = env.optional("WAYPOST_AMQP_PREFIX").unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if prefix.len() > 100 || !prefix.chars().all(is_plain) {
        let must = "at most 100 letters, digits, '-', '_' or '.'";
        return Err(ConfigError::must("WAYPOST_AMQP_PREFIX", must));
    }
    Ok(BusConfig { url: url.expose_secret().to_owned(), prefix })
}

/// `CREDENTIAL_ENCRYPTION_KEY`, alone.
///
/// # Errors
/// When it is missing or no key; never repeats it.
pub fn vault(env: &Env) -> Result<Arc<Vault>, ConfigError> {
    const NAME: &str = "CREDENTIAL_ENCRYPTION_KEY";
    let keys = env.secret(NAME).map_err(|error| {
        error.meaning("the key that seals credentials, e.g. from `openssl rand -base64 32`")
    })?;
    let vault = Vault::from_keys(keys.expose_secret());
    Ok(Arc::new(vault.map_err(|invalid| ConfigError::must(NAME, invalid.to_string()))?))
}

/// The connected dependencies. Clones share them.
#[derive(Clone)]
pub struct Backbone {
    /// Postgres, with the schema that this build knows.
    pub db: Db,
    /// RabbitMQ, with the topology declared.
    pub bus: Bus,
    /// Seals and opens what must not be readable in Postgres.
    pub vault: Arc<Vault>,
    /// Whether the two above answer.
    pub health: Health,
}

impl Backbone {
    /// Connects, waiting for what is away, and declares the topology.
    ///
    /// # Errors
    /// An unknown schema, a refused login, a conflicting topology; [`Stopped`].
    pub async fn connect(config: &Config, name: &str, stop: &Stop) -> anyhow::Result<Self> {
        let db = Db::new(&config.db)?;
        // In one: a database that answered a moment ago may be away again.
        persist(stop, async || store::schema::check(&db.client().await?).await).await??;
        let bus = connect_bus(&config.bus, name, stop).await?;
        let health = health(&db, &bus, stop);
        Ok(Self { db, bus, vault: Arc::clone(&config.vault), health })
    }

    /// The probe pages of a service that has no HTTP of its own, at `WAYPOST_PROBE_ADDR`; none when
    /// that is not set.
    ///
    /// # Errors
    /// When the variable is no address, or the address is taken.
    pub fn probes(&self, env: &Env, stop: &Stop) -> anyhow::Result<Option<Service>> {
        let Some(addr) = runtime::http::probe_address(env)? else { return Ok(None) };
        let bound = runtime::http::serve_probes(addr, self.health.clone(), stop.clone())?;
        Ok(Some(bound.service))
    }

    /// Closes both connections, after every service has ended.
    pub async fn close(&self) {
        self.bus.close().await;
        self.db.close();
    }
}

async fn connect_bus(config: &BusConfig, name: &str, stop: &Stop) -> anyhow::Result<Bus> {
    let connecting = stop.until(Bus::connect(config, name)).await;
    let bus = match connecting.ok_or(Stopped("rabbitmq"))? {
        Err(BusError::Url) => {
            let must = "amqp://user:password@host:port/vhost";
            return Err(ConfigError::must("AMQP_URL", must).into());
        }
        connected => connected.context("cannot use RabbitMQ")?,
    };
    let declare = async || match bus.declare().await {
        Err(BusError::Unavailable { reason }) => Err(reason),
        settled => Ok(settled),
    };
    wait_for("rabbitmq", stop, declare).await?.context("cannot declare the topology")?;
    Ok(bus)
}

fn health(db: &Db, bus: &Bus, stop: &Stop) -> Health {
    let health = Health::new();
    let (db, bus) = (db.clone(), bus.clone());
    health.check("postgres", move || {
        let db = db.clone();
        Box::pin(async move { db.ping().await.map_err(|error| chain(&error)) })
    });
    health.check("rabbitmq", move || {
        let connected = bus.connected().then_some(()).ok_or("not connected".to_owned());
        Box::pin(std::future::ready(connected))
    });
    health.until_stopped(stop.clone());
    health
}

/// Does `work` until the database is there to do it, or somebody stops; the inner result is the
/// database's own word.
///
/// # Errors
/// [`Stopped`].
pub async fn persist<T, F>(
    stop: &Stop,
    mut work: impl FnMut() -> F,
) -> Result<store::Result<T>, Stopped>
where
    F: Future<Output = store::Result<T>>,
{
    let attempt = || {
        let work = work();
        async {
            match work.await {
                Err(error) if error.is_unavailable() => Err(chain(&error)),
                settled => Ok(settled),
            }
        }
    };
    wait_for("postgres", stop, attempt).await
}

/// An error with all its causes in one line, for a log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
