//! The typed client of the Graph API: sends, and the calls that set up and watch an account.

mod account;
mod call;
mod config;
mod limit;
mod oauth;
mod outcome;
mod pages;
mod path;
mod raw;
mod registration;
mod subscription;
mod transport;
mod upload;
mod usage;

use std::fmt;
use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use domain::ids::{AppId, PhoneNumberId};

pub use self::config::{GraphConfig, InvalidGraphConfig, ensure_crypto};
pub use self::limit::CallLimit;
pub use self::oauth::App;
pub use self::outcome::SendOutcome;
pub use self::path::{GraphPath, InvalidGraphPath};
pub use self::raw::RawAnswer;
pub use self::registration::{InvalidPin, Pin};
pub use self::subscription::CallbackOverride;
use self::transport::Answer;
pub use self::upload::Upload;
use crate::error::{ApiFailure, Rejection};
use crate::loose;
use crate::wire::ErrorResponse;

/// A pool of connections to the Graph API. Clones share it.
///
/// A send is written at most once. reqwest's own retries are off and redirects are not followed.
/// What remains is hyper's: a request that was queued for a kept-alive connection which turned out
/// to be closed goes to a new one, only if no byte of it had been handed to the old one. HTTP/1.1
/// alone is spoken, so that a broken connection leaves one send in doubt and not all of them.
#[derive(Clone, Debug)]
pub struct GraphClient {
    http: reqwest::Client,
    /// Base URL and version, without a slash at the end.
    root: Arc<str>,
    /// Who counts management calls.
    limit: Option<Arc<dyn CallLimit>>,
    /// Whose tokens they carry.
    app_id: Option<AppId>,
}

/// One message for Meta.
#[derive(Clone, Copy)]
pub struct SendRequest<'a> {
    /// Who sends.
    pub phone_number_id: &'a PhoneNumberId,
    /// The access token of the sender's connection.
    pub token: &'a SecretString,
    /// The whole body, ready: Meta's message object with `biz_opaque_callback_data`.
    pub body: &'a Value,
}

impl fmt::Debug for SendRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendRequest")
            .field("phone_number_id", &self.phone_number_id)
            .finish_non_exhaustive()
    }
}

impl GraphClient {
    /// Makes the pool; connects to nothing yet.
    ///
    /// # Errors
    /// When the machine's root certificates cannot be read.
    pub fn new(config: &GraphConfig) -> Result<Self, InvalidGraphConfig> {
        let http = config.build().map_err(InvalidGraphConfig::Client)?;
        let root = format!("{}/{}", config.base_url, config.version);
        Ok(Self { http, root: root.into(), limit: None, app_id: None })
    }

    /// The version that is spoken, such as `v25.0`.
    pub fn version(&self) -> &str {
        self.root.rsplit('/').next().unwrap_or_default()
    }

    /// Sends one message, once. Never fails: what happened is in the outcome.
    pub async fn send(&self, request: SendRequest<'_>) -> SendOutcome {
        let path = format!("{}/messages", request.phone_number_id);
        let builder = match self.request(Method::POST, &path, request.token) {
            Ok(builder) => builder,
            Err(error) => return SendOutcome::Rejected { kind: Rejection::Credential, error },
        };
        let ready = match builder.json(request.body).build().map_err(unbuildable) {
            Ok(ready) => ready,
            Err(error) => return SendOutcome::Rejected { kind: Rejection::Request, error },
        };
        let answer = transport::exchange(&self.http, ready, transport::LONGEST_ANSWER).await;
        SendOutcome::of(answer, request.token)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        token: &SecretString,
    ) -> Result<reqwest::RequestBuilder, ApiFailure> {
        let authorization = bearer(token).ok_or_else(|| {
            ApiFailure::local("unusable access token", "the token cannot stand in an HTTP header")
        })?;
        let url = format!("{}/{path}", self.root);
        Ok(self.http.request(method, url).header(AUTHORIZATION, authorization))
    }
}

fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let token = token.expose_secret();
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    (!token.is_empty()).then_some(value)
}

fn unbuildable(error: reqwest::Error) -> ApiFailure {
    ApiFailure::local("unusable request", error.without_url().to_string())
}

/// How many characters of each of Meta's texts are kept.
const LONGEST_TEXT: usize = 1_000;

/// Reads a refusal, of Meta's shape or not, and makes its texts fit to be stored: without NUL, of
/// bounded length, and without the secrets of the call, which Graph quotes when it finds one
/// malformed.
fn failure_of(answer: &Answer, secrets: &[&SecretString]) -> ApiFailure {
    let failure = match serde_json::from_slice::<ErrorResponse>(&answer.body) {
        Ok(response) => response.error.into_failure(answer.status),
        Err(_) => answer.unreadable(),
    };
    let fit = |text: &str| loose::storable(&without(text, secrets), LONGEST_TEXT);
    ApiFailure {
        title: fit(&failure.title),
        detail: fit(&failure.detail),
        fbtrace_id: failure.fbtrace_id.as_deref().map(fit),
        ..failure
    }
}

fn without(text: &str, secrets: &[&SecretString]) -> String {
    let secrets = secrets.iter().map(|secret| secret.expose_secret());
    secrets
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, "[token]"))
}
