use std::net::SocketAddr;
use std::time::Duration;

use backbone::ManagementConfig;
use domain::recipient::PhoneNumber;
use graph_api::client::GraphConfig;
use identity::Provider;
use runtime::service::drain_time;
use runtime::{ConfigError, Env};

use crate::provider::provider;
use crate::signup::Platform;

/// The settings of this service.
#[derive(Clone, Debug)]
pub struct Config {
    /// `WAYPOST_ADMIN_ADDR`: where to listen, default `127.0.0.1:8081`.
    pub addr: SocketAddr,
    /// `WAYPOST_API_KEY_CACHE_S`: how long a key that was looked up is taken as it was, in seconds,
    /// default 5, and so what a member may do. A revoked key works for so long at most, and so does
    /// a role that was taken away; 0 looks every caller up every time.
    pub api_key_cache: Duration,
    /// `WAYPOST_DRAIN_S`: how long requests that have begun may take after a stop.
    pub drain: Duration,
    /// `WHATSAPP_DEFAULT_RECIPIENT`: to whom `POST /v1/whatsapp/notify` sends without `phoneNumber`, as
    /// `+` and E.164 digits; none when not set.
    pub default_recipient: Option<PhoneNumber>,
    /// [`backbone::graph`]: where reads of Meta's own routes are passed on to, connections are tested
    /// and accounts are read.
    pub graph: GraphConfig,
    /// `REDIS_URL`, `WAYPOST_MANAGEMENT_RESERVED_PERCENT`, `META_APP_ID`; see [`ManagementConfig`].
    pub management: ManagementConfig,
    /// `WAYPOST_PUBLIC_URL`: where Meta reaches ingress, such as `https://wa.example.com`; stands
    /// before the webhook URLs that are shown. Without it they are shown as paths.
    pub public_url: String,
    /// [`provider`]: whose tokens are believed; `None`: nobody's.
    pub tokens: Option<Provider>,
    /// The platform's own app, into which tenants sign up; `None`: they bring their own.
    pub platform: Option<Platform>,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The first variable that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            addr: env.address("WAYPOST_ADMIN_ADDR", "127.0.0.1:8081")?,
            api_key_cache: env.seconds("WAYPOST_API_KEY_CACHE_S", Duration::from_secs(5))?,
            drain: drain_time(env)?,
            default_recipient: env.optional_parsed("WHATSAPP_DEFAULT_RECIPIENT")?,
            graph: backbone::graph(env)?,
            management: ManagementConfig::from_env(env)?,
            public_url: public_url(env)?,
            tokens: provider(env)?,
            platform: Platform::from_env(env)?,
        })
    }
}

fn public_url(env: &Env) -> Result<String, ConfigError> {
    const NAME: &str = "WAYPOST_PUBLIC_URL";
    if env.optional(NAME).is_none() {
        return Ok(String::new());
    }
    Ok(env.url(NAME, "")?.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS: (&str, &str) = ("REDIS_URL", "redis://127.0.0.1");

    #[test]
    fn without_other_variables_it_listens_on_the_loopback() {
        let config = Config::from_env(&Env::of([REDIS])).unwrap();

        assert_eq!(config.addr.to_string(), "127.0.0.1:8081");
    }

    #[test]
    fn a_public_url_stands_before_a_path_without_a_slash_of_its_own() {
        let url = |text| Config::from_env(&Env::of([REDIS, ("WAYPOST_PUBLIC_URL", text)]));

        assert_eq!(url("https://wa.example.com/").unwrap().public_url, "https://wa.example.com");
        assert_eq!(url("").unwrap().public_url, "");
        assert!(url("wa.example.com").is_err());
    }

    #[test]
    fn a_wrong_address_is_named() {
        let error =
            Config::from_env(&Env::of([REDIS, ("WAYPOST_ADMIN_ADDR", "here")])).unwrap_err();

        assert!(error.to_string().starts_with("WAYPOST_ADMIN_ADDR must be"), "{error}");
    }
}
