//! How the service works.

use std::time::Duration;

use backbone::ManagementConfig;
use domain::ids::AppId;
use graph_api::client::GraphConfig;
use runtime::env::ExposeSecret;
use runtime::{ConfigError, Env};
use secrecy::SecretString;

/// How the service works.
#[derive(Clone, Debug)]
pub struct Config {
    /// `WAYPOST_ACCOUNT_BATCH`: how many POSTs with news of accounts are applied at once, default
    /// 100.
    pub batch: u16,
    /// `GRAPH_API_BASE_URL`, `GRAPH_API_VERSION`, `WAYPOST_SEND_TIMEOUT_S`; see
    /// [`backbone::graph`].
    pub graph: GraphConfig,
    /// `REDIS_URL`, `WAYPOST_MANAGEMENT_RESERVED_PERCENT`, `META_APP_ID`; see [`ManagementConfig`].
    pub management: ManagementConfig,
    /// `WAYPOST_SYNC_INTERVAL_S`: how often Meta is asked about each connection, seconds, default
    /// 900. What Meta tells by itself makes it sooner, and its silence later.
    pub interval: Duration,
    /// `WAYPOST_SYNC_CONCURRENCY`: about how many connections Meta is asked at once, default 4.
    pub concurrency: u16,
    /// `META_APP_ID` and `META_APP_SECRET` (of two during a rotation the first): with both of them
    /// Meta tells when tokens of the platform's app end, and what they may do. Optional.
    pub platform: Platform,
    /// When silence is worth a word.
    pub watch: Watch,
}

/// The platform's own app, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// Meta's id of it.
    pub app_id: Option<AppId>,
    /// Its secret.
    pub app_secret: Option<SecretString>,
}

/// When silence is worth a word.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// `WAYPOST_WATCH_S`: how often each connection is looked at, seconds, default 60.
    pub every: Duration,
    /// `WAYPOST_SILENCE_AFTER_S`: how long webhooks and statuses of what was sent may take, seconds,
    /// default 600.
    pub after: Duration,
    /// `WAYPOST_SILENCE_MESSAGES`: how many messages in a row must have heard of no status, default
    /// 3.
    pub messages: u16,
    /// `WAYPOST_QUIET_AFTER_S`: after how long without a webhook it is told that none comes any more,
    /// even if nothing is sent, seconds, default 259200 (three days).
    pub quiet: Duration,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The variable that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const INTERVAL: &str = "WAYPOST_SYNC_INTERVAL_S";
        let interval = env.seconds(INTERVAL, Duration::from_secs(900))?;
        if interval.is_zero() || interval > LONGEST {
            return Err(ConfigError::must(INTERVAL, "seconds, more than 0 and at most 86400"));
        }
        let secrets = env.optional_secret("META_APP_SECRET")?;
        let current = secrets.as_ref().and_then(|secrets| {
            secrets.expose_secret().split(',').map(str::trim).find(|it| !it.is_empty())
        });
        Ok(Self {
            batch: env.bounded("WAYPOST_ACCOUNT_BATCH", 100, 1..=1000)?,
            graph: backbone::graph(env)?,
            management: ManagementConfig::from_env(env)?,
            interval,
            concurrency: env.bounded("WAYPOST_SYNC_CONCURRENCY", 4, 1..=64)?,
            platform: Platform {
                app_id: env.optional_parsed("META_APP_ID")?,
                app_secret: current.map(SecretString::from),
            },
            watch: Watch::from_env(env)?,
        })
    }
}

/// A day: nothing that is watched may take longer to be noticed.
const LONGEST: Duration = Duration::from_secs(86_400);

impl Watch {
    fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const EVERY: &str = "WAYPOST_WATCH_S";
        const AFTER: &str = "WAYPOST_SILENCE_AFTER_S";
        const QUIET: &str = "WAYPOST_QUIET_AFTER_S";
        let every = env.seconds(EVERY, Duration::from_secs(60))?;
        if every.is_zero() || every > LONGEST {
            return Err(ConfigError::must(EVERY, "seconds, more than 0 and at most 86400"));
        }
        let after = env.seconds(AFTER, Duration::from_secs(600))?;
        if after > LONGEST {
            return Err(ConfigError::must(AFTER, "seconds, at most 86400"));
        }
        let quiet = env.seconds(QUIET, LONGEST * 3)?;
        if quiet > LONGEST * 90 {
            return Err(ConfigError::must(QUIET, "seconds, at most 7776000"));
        }
        let messages = env.bounded("WAYPOST_SILENCE_MESSAGES", 3, 1..=1000)?;
        Ok(Self { every, after, messages, quiet })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redis_has_to_be_named_and_a_wrong_value_is_refused_by_its_name() {
        const REDIS: (&str, &str) = ("REDIS_URL", "redis://127.0.0.1");
        let config = Config::from_env(&Env::of([REDIS])).unwrap();
        assert_eq!((config.interval, config.concurrency), (Duration::from_secs(900), 4));

        for (name, value) in [
            ("WAYPOST_SYNC_INTERVAL_S", "0"),
            ("WAYPOST_SYNC_INTERVAL_S", "86401"),
            ("WAYPOST_SYNC_CONCURRENCY", "0"),
            ("WAYPOST_WATCH_S", "0"),
            ("WAYPOST_SILENCE_AFTER_S", "soon"),
            ("WAYPOST_SILENCE_MESSAGES", "0"),
            ("WAYPOST_QUIET_AFTER_S", "7776001"),
            ("META_APP_ID", "app"),
            ("REDIS_URL", "http://127.0.0.1"),
            ("WAYPOST_MANAGEMENT_RESERVED_PERCENT", "91"),
        ] {
            let error = Config::from_env(&Env::of([REDIS, (name, value)])).unwrap_err().to_string();
            assert!(error.starts_with(name), "{name}: {error}");
        }
    }
}
