//! Which apps hear of an account.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/embedded-signup/webhooks> and
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override>.

use std::fmt;

use domain::ids::WabaId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use super::GraphClient;
use super::call::Call;
use super::limit::Counts;
use crate::error::ApiFailure;
use crate::wire::SubscribedApp;

/// Where the message webhooks of one account go instead of the app's own callback. Template and
/// account webhooks never follow it.
#[derive(Clone, Copy)]
pub struct CallbackOverride<'a> {
    /// An HTTPS address of at most 200 characters. Meta asks it for its challenge before it answers
    /// the call, and refuses the call when that fails.
    pub uri: &'a Url,
    /// What Meta shows with the challenge.
    pub verify_token: &'a SecretString,
}

impl fmt::Debug for CallbackOverride<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackOverride").finish_non_exhaustive()
    }
}

impl GraphClient {
    /// Subscribes the token's app to an account. Without it no webhook comes. Harmless to repeat;
    /// a call without `callback` takes an earlier override away.
    ///
    /// # Errors
    /// Meta's refusal, also when the override does not answer the challenge; or that no readable
    /// answer came.
    pub async fn subscribe(
        &self,
        waba_id: &WabaId,
        callback: Option<CallbackOverride<'_>>,
        token: &SecretString,
    ) -> Result<(), ApiFailure> {
        let (counts, path) = (Counts::Waba(waba_id), format!("{waba_id}/subscribed_apps"));
        let call = match &callback {
            None => Call::post(counts, path, json!({})),
            Some(CallbackOverride { uri, verify_token }) => {
                let body = json!({
                    "override_callback_uri": uri.as_str(),
                    "verify_token": verify_token.expose_secret(),
                });
                Call::post(counts, path, body).hiding(verify_token)
            }
        };
        self.tell(call.token(token)).await
    }

    /// Reads which apps are subscribed to an account.
    ///
    /// # Errors
    /// Meta's refusal, or that no readable answer came. Asking again is always safe.
    pub async fn subscribed_apps(
        &self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<Vec<SubscribedApp>, ApiFailure> {
        self.list(waba_id, "subscribed_apps", None, token).await
    }

    /// Ends the subscription of the token's app. Harmless to repeat.
    ///
    /// # Errors
    /// Meta's refusal, or that no readable answer came.
    pub async fn unsubscribe(
        &self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<(), ApiFailure> {
        let path = format!("{waba_id}/subscribed_apps");
        self.tell(Call::delete(Counts::Waba(waba_id), path).token(token)).await
    }
}
