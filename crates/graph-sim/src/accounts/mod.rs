//! The account side while it runs: tokens end, codes are used up, apps subscribe, numbers are registered.

mod access;
mod codes;
mod hearing;
mod rates;
mod registration;
mod tokens;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use crate::errors::GraphError;
use crate::scenario::{self, AppSpec, ProfileSpec, WabaSpec};
use crate::sync::lock;

pub(crate) use access::{Access, Need};
pub(crate) use hearing::{Heard, Hearing};
pub(crate) use rates::Usage;
pub(crate) use tokens::Token;

/// What stands on the account side. One lock, held for a few statements.
#[derive(Default)]
pub(crate) struct Accounts(Mutex<State>);

/// What the lock guards. It has no `Debug`: its keys are tokens and codes.
#[derive(Default)]
pub(crate) struct State {
    /// What the scenario said.
    spec: scenario::Accounts,
    tokens: HashMap<String, Token>,
    codes: HashMap<String, codes::Code>,
    profiles: HashMap<String, ProfileSpec>,
    /// For account and app, the override if it has one.
    subscriptions: BTreeMap<(String, String), Option<String>>,
    /// For number and app.
    overrides: BTreeMap<(String, String), String>,
    calls: HashMap<(String, String), rates::Calls>,
    registrations: HashMap<String, registration::Tries>,
    made_up: u64,
}

impl Accounts {
    /// Puts what a scenario says in the place of what stands. What it says again, word for word, stays as it is:
    /// tokens that were issued meanwhile live on.
    pub(crate) fn begin(&self, spec: &scenario::Accounts, now_us: u64) {
        let mut state = lock(&self.0);
        if state.spec == *spec {
            return;
        }
        let made_up = state.made_up;
        *state = State { spec: spec.clone(), made_up, ..State::default() };
        for token in &spec.tokens {
            state.tokens.insert(token.token.clone(), Token::of(token, now_us));
        }
        for code in &spec.codes {
            state.issue(code.clone(), now_us);
        }
        for profile in &spec.profiles {
            for own in &profile.overrides {
                if let Some(uri) = &own.override_callback_uri {
                    let key = (profile.phone_number_id.clone(), own.app_id.clone());
                    state.overrides.insert(key, uri.clone());
                }
            }
            state.profiles.insert(profile.phone_number_id.clone(), profile.clone());
        }
        for waba in &spec.wabas {
            for app in &waba.subscribed_apps {
                let key = (waba.waba_id.clone(), app.app_id.clone());
                state.subscriptions.insert(key, app.override_callback_uri.clone());
            }
        }
    }

    /// The standing of a number.
    pub(crate) fn profile(&self, phone_number_id: &str) -> ProfileSpec {
        lock(&self.0).profile(phone_number_id)
    }

    /// Whether a number stands so that it may send.
    pub(crate) fn may_send(&self, phone_number_id: &str) -> Result<(), GraphError> {
        match lock(&self.0).profiles.get(phone_number_id) {
            Some(profile) if !profile.registered => Err(GraphError::of(133_010)),
            Some(profile) if profile.is_stopped() => Err(GraphError::of(131_031)),
            Some(_) | None => Ok(()),
        }
    }

    /// Changes the standing of a number, and gives what `change` gives.
    pub(crate) fn amend<T>(
        &self,
        phone_number_id: &str,
        change: impl FnOnce(&mut ProfileSpec) -> T,
    ) -> T {
        let mut state = lock(&self.0);
        let profile = state.profile(phone_number_id);
        change(state.profiles.entry(phone_number_id.to_owned()).or_insert(profile))
    }

    /// Subscribes an app to an account, with or without an override.
    pub(crate) fn subscribe(&self, waba_id: &str, app_id: &str, callback: Option<String>) {
        let key = (waba_id.to_owned(), app_id.to_owned());
        lock(&self.0).subscriptions.insert(key, callback);
    }

    /// Ends the subscription of an app.
    pub(crate) fn unsubscribe(&self, waba_id: &str, app_id: &str) {
        let key = (waba_id.to_owned(), app_id.to_owned());
        lock(&self.0).subscriptions.remove(&key);
    }

    /// The apps that are subscribed to an account, each with its override.
    pub(crate) fn subscribed(&self, waba_id: &str) -> Vec<(String, Option<String>)> {
        let state = lock(&self.0);
        let own = state.subscriptions.iter().filter(|((waba, _), _)| waba == waba_id);
        own.map(|((_, app_id), callback)| (app_id.clone(), callback.clone())).collect()
    }

    /// Sets or takes away the override of a number.
    pub(crate) fn set_override(&self, phone_number_id: &str, app_id: &str, uri: Option<String>) {
        let key = (phone_number_id.to_owned(), app_id.to_owned());
        let mut state = lock(&self.0);
        match uri {
            Some(uri) => state.overrides.insert(key, uri),
            None => state.overrides.remove(&key),
        };
    }

    /// The override of a number.
    pub(crate) fn override_of(&self, phone_number_id: &str, app_id: &str) -> Option<String> {
        let key = (phone_number_id.to_owned(), app_id.to_owned());
        lock(&self.0).overrides.get(&key).cloned()
    }
}

impl State {
    fn profile(&self, phone_number_id: &str) -> ProfileSpec {
        let known = self.profiles.get(phone_number_id);
        known.cloned().unwrap_or_else(|| ProfileSpec::of(phone_number_id))
    }
}

impl scenario::Accounts {
    /// The app with this id.
    pub(crate) fn app(&self, app_id: &str) -> Option<&AppSpec> {
        self.apps.iter().find(|app| app.app_id == app_id)
    }

    /// What is known of an account beside its numbers.
    pub(crate) fn waba(&self, waba_id: &str) -> WabaSpec {
        let known = self.wabas.iter().find(|waba| waba.waba_id == waba_id);
        known.cloned().unwrap_or_else(|| WabaSpec::of(waba_id))
    }
}
