//! Calls that are handed on as Meta answered them.

use std::fmt;

use bytes::Bytes;
use domain::ids::WabaId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::call::Call;
use super::limit::Counts;
use super::{GraphClient, GraphPath};
use crate::error::ApiFailure;

/// Names in a query whose values are credentials. They are never handed on: the token of the call
/// stands in its header, and nothing else may take its place.
const CREDENTIALS: &[&str] =
    &["access_token", "appsecret_proof", "client_secret", "input_token", "code"];

/// What Meta answered, refusals included. `Debug` leaves the body out.
#[derive(Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body as it came, but for the token of the call: Meta writes it into `paging.next`.
    pub body: Bytes,
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish()
    }
}

impl GraphClient {
    /// Reads `path` with a tenant's token, and gives status and body as Meta answered. Values in
    /// `query` that are credentials (`access_token` and the like) are left out. It counts as a call on
    /// this account; `None` for a medium, which is no management call.
    ///
    /// # Errors
    /// Only that no whole answer came, or that no call is left; a refusal of Meta's is an answer.
    /// Asking again is safe.
    pub async fn get<'q>(
        &self,
        waba_id: Option<&WabaId>,
        path: &GraphPath,
        query: impl IntoIterator<Item = (&'q str, &'q str)>,
        token: &SecretString,
    ) -> Result<RawAnswer, ApiFailure> {
        let counts = waba_id.map_or(Counts::Nothing, Counts::Waba);
        let mut call = Call::get(counts, path.as_str());
        for (name, value) in query {
            if !CREDENTIALS.iter().any(|credential| name.eq_ignore_ascii_case(credential)) {
                call = call.query(name, value);
            }
        }
        self.raw(call, token).await
    }

    /// Posts a receipt to `path` with a tenant's token, once, and gives status and body as Meta answered.
    /// It is no management call. Not for sends: what became of one is told by [`GraphClient::send`].
    ///
    /// # Errors
    /// Only that no whole answer came; then Meta may have done it.
    pub async fn post(
        &self,
        path: &GraphPath,
        body: Value,
        token: &SecretString,
    ) -> Result<RawAnswer, ApiFailure> {
        self.raw(Call::post(Counts::Nothing, path.as_str(), body), token).await
    }

    async fn raw<'a>(
        &self,
        call: Call<'a>,
        token: &'a SecretString,
    ) -> Result<RawAnswer, ApiFailure> {
        let answer = self.answer(call.token(token)).await?;
        Ok(RawAnswer { status: answer.status, body: without(answer.body, token) })
    }
}

/// The body without the token, as it is and as a URL writes it. A body without it is not copied.
pub(super) fn without(body: Bytes, token: &SecretString) -> Bytes {
    let plain = token.expose_secret();
    let encoded: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let holds = |secret: &str| {
        !secret.is_empty() && body.windows(secret.len()).any(|part| part == secret.as_bytes())
    };
    if !holds(plain) && !holds(&encoded) {
        return body;
    }
    let text = String::from_utf8_lossy(&body);
    text.replace(plain, "[token]").replace(&encoded, "[token]").into()
}
