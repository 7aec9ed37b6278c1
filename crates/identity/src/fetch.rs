//! The provider's keys from where it publishes them.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use url::Url;

use crate::keys::KeySet;
use crate::provider::Provider;

/// How long one answer may take, with its body.
pub(crate) const TIME: Duration = Duration::from_secs(5);

/// Larger than any set of keys.
const LARGEST: usize = 256 * 1024;

/// Why there are no keys. For the log: it names no more than where they were asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoKeys {
    #[error("no answer from {0}")]
    Silent(String),
    #[error("{0} answered {1}")]
    Status(String, u16),
    #[error("the answer of {0} is larger than {LARGEST} bytes")]
    TooLarge(String),
    #[error("the answer of {0} is not what is published there")]
    Unreadable(String),
    #[error("{0} says that it is of another issuer")]
    OtherIssuer(String),
    #[error("{0} says that the keys are at a place without TLS")]
    NoTls(String),
    #[error("{0} lists no key that signs")]
    Empty(String),
}

/// <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

/// A client that follows nobody elsewhere.
///
/// # Errors
/// When the machine's root certificates cannot be read.
pub(crate) fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(TIME).redirect(Policy::none()).referer(false).build()
}

/// # Errors
/// Why there are none.
pub(crate) async fn keys(client: &Client, provider: &Provider) -> Result<KeySet, NoKeys> {
    let url = match &provider.jwks_url {
        Some(url) => url.clone(),
        None => discover(client, &provider.issuer).await?,
    };
    let keys = KeySet::read(&get(client, url.as_str()).await?);
    let keys = keys.ok_or_else(|| NoKeys::Unreadable(url.to_string()))?;
    if keys.len() == 0 { Err(NoKeys::Empty(url.into())) } else { Ok(keys) }
}

async fn discover(client: &Client, issuer: &str) -> Result<Url, NoKeys> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let found: Result<Discovered, _> = serde_json::from_slice(&get(client, &url).await?);
    let Ok(found) = found else { return Err(NoKeys::Unreadable(url)) };
    if found.issuer != issuer {
        return Err(NoKeys::OtherIssuer(url));
    }
    let Ok(keys) = Url::parse(&found.jwks_uri) else { return Err(NoKeys::Unreadable(url)) };
    let is_safe = keys.scheme() == "https" || !issuer.starts_with("https:");
    if is_safe { Ok(keys) } else { Err(NoKeys::NoTls(url)) }
}

async fn get(client: &Client, url: &str) -> Result<Vec<u8>, NoKeys> {
    let silent = |_| NoKeys::Silent(url.to_owned());
    let mut response = client.get(url).send().await.map_err(silent)?;
    if !response.status().is_success() {
        return Err(NoKeys::Status(url.to_owned(), response.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(silent)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(NoKeys::TooLarge(url.to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
