//! Where the Graph API is, and how long to wait for it.

use std::time::Duration;

use reqwest::redirect::Policy;
use url::{Host, Url};

/// How a client reaches the Graph API.
#[derive(Clone, Debug)]
pub struct GraphConfig {
    /// Without a slash at the end.
    pub(super) base_url: String,
    pub(super) version: String,
    is_https: bool,
    is_loopback: bool,
    /// For a whole call, from the first try to connect to the last byte of the answer. A send that
    /// takes longer is in doubt.
    pub timeout: Duration,
    /// For the connection alone, TLS included. At most half of `timeout` is used: a call that times
    /// out as a whole does not prove that nothing was sent, a failure to connect does.
    pub connect_timeout: Duration,
}

/// How long a connection is kept for the next call. Short, because a send written to a connection
/// that the peer is just closing is in doubt.
const IDLE: Duration = Duration::from_secs(20);

impl GraphConfig {
    /// Where production is.
    pub const PRODUCTION: &'static str = "https://graph.facebook.com";

    /// The Graph API `version` (`v25.0`) under `base_url`, with 30 s for a call and 5 s to connect.
    ///
    /// # Errors
    /// When `base_url` is no plain HTTP or HTTPS address, or `version` no version.
    pub fn new(base_url: &str, version: &str) -> Result<Self, InvalidGraphConfig> {
        let url = Url::parse(base_url).map_err(|_| InvalidGraphConfig::BaseUrl)?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username() == "";
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_plain {
            return Err(InvalidGraphConfig::BaseUrl);
        }
        if !is_version(version) {
            return Err(InvalidGraphConfig::Version);
        }
        Ok(Self {
            base_url: url.as_str().trim_end_matches('/').to_owned(),
            version: version.to_owned(),
            is_https: url.scheme() == "https",
            is_loopback: is_loopback(&url),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
        })
    }

    pub(super) fn build(&self) -> Result<reqwest::Client, reqwest::Error> {
        ensure_crypto();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("waypost/", env!("CARGO_PKG_VERSION")))
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout.min(self.timeout / 2))
            .pool_idle_timeout(IDLE)
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(Policy::none())
            .referer(false);
        if self.is_loopback {
            builder = builder.no_proxy();
        }
        if !self.is_https {
            // Without TLS there is nothing to verify, and a machine without root certificates can
            // still talk to the simulator.
            builder = builder.tls_certs_only([]);
        }
        builder.build()
    }
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum InvalidGraphConfig {
    /// The base URL is wrong.
    #[error("the Graph API base URL must be http:// or https:// and a host, without a query")]
    BaseUrl,
    /// The version is wrong.
    #[error("the Graph API version must look like v25.0")]
    Version,
    /// The HTTP client cannot start, as a rule for want of root certificates.
    #[error("the HTTP client for the Graph API cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// Installs ring as the process's TLS provider, unless the process has chosen one.
pub fn ensure_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread has just installed one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn is_version(text: &str) -> bool {
    let is_number = |part: &str| {
        (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_address_and_a_version_are_accepted() {
        assert!(GraphConfig::new("https://graph.facebook.com/", "v25.0").is_ok());
        assert!(GraphConfig::new("http://127.0.0.1:9", "v25.0").is_ok());
        for wrong in ["", "graph.facebook.com", "ftp://x", "https://", "https://x?y", "http://u@x"]
        {
            let error = GraphConfig::new(wrong, "v25.0").unwrap_err();
            assert!(matches!(error, InvalidGraphConfig::BaseUrl), "{wrong}");
        }
        for wrong in ["", "25.0", "v25", "v25.x", "v25.0/..", "v.0", "V25.0"] {
            let error = GraphConfig::new("https://x", wrong).unwrap_err();
            assert!(matches!(error, InvalidGraphConfig::Version), "{wrong}");
        }
    }

    #[test]
    fn a_client_for_production_can_be_built() {
        let config = GraphConfig::new(GraphConfig::PRODUCTION, "v25.0").unwrap();

        assert!(config.build().is_ok());
    }
}
