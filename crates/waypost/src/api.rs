//! The API of a running Waypost, as its caller sees it.

use std::time::Duration;

use anyhow::{Context, bail};
use runtime::env::{ExposeSecret, SecretString};
use runtime::{ConfigError, Env};
use serde_json::Value;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the API is.
#[derive(clap::Args)]
pub(crate) struct Address {
    /// Where the API is, a URL [default: the address in `WAYPOST_ADMIN_ADDR`, or 127.0.0.1:8081]
    #[arg(long)]
    url: Option<Url>,
}

/// The API with a key. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    url: Url,
    key: SecretString,
}

impl Address {
    /// The API at that address, with the key in `WAYPOST_API_KEY`.
    ///
    /// # Errors
    /// When there is no key.
    pub(crate) fn api(self, env: &Env) -> anyhow::Result<Api> {
        let key = env.secret("WAYPOST_API_KEY").map_err(|error: ConfigError| {
            error.meaning("a key from `waypost api-key create --tenant NAME`")
        })?;
        let url = match self.url {
            Some(url) => url,
            None => {
                let addr = env.address("WAYPOST_ADMIN_ADDR", "127.0.0.1:8081")?;
                format!("http://{}", crate::host::local(addr)).parse()?
            }
        };
        Api::new(url, key)
    }
}

impl Api {
    /// The API at `url`.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub(crate) fn new(url: Url, key: SecretString) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy()
            .build()
            .context("cannot set up an HTTP client")?;
        Ok(Self { client, url, key })
    }

    /// Posts a body and gives the answer's.
    ///
    /// # Errors
    /// When nobody answers; when the answer is an error, in its own words.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> anyhow::Result<Value> {
        let mut request = self.client.post(self.url.join(path)?).json(body);
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        self.answer(request).await
    }

    /// Gets what stands at a path.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.client.get(self.url.join(path)?)).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let request = request.bearer_auth(self.key.expose_secret());
        let response = request.send().await.context("the API does not answer")?;
        let status = response.status();
        let body = response.bytes().await.context("the API's answer broke off")?;
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(body);
        }
        bail!("{}", problem(status.as_u16(), &body))
    }
}

/// An error of the API in one line: status, title, and each wrong place with what is allowed.
pub(crate) fn problem(status: u16, body: &Value) -> String {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let title = match text(body, "title") {
        title if title.is_empty() => "the API refused".to_owned(),
        title => title,
    };
    let places = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let details: Vec<String> = if places.is_empty() {
        vec![text(body, "detail")]
    } else {
        places
            .iter()
            .map(|place| {
                let at = [text(place, "pointer"), text(place, "parameter")].concat();
                format!("{at} {}", text(place, "detail"))
            })
            .collect()
    };
    format!("{title} ({status}): {}", details.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_is_one_line_that_names_the_field() {
        let body = json!({ "title": "Fields are wrong", "detail": "1 field", "errors": [
            { "pointer": "/to", "detail": "must be a phone number" }
        ]});

        assert_eq!(problem(422, &body), "Fields are wrong (422): /to must be a phone number");
        let none = problem(502, &Value::Null);
        assert_eq!(none, "the API refused (502): ");
    }
}
