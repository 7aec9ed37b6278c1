//! How a simulator is started.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use runtime::env::{ConfigError, Env, SecretString};

use crate::scenario::Scenario;

/// What a start needs to know.
///
/// | Variable | Meaning | Default |
/// |---|---|---|
/// | `WAYPOST_SIM_ADDR` | where it listens | `127.0.0.1:8090` |
/// | `WAYPOST_SIM_SCENARIO` | a JSON file with a [`Scenario`] | any number may send, everything is delivered and read |
/// | `WAYPOST_SIM_WEBHOOK_URL` | who is called back, parted by commas | nobody |
/// | `WAYPOST_SIM_SEED` | the seed of every draw, a whole number | `1` |
/// | `META_APP_SECRET` | signs webhooks; needed when somebody is called back | |
#[derive(Clone)]
pub struct Config {
    /// Where it listens; port 0 lets the system choose.
    pub addr: SocketAddr,
    /// Signs webhooks of subscribers that bring no secret of their own.
    pub app_secret: SecretString,
    /// Who is called back where the scenario names nobody.
    pub webhook_urls: Vec<String>,
    /// The seed where the scenario has none.
    pub seed: u64,
    /// The first scenario.
    pub scenario: Scenario,
    /// How many threads answer requests.
    pub workers: usize,
}

impl Config {
    /// A simulator on a free local port, with the default scenario.
    pub fn local(app_secret: impl Into<String>, webhook_url: Option<String>) -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            app_secret: SecretString::from(app_secret.into()),
            webhook_urls: webhook_url.into_iter().collect(),
            seed: 1,
            scenario: Scenario::default(),
            workers: 2,
        }
    }

    /// Reads the variables above.
    ///
    /// # Errors
    ///
    /// Names the variable that is wrong, or the place in the scenario.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let urls: Vec<url::Url> = env.list("WAYPOST_SIM_WEBHOOK_URL")?;
        let app_secret = match env.optional_secret("META_APP_SECRET")? {
            Some(secret) => secret,
            None if urls.is_empty() => SecretString::default(),
            None => {
                return Err(ConfigError::missing("META_APP_SECRET")
                    .meaning("the app secret that signs webhooks"));
            }
        };
        Ok(Self {
            addr: env.address("WAYPOST_SIM_ADDR", "127.0.0.1:8090")?,
            app_secret,
            webhook_urls: urls.into_iter().map(String::from).collect(),
            seed: env.parsed("WAYPOST_SIM_SEED", 1)?,
            scenario: scenario(env)?,
            workers: 2,
        })
    }
}

fn scenario(env: &Env) -> Result<Scenario, ConfigError> {
    const NAME: &str = "WAYPOST_SIM_SCENARIO";
    let Some(path) = env.optional(NAME) else { return Ok(Scenario::default()) };
    let json = std::fs::read(path)
        .map_err(|error| ConfigError::must(NAME, format!("a file to read ({error})")))?;
    Scenario::parse(&json).map_err(|error| {
        let cause = std::error::Error::source(&error)
            .map(|source| format!(": {source}"))
            .unwrap_or_default();
        ConfigError::must(NAME, format!("a file with a scenario ({error}{cause})"))
    })
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("addr", &self.addr)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_to_be_set() {
        let config = Config::from_env(&Env::of::<&str, &str>([])).unwrap();

        assert_eq!((config.addr.port(), config.seed), (8090, 1));
    }

    #[test]
    fn who_is_called_back_needs_a_secret() {
        let env = Env::of([("WAYPOST_SIM_WEBHOOK_URL", "http://127.0.0.1:1/x")]);

        let error = Config::from_env(&env).unwrap_err();

        assert_eq!(
            error.to_string(),
            "META_APP_SECRET is not set: the app secret that signs webhooks"
        );
    }

    #[test]
    fn a_scenario_that_cannot_be_read_is_named() {
        let env = Env::of([("WAYPOST_SIM_SCENARIO", "/nowhere/scenario.json")]);

        let error = Config::from_env(&env).unwrap_err();

        assert!(error.to_string().starts_with("WAYPOST_SIM_SCENARIO must be"), "{error}");
    }
}
