//! How the service works.

use std::time::Duration;

use graph_api::client::GraphConfig;
use limits::RedisConfig;
use runtime::{ConfigError, Env};

use crate::waits::RetryWaits;

/// How the service works.
#[derive(Clone, Debug)]
pub struct Config {
    /// `GRAPH_API_BASE_URL`, default `https://graph.facebook.com`; `GRAPH_API_VERSION`, or else
    /// `WHATSAPP_API_VERSION`, default `v25.0`; and `WAYPOST_SEND_TIMEOUT_S`: how long a call may
    /// take before its message counts as in doubt, seconds, default 30.
    pub graph: GraphConfig,
    /// `WAYPOST_CLAIM_LEASE_S`: how long a claimed message is this worker's, seconds, default 60.
    /// The lease is renewed before the call; when it lapses, the message is taken from a worker
    /// that is believed dead. At least one and a half times the time-out of a call.
    pub claim_lease: Duration,
    /// `WAYPOST_RETRY_WAITS_S`: how long a message waits after its first, second, … attempt that
    /// provably sent nothing, seconds, default `1,5,30,120,600`; the last one repeats until the
    /// message expires.
    pub retry_waits: RetryWaits,
    /// `WAYPOST_DISPATCH_CONCURRENCY`: how many messages of each lane are under way at once, those
    /// that wait for their turn included, default 512. The last job taken may exceed it, by fifteen
    /// messages at most.
    pub concurrency: u16,
    /// `WAYPOST_LIMIT_HOLD_S`: how much of a number's work waits in memory, in the time that it
    /// takes to send, seconds, default 1. The rest waits in its rows.
    pub hold: Duration,
    /// `REDIS_URL`; see [`backbone::redis`].
    pub redis: RedisConfig,
    /// `WAYPOST_BUDGET_RESERVED_PERCENT`; see [`backbone::budget_reserved`].
    pub budget_reserved: u8,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The variable that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let config = Self {
            graph: backbone::graph(env)?,
            claim_lease: env.seconds("WAYPOST_CLAIM_LEASE_S", Duration::from_secs(60))?,
            retry_waits: retry_waits(env)?,
            concurrency: env.bounded("WAYPOST_DISPATCH_CONCURRENCY", 512, 1..=10_000)?,
            hold: env.seconds("WAYPOST_LIMIT_HOLD_S", Duration::from_secs(1))?,
            redis: backbone::redis(env)?,
            budget_reserved: backbone::budget_reserved(env)?,
        };
        if config.claim_lease < config.graph.timeout * 3 / 2 {
            let must = "at least one and a half times WAYPOST_SEND_TIMEOUT_S, so that no lease \
                        lapses during a call";
            return Err(ConfigError::must("WAYPOST_CLAIM_LEASE_S", must));
        }
        Ok(config)
    }
}

fn retry_waits(env: &Env) -> Result<RetryWaits, ConfigError> {
    const NAME: &str = "WAYPOST_RETRY_WAITS_S";
    let waits = env.seconds_list(NAME, &RetryWaits::DEFAULT)?;
    RetryWaits::new(waits).ok_or_else(|| ConfigError::must(NAME, "one wait or more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS: (&str, &str) = ("REDIS_URL", "redis://127.0.0.1");

    fn error(pairs: &[(&str, &str)]) -> String {
        let all = [&[REDIS], pairs].concat();
        Config::from_env(&Env::of(all)).unwrap_err().to_string()
    }

    #[test]
    fn only_redis_has_to_be_named() {
        let config = Config::from_env(&Env::of([REDIS])).unwrap();

        assert_eq!(config.graph.timeout, Duration::from_secs(30));
        assert_eq!(config.claim_lease, Duration::from_secs(60));
        assert_eq!(config.retry_waits.after(7), chrono::TimeDelta::seconds(600));
    }

    #[test]
    fn a_lease_that_could_lapse_during_a_call_is_refused() {
        let error = error(&[("WAYPOST_SEND_TIMEOUT_S", "41"), ("WAYPOST_CLAIM_LEASE_S", "60")]);

        assert!(error.starts_with("WAYPOST_CLAIM_LEASE_S must be: at least"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_refused_by_the_name_of_its_variable() {
        for (name, value) in [
            ("GRAPH_API_BASE_URL", "graph.facebook.com"),
            ("GRAPH_API_VERSION", "25"),
            ("WHATSAPP_API_VERSION", "latest"),
            ("WAYPOST_SEND_TIMEOUT_S", "0"),
            ("WAYPOST_CLAIM_LEASE_S", "soon"),
            ("WAYPOST_RETRY_WAITS_S", "1,x"),
            ("WAYPOST_RETRY_WAITS_S", ","),
            ("WAYPOST_DISPATCH_CONCURRENCY", "0"),
            ("REDIS_URL", "http://127.0.0.1"),
        ] {
            let error = error(&[(name, value)]);
            assert!(error.starts_with(name), "{name}: {error}");
        }
    }
}
