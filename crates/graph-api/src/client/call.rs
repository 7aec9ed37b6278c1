//! One management call and its typed answer.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::limit::Counts;
use super::transport::{self, Answer, Broken};
use super::usage::closed_for;
use super::{GraphClient, bearer, failure_of, unbuildable};
use crate::error::ApiFailure;
use crate::loose;

/// A call of the Graph API. It has no `Debug`: its query may hold secrets.
pub(super) struct Call<'a> {
    counts: Counts<'a>,
    method: Method,
    path: String,
    query: Vec<(&'a str, &'a str)>,
    body: Option<Value>,
    token: Option<&'a SecretString>,
    secrets: Vec<&'a SecretString>,
}

impl<'a> Call<'a> {
    pub(super) fn get(counts: Counts<'a>, path: impl Into<String>) -> Self {
        Self::new(counts, Method::GET, path)
    }

    pub(super) fn post(counts: Counts<'a>, path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(counts, Method::POST, path) }
    }

    pub(super) fn delete(counts: Counts<'a>, path: impl Into<String>) -> Self {
        Self::new(counts, Method::DELETE, path)
    }

    fn new(counts: Counts<'a>, method: Method, path: impl Into<String>) -> Self {
        let (query, secrets) = (Vec::new(), Vec::new());
        Self { counts, method, path: path.into(), query, body: None, token: None, secrets }
    }

    pub(super) fn query(mut self, name: &'a str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    /// The token that stands in the header.
    pub(super) fn token(mut self, token: &'a SecretString) -> Self {
        self.token = Some(token);
        self.hiding(token)
    }

    /// A secret that the request holds, and that no error may show.
    pub(super) fn hiding(mut self, secret: &'a SecretString) -> Self {
        self.secrets.push(secret);
        self
    }
}

/// Meta's answer to what only changes something.
#[derive(Deserialize)]
struct Done {
    #[serde(default, deserialize_with = "loose::optional_flag")]
    success: Option<bool>,
}

impl GraphClient {
    /// Makes a call and reads its answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, ApiFailure> {
        let (secrets, subject) = (call.secrets.clone(), self.subject(call.counts));
        let answer = self.answer(call).await?;
        if answer.is_success() {
            // Every answer is an object; serde's derived structs would take a list for one.
            if !answer.body.trim_ascii_start().starts_with(b"{") {
                return Err(answer.unreadable());
            }
            serde_json::from_slice(&answer.body).map_err(|_| answer.unreadable())
        } else {
            let retry_after = closed_for(&answer.told(subject.as_ref()));
            Err(ApiFailure { retry_after, ..failure_of(&answer, &secrets) })
        }
    }

    /// Makes a call that changes something, and wants to hear that it did.
    pub(super) async fn tell(&self, call: Call<'_>) -> Result<(), ApiFailure> {
        match self.ask::<Done>(call).await?.success {
            Some(true) => Ok(()),
            Some(false) | None => Err(ApiFailure {
                http_status: Some(200),
                ..ApiFailure::local("not done", "Meta answered without saying that it was done")
            }),
        }
    }

    /// Makes a call, if the limit has a place for it, and tells the limit what the answer says of it;
    /// the answer may be a refusal.
    pub(super) async fn answer(&self, call: Call<'_>) -> Result<Answer, ApiFailure> {
        let Call { counts, method, path, query, body, token, secrets: _ } = call;
        let url = format!("{}/{path}", self.root);
        let mut url = Url::parse(&url)
            .map_err(|_| ApiFailure::local("unusable request", "the path makes no address"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, authorization(token)?);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let request = request.build().map_err(unbuildable)?;
        let subject = self.subject(counts);
        self.reserve(subject.as_ref()).await?;
        let answer = transport::exchange(&self.http, request, transport::LONGEST_PAGE).await;
        let answer = answer.map_err(Broken::into_failure)?;
        self.tell_limit(subject.as_ref(), answer.told(subject.as_ref())).await;
        Ok(answer)
    }
}

/// The header of a token.
pub(super) fn authorization(token: &SecretString) -> Result<HeaderValue, ApiFailure> {
    bearer(token).ok_or_else(|| {
        ApiFailure::local("unusable access token", "the token cannot stand in an HTTP header")
    })
}
