use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Cause, Error, Result};

pub use deadpool_postgres::{GenericClient, Object as Client, Transaction};

/// How long the server's machine may acknowledge nothing before its connection counts as lost.
const SILENCE: Duration = Duration::from_secs(12);

/// How the server plans for us. Every statement of this crate finds its rows by an index; a prepared
/// one keeps its plan, and one that was planned while a table had a few rows would read it whole until
/// the server looks at it again. To compile a statement takes longer than to run it.
const PLANNING: &str = "SET enable_seqscan = off; SET jit = off";

/// Where the database is and how much of it one process may use.
#[derive(Clone, Debug)]
pub struct DbConfig {
    /// `DATABASE_URL`: `postgres://user:password@host:port/database`. TLS is used when the URL
    /// says `sslmode=require`, against the certificate authorities of the machine.
    pub url: SecretString,
    /// The database on that server; `None`: the one that the URL names.
    pub database: Option<String>,
    /// The most connections this process opens.
    pub connections: usize,
    /// How long a caller waits for a connection, and for one to open.
    pub timeout: Duration,
}

impl DbConfig {
    /// A pool of 16 connections with a time-out of 5 seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into().into(),
            database: None,
            connections: 16,
            timeout: Duration::from_secs(5),
        }
    }
}

/// The pool. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
}

impl Db {
    /// Prepares the pool; connections are opened when they are first needed.
    ///
    /// # Errors
    /// `Schema` when the URL cannot be read; nothing of it is repeated in the text.
    pub fn new(config: &DbConfig) -> Result<Self> {
        let mut postgres = tokio_postgres::Config::from_str(config.url.expose_secret())
            .map_err(|_| Error::Schema("the database URL cannot be read".into()))?;
        if let Some(database) = &config.database {
            postgres.dbname(database);
        }
        postgres
            .application_name("waypost")
            .connect_timeout(config.timeout)
            // A connection into a black hole is given up, instead of holding a batch for minutes.
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE / 2)
            .keepalives_interval(SILENCE / 4)
            .keepalives_retries(2);
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if postgres.get_ssl_mode() == SslMode::Require {
            Manager::from_config(postgres, tls()?, manager_config)
        } else {
            Manager::from_config(postgres, tokio_postgres::NoTls, manager_config)
        };
        let timeout = Some(config.timeout);
        let pool = Pool::builder(manager)
            .max_size(config.connections)
            .timeouts(Timeouts { wait: timeout, create: timeout, recycle: timeout })
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(
                    async move { client.batch_execute(PLANNING).await.map_err(HookError::Backend) },
                )
            }))
            .build()
            .map_err(|error| Error::Unavailable(Cause::new(error)))?;
        Ok(Self { pool })
    }

    /// A connection; goes back to the pool when dropped.
    ///
    /// # Errors
    /// `Unavailable` when none is free or opens in time.
    pub async fn client(&self) -> Result<Client> {
        Ok(self.pool.get().await?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.client().await?.simple_query("SELECT 1").await?;
        Ok(())
    }

    /// Closes every connection; callers that wait for one are told so.
    pub fn close(&self) {
        self.pool.close();
    }
}

/// TLS against the certificate authorities that the machine trusts.
fn tls() -> Result<MakeRustlsConnect> {
    // The library takes the process's default provider; a second installation changes nothing.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let loaded = MakeRustlsConnect::with_native_certs();
    let (connector, _unreadable_certificates) =
        loaded.map_err(|errors| Error::Schema(format!("cannot set up TLS: {errors:?}")))?;
    Ok(connector)
}
