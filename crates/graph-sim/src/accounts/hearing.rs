//! Which app hears of an update, and where.
//!
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override>.

use graph_api::signature::SigningKey;
use secrecy::SecretString;

use crate::scenario;
use crate::sync::lock;
use crate::update::Update;

use super::{Accounts, State};

/// Only these fields follow an override; all others go to the app's own callback.
const FOLLOW_OVERRIDE: &[&str] = &[
    "messages",
    "message_echoes",
    "calls",
    "consumer_profile",
    "messaging_handovers",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "smb_message_echoes",
    "smb_app_state_sync",
    "history",
    "account_settings_update",
];

/// An app that may hear, ready to sign.
pub(crate) struct Hearing {
    app_id: String,
    key: SigningKey,
    /// Its callback, or those of the start.
    callbacks: Vec<String>,
    fields: Vec<String>,
}

/// Where an update goes, and who signs it: the place of the app among those that may hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) app: usize,
    pub(crate) url: String,
}

impl Hearing {
    /// The apps of a scenario; what one leaves out is that of the start.
    pub(crate) fn all(
        accounts: &scenario::Accounts,
        app_secret: &SecretString,
        urls: &[String],
    ) -> Vec<Self> {
        let prepare = |app: &scenario::AppSpec| {
            let own = app.app_secret.clone().map(SecretString::from);
            Self {
                app_id: app.app_id.clone(),
                key: SigningKey::new(own.as_ref().unwrap_or(app_secret)),
                callbacks: app.callback_url.clone().map_or_else(|| urls.to_vec(), |url| vec![url]),
                fields: app.fields.clone(),
            }
        };
        accounts.apps.iter().map(prepare).collect()
    }

    /// Signs a body with the app's secret.
    pub(crate) fn sign(&self, body: &[u8]) -> String {
        self.key.sign(body)
    }

    fn wants(&self, field: &str) -> bool {
        self.fields.is_empty() || self.fields.iter().any(|wanted| wanted == field)
    }
}

impl Accounts {
    /// Everywhere an update goes. One that names its app goes there, subscribed or not: so do the events that tell of
    /// a sign-up, which come before the app has subscribed.
    pub(crate) fn heard(&self, apps: &[Hearing], update: &Update) -> Vec<Heard> {
        if apps.is_empty() {
            return Vec::new();
        }
        let state = lock(&self.0);
        let mut heard = Vec::new();
        for (app, hearing) in apps.iter().enumerate() {
            let subscription = (update.waba_id().to_owned(), hearing.app_id.clone());
            let hears = match update.app_id() {
                Some(app_id) => app_id == hearing.app_id,
                None => state.subscriptions.contains_key(&subscription),
            };
            if !hears || !hearing.wants(update.field()) {
                continue;
            }
            match state.override_for(update, &hearing.app_id) {
                Some(url) => heard.push(Heard { app, url }),
                None => {
                    let all = hearing.callbacks.iter().cloned();
                    heard.extend(all.map(|url| Heard { app, url }));
                }
            }
        }
        heard
    }
}

impl State {
    /// The override of the number, else of the account.
    fn override_for(&self, update: &Update, app_id: &str) -> Option<String> {
        if !FOLLOW_OVERRIDE.contains(&update.field()) {
            return None;
        }
        let of_number = update.phone_number_id().and_then(|id| {
            let key = (id.to_owned(), app_id.to_owned());
            self.overrides.get(&key).cloned()
        });
        let key = (update.waba_id().to_owned(), app_id.to_owned());
        of_number.or_else(|| self.subscriptions.get(&key).cloned().flatten())
    }
}
