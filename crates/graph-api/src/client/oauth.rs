//! Tokens: from the code of an embedded signup, and what a token may do.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/embedded-signup/implementation> and
//! <https://developers.facebook.com/docs/graph-api/reference/debug_token/>. Meta takes the app
//! secret and the inspected token in the query; nothing here shows a query.

use std::fmt;

use domain::ids::AppId;
use secrecy::{ExposeSecret, SecretString};

use super::GraphClient;
use super::call::Call;
use super::limit::Counts;
use crate::error::ApiFailure;
use crate::loose;
use crate::wire::{IssuedToken, TokenInfo, TokenInfoResponse};

/// An app with its secret.
#[derive(Clone, Copy)]
pub struct App<'a> {
    /// The app's id.
    pub app_id: &'a AppId,
    /// The app's secret: neither an access token nor a verify token.
    pub app_secret: &'a SecretString,
}

impl App<'_> {
    /// The app's own access token.
    fn token(self) -> SecretString {
        SecretString::from(format!("{}|{}", self.app_id, self.app_secret.expose_secret()))
    }
}

impl fmt::Debug for App<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

impl GraphClient {
    /// Exchanges the code of an embedded signup for an access token. A code lives 30 seconds and can
    /// be used once: a second try is refused, also when the answer to the first was lost.
    ///
    /// # Errors
    /// Meta's refusal (100 with subcode 36007 for an expired code, 36009 for a used one), or that
    /// no readable answer came.
    pub async fn exchange_code(
        &self,
        app: App<'_>,
        code: &SecretString,
    ) -> Result<IssuedToken, ApiFailure> {
        let call = Call::get(Counts::App(app.app_id), "oauth/access_token")
            .query("client_id", app.app_id.as_str())
            .query("client_secret", app.app_secret.expose_secret())
            .query("code", code.expose_secret())
            .hiding(app.app_secret)
            .hiding(code);
        self.ask(call).await
    }

    /// Asks what a token may do, and until when. An invalid token is no error of this call: the
    /// answer says `is_valid` false and why.
    ///
    /// # Errors
    /// Meta's refusal, as a rule of the app's own credentials or of a token that is another app's;
    /// or that no readable answer came. Asking again is always safe.
    pub async fn debug_token(
        &self,
        app: App<'_>,
        input_token: &SecretString,
    ) -> Result<TokenInfo, ApiFailure> {
        let own = app.token();
        let call = Call::get(Counts::App(app.app_id), "debug_token")
            .query("input_token", input_token.expose_secret())
            .token(&own)
            .hiding(app.app_secret)
            .hiding(input_token);
        let response: TokenInfoResponse = self.ask(call).await?;
        let Some(mut info) = response.data else {
            let detail = "an answer about a token without its data";
            return Err(ApiFailure {
                http_status: Some(200),
                ..ApiFailure::local("unreadable answer", detail)
            });
        };
        if let Some(error) = &mut info.error {
            let message = error.message.take().unwrap_or_default();
            let message = super::without(&message, &[input_token, app.app_secret]);
            error.message = Some(loose::storable(&message, super::LONGEST_TEXT));
        }
        Ok(info)
    }
}
