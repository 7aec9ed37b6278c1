//! A file that is handed on while it arrives.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method};
use secrecy::SecretString;

use super::raw::without;
use super::transport::{self, Broken};
use super::{GraphClient, GraphPath, RawAnswer, unbuildable};
use crate::error::ApiFailure;

/// How long an upload may take: 100 MB over 5 Mbit/s.
const PATIENCE: Duration = Duration::from_secs(180);

/// A body that is not here yet.
pub struct Upload<S> {
    /// Its media type, with the boundary of a form.
    pub content_type: String,
    /// Its length in bytes, when it is known.
    pub length: Option<u64>,
    /// Its bytes; an error breaks the request off.
    pub body: S,
}

impl GraphClient {
    /// Posts a body to `path` with a tenant's token while it arrives, once, and gives status and body as
    /// Meta answered.
    ///
    /// # Errors
    /// Only that no whole answer came, as when the body broke off.
    pub async fn upload<S, E>(
        &self,
        path: &GraphPath,
        upload: Upload<S>,
        token: &SecretString,
    ) -> Result<RawAnswer, ApiFailure>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        let mut request = self
            .request(Method::POST, path.as_str(), token)?
            .timeout(PATIENCE)
            .header(CONTENT_TYPE, upload.content_type)
            .body(Body::wrap_stream(upload.body));
        if let Some(length) = upload.length {
            request = request.header(CONTENT_LENGTH, length);
        }
        let request = request.build().map_err(unbuildable)?;
        let answer = transport::exchange(&self.http, request, transport::LONGEST_ANSWER).await;
        let answer = answer.map_err(Broken::into_failure)?;
        Ok(RawAnswer { status: answer.status, body: without(answer.body, token) })
    }
}
