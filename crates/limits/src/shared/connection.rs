//! The way to Redis.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, RedisError, ScriptInvocation};
use tokio::time::timeout;

/// How long Redis has for an answer. It takes a fraction of a millisecond; a worker that waits
/// longer is better off on its own.
const PATIENCE: Duration = Duration::from_millis(250);

/// Where Redis is.
#[derive(Clone)]
pub struct RedisConfig {
    /// `redis://` or `rediss://`, with user and password where there are any.
    pub url: String,
    /// Stands before every key.
    pub prefix: String,
}

impl RedisConfig {
    /// Whether the URL can be read.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self) -> Result<(), InvalidRedisUrl> {
        Client::open(self.url.as_str()).map(drop).map_err(|_| InvalidRedisUrl)
    }
}

/// Shows neither user nor password.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// A URL that is none of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a URL of Redis")]
pub struct InvalidRedisUrl;

/// A connection that comes back by itself, and the prefix of its keys.
pub(crate) struct Connection {
    manager: ConnectionManager,
    prefix: String,
}

impl Connection {
    /// Connects when it is first used.
    pub(crate) fn new(config: RedisConfig) -> Result<Self, InvalidRedisUrl> {
        let client = Client::open(config.url).map_err(|_| InvalidRedisUrl)?;
        let settings = ConnectionManagerConfig::new()
            .set_response_timeout(Some(PATIENCE))
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_max_delay(PATIENCE);
        let manager = ConnectionManager::new_lazy_with_config(client, settings)
            .map_err(|_| InvalidRedisUrl)?;
        Ok(Self { manager, prefix: config.prefix })
    }

    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Runs a script, or learns in time that Redis does not answer.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        invocation: &ScriptInvocation<'_>,
    ) -> Result<T, RedisError> {
        timed(invocation.invoke_async(&mut self.manager.clone())).await
    }

    /// As [`run`](Self::run), for commands.
    pub(crate) async fn tell(&self, commands: &redis::Pipeline) -> Result<(), RedisError> {
        timed(commands.query_async(&mut self.manager.clone())).await
    }
}

/// A call that waits for a connection to come back is not bounded by the client's own time-out.
async fn timed<T>(call: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    match timeout(PATIENCE, call).await {
        Ok(answered) => answered,
        Err(_) => Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))),
    }
}

/// The scripts' clock as a test sets it: the hash `clock` with the fields `s` and `us`.
#[cfg(test)]
pub(crate) fn at_the_clock_of_a_test(config: &RedisConfig, script: &str) -> redis::Script {
    let clock = format!("redis.call('HMGET', '{}clock', 's', 'us')", config.prefix);
    redis::Script::new(&script.replace("redis.call('TIME')", &clock))
}
