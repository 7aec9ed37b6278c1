use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::thread::available_parallelism;
use std::time::Duration;

use runtime::env::{ExposeSecret, SecretString};
use runtime::{ConfigError, Env};

/// How the service works.
#[derive(Clone, Debug)]
pub struct Config {
    /// `WAYPOST_INGRESS_ADDR`: where to listen, default `127.0.0.1:8080`. TLS is the work of the
    /// proxy in front.
    pub addr: SocketAddr,
    /// `META_APP_SECRET`: what Meta signs webhooks with. During a rotation both secrets, parted by
    /// a comma: a POST that either of them signed is taken.
    pub app_secrets: Vec<SecretString>,
    /// `META_VERIFY_TOKEN`: what Meta must say when it asks whether the URL is ours.
    pub verify_token: SecretString,
    /// `WAYPOST_INGRESS_MAX_BODY`: the largest body that is taken, in bytes, default 3145728 (3 MiB,
    /// Meta's own limit). A larger one is told 413.
    pub max_body: usize,
    /// `WAYPOST_INGRESS_REJECTED_PER_MINUTE`: how many POSTs without a valid signature leave a trace
    /// of their own (a row, a log line), default 60 a minute with as many at once; for each kind of
    /// URL, and for each connection's own URL, by itself. Those above are told 429, counted, and
    /// summed up.
    pub rejected_per_minute: NonZeroU32,
    /// `WAYPOST_INGRESS_KEYS_REFRESH_S`: how often the secrets of tenants' own apps are read anew, in
    /// seconds, default 1; besides, soon after a POST that they do not prove.
    pub keys_refresh: Duration,
    /// `WAYPOST_INGRESS_SUMMARY_S`: how often the number of POSTs above that cap is told, in
    /// seconds, default 60.
    pub summary_interval: Duration,
    /// `WAYPOST_INGRESS_PUBLISH_TIMEOUT_S`: how long the broker may take to confirm, in seconds,
    /// default 2.
    pub publish_timeout: Duration,
    /// `WAYPOST_INGRESS_SPOOL_TIMEOUT_S`: how long Postgres may then take instead, in seconds,
    /// default 2. Meta does not say how long it waits for an answer; people have seen 5 s.
    pub spool_timeout: Duration,
    /// `WAYPOST_INGRESS_HEAD_TIMEOUT_S`: how long a request may take to send its head, in seconds,
    /// default 5; then 408.
    pub head_timeout: Duration,
    /// `WAYPOST_INGRESS_BODY_TIMEOUT_S`: how long a request may take to send its body, in seconds,
    /// default 10; then 408.
    pub body_timeout: Duration,
    /// `WAYPOST_INGRESS_KEEP_ALIVE_S`: how long an idle connection stays open, in seconds, default
    /// 75: longer than the 60 s of common proxies, so that it is the proxy who closes.
    pub keep_alive: Duration,
    /// `WAYPOST_INGRESS_CONNECTIONS`: how many connections are served at once, default 2000; others
    /// wait to be accepted. With `WAYPOST_INGRESS_MAX_BODY` it bounds the memory of bodies.
    pub connections: usize,
    /// `WAYPOST_INGRESS_WORKERS`: threads that serve requests, default the number of cores.
    pub workers: usize,
    /// `WAYPOST_DRAIN_S`: how long requests get to end after a stop, in seconds, default 30.
    pub drain: Duration,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const RATE: NonZeroU32 = NonZeroU32::new(60).unwrap();
        let seconds = |name, default| env.seconds(name, Duration::from_secs(default));
        let cores = available_parallelism().map_or(1, usize::from);
        Ok(Self {
            addr: env.address("WAYPOST_INGRESS_ADDR", "127.0.0.1:8080")?,
            app_secrets: app_secrets(env)?,
            verify_token: env.secret("META_VERIFY_TOKEN").map_err(|error| {
                error.meaning("the verify token that the webhook settings of the Meta app hold")
            })?,
            max_body: env.bounded("WAYPOST_INGRESS_MAX_BODY", 3 << 20, 1 << 10..=64 << 20)?,
            rejected_per_minute: env.parsed("WAYPOST_INGRESS_REJECTED_PER_MINUTE", RATE)?,
            keys_refresh: at_least_a_millisecond(env, "WAYPOST_INGRESS_KEYS_REFRESH_S", 1)?,
            summary_interval: at_least_a_millisecond(env, "WAYPOST_INGRESS_SUMMARY_S", 60)?,
            publish_timeout: seconds("WAYPOST_INGRESS_PUBLISH_TIMEOUT_S", 2)?,
            spool_timeout: seconds("WAYPOST_INGRESS_SPOOL_TIMEOUT_S", 2)?,
            head_timeout: seconds("WAYPOST_INGRESS_HEAD_TIMEOUT_S", 5)?,
            body_timeout: seconds("WAYPOST_INGRESS_BODY_TIMEOUT_S", 10)?,
            keep_alive: seconds("WAYPOST_INGRESS_KEEP_ALIVE_S", 75)?,
            connections: env.bounded("WAYPOST_INGRESS_CONNECTIONS", 2000, 1..=100_000)?,
            workers: env.bounded("WAYPOST_INGRESS_WORKERS", cores, 1..=512)?,
            drain: runtime::service::drain_time(env)?,
        })
    }
}

fn app_secrets(env: &Env) -> Result<Vec<SecretString>, ConfigError> {
    const NAME: &str = "META_APP_SECRET";
    let text = env.secret(NAME).map_err(|error| error.meaning("the app secret of the Meta app"))?;
    let items = text.expose_secret().split(',').map(str::trim).filter(|item| !item.is_empty());
    let secrets: Vec<SecretString> = items.map(SecretString::from).collect();
    if secrets.is_empty() {
        return Err(ConfigError::must(NAME, "an app secret, or two parted by a comma"));
    }
    Ok(secrets)
}

/// A timer cannot tick without a pause.
fn at_least_a_millisecond(
    env: &Env,
    name: &'static str,
    default_s: u64,
) -> Result<Duration, ConfigError> {
    let interval = env.seconds(name, Duration::from_secs(default_s))?;
    if interval < Duration::from_millis(1) {
        return Err(ConfigError::must(name, "a number of seconds above 0"));
    }
    Ok(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: [(&str, &str); 2] = [("META_APP_SECRET", "s1"), ("META_VERIFY_TOKEN", "t1")];

    fn config(pairs: &[(&str, &str)]) -> Result<Config, String> {
        Config::from_env(&Env::of(pairs.iter().copied())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_secrets_alone_are_enough() {
        let config = config(&SECRETS).unwrap();

        assert_eq!(config.addr.to_string(), "127.0.0.1:8080");
        assert_eq!(config.max_body, 3_145_728);
        assert_eq!(config.rejected_per_minute.get(), 60);
        assert!(!format!("{config:?}").contains("s1"));
    }

    #[test]
    fn during_a_rotation_there_are_two_secrets() {
        let config = config(&[("META_APP_SECRET", "new, old,"), SECRETS[1]]).unwrap();

        let secrets: Vec<_> = config.app_secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["new", "old"]);
    }

    #[test]
    fn a_missing_or_wrong_value_is_named_and_never_shown() {
        let with = |name, value| config(&[SECRETS[0], SECRETS[1], (name, value)]).unwrap_err();

        assert!(config(&[SECRETS[1]]).unwrap_err().starts_with("META_APP_SECRET is not set"));
        assert!(config(&[SECRETS[0]]).unwrap_err().starts_with("META_VERIFY_TOKEN is not set"));
        assert!(config(&[("META_APP_SECRET", ","), SECRETS[1]]).unwrap_err().contains("must be"));
        assert!(with("WAYPOST_INGRESS_MAX_BODY", "0").contains("WAYPOST_INGRESS_MAX_BODY"));
        assert!(with("WAYPOST_INGRESS_REJECTED_PER_MINUTE", "0").contains("PER_MINUTE must be"));
        assert!(with("WAYPOST_INGRESS_SUMMARY_S", "0").contains("above 0"));
        assert!(with("WAYPOST_INGRESS_ADDR", "8080").contains("WAYPOST_INGRESS_ADDR must be"));
    }
}
