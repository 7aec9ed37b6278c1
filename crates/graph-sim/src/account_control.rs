//! What may be told to the simulator about the account side, and what its webhooks then tell.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::control::Control;
use crate::errors::Ending;
use crate::outbox::Queued;
use crate::scenario::{CodeSpec, ProfileSpec, ScenarioError, TokenSpec};
use crate::update::{EntryHead, Update};
use crate::world::World;

/// An account, number or template webhook, to be posted as it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountWebhook {
    /// The account it is about, whose subscribed apps hear of it.
    pub waba_id: String,
    /// Its `field`, such as `account_update`.
    pub field: String,
    /// Its `value`.
    pub value: Value,
    /// The only app that hears of it, subscribed or not. Absent: all that are subscribed.
    #[serde(default)]
    pub app_id: Option<String>,
    /// `entry[].id` where that is not the account: `PARTNER_…` events name the portfolio.
    #[serde(default)]
    pub entry_id: Option<String>,
}

impl AccountWebhook {
    /// A webhook for all apps that are subscribed to the account.
    #[must_use]
    pub fn of(waba_id: &str, field: &str, value: Value) -> Self {
        let (waba_id, field) = (waba_id.to_owned(), field.to_owned());
        Self { waba_id, field, value, app_id: None, entry_id: None }
    }
}

/// How a token ends.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEnd {
    /// The token.
    pub token: String,
    /// What ended it. Absent: it expires now.
    #[serde(default)]
    pub ended: Option<Ending>,
}

impl std::fmt::Debug for TokenEnd {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TokenEnd").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl Control {
    /// Sets the clock forward: codes die, tokens expire, hours of calls pass, and what is due is posted.
    pub fn advance_clock(&self, by: Duration) {
        self.0.leap(u64::try_from(by.as_micros()).unwrap_or(u64::MAX));
    }

    /// Lets a business finish a sign-up with an app, and gives the code of it.
    ///
    /// # Errors
    ///
    /// When the app is not listed.
    pub fn issue_code(&self, code: CodeSpec) -> Result<String, ScenarioError> {
        self.listed(&code.app_id)?;
        Ok(self.0.accounts.issue_code(code, self.0.now_us()))
    }

    /// Adds a token, or puts it in the place of the one with the same letters.
    ///
    /// # Errors
    ///
    /// When its app is not listed.
    pub fn add_token(&self, token: &TokenSpec) -> Result<(), ScenarioError> {
        self.listed(&token.app_id)?;
        self.0.accounts.add_token(token, self.0.now_us());
        Ok(())
    }

    /// Ends a token. One whose app was removed tells the app so: `account_update` with `PARTNER_APP_UNINSTALLED`.
    ///
    /// # Errors
    ///
    /// When there is no such token.
    pub fn end_token(&self, end: &TokenEnd) -> Result<(), ScenarioError> {
        let world = &self.0;
        let ended = world.accounts.end_token(&end.token, end.ended, world.now_us());
        let token = ended.ok_or_else(|| wrong("there is no such token"))?;
        if end.ended == Some(Ending::AppRemoved) {
            for waba_id in &token.spec.waba_ids {
                let owner = self.owner_of(waba_id);
                let value = json!({ "event": "PARTNER_APP_UNINSTALLED", "waba_info": {
                    "waba_id": waba_id, "owner_business_id": owner,
                    "partner_app_id": token.spec.app_id } });
                self.emit(AccountWebhook {
                    waba_id: waba_id.clone(),
                    field: "account_update".to_owned(),
                    value,
                    app_id: Some(token.spec.app_id.clone()),
                    entry_id: Some(owner),
                });
            }
        }
        Ok(())
    }

    /// Posts a webhook about an account, a number or a template, signed by each app that hears of it.
    pub fn emit(&self, webhook: AccountWebhook) {
        let AccountWebhook { waba_id, field, value, app_id, entry_id } = webhook;
        let time = (field != "messages").then(|| self.0.time_of_day(self.0.now_us()).timestamp());
        let entry = EntryHead { id: entry_id, time };
        let update = Update::Change { waba_id, entry, app_id, field, value };
        self.0.outbox.add([(self.0.now_us(), Queued { update, posted: None })]);
    }

    /// The standing of a number.
    #[must_use]
    pub fn profile(&self, phone_number_id: &str) -> ProfileSpec {
        self.0.accounts.profile(phone_number_id)
    }

    /// Changes the standing of a number without a webhook.
    pub fn set_profile(&self, profile: ProfileSpec) {
        let id = profile.phone_number_id.clone();
        self.0.accounts.amend(&id, |known| *known = profile);
    }

    fn owner_of(&self, waba_id: &str) -> String {
        let standing = self.0.standing();
        let listed = standing.scenario.accounts.waba(waba_id).portfolio_id;
        let mut numbers = standing.scenario.numbers.iter();
        let number = numbers.find(|number| number.waba_id == waba_id);
        listed
            .or_else(|| number.map(|number| number.portfolio().to_owned()))
            .unwrap_or_else(|| waba_id.to_owned())
    }

    fn listed(&self, app_id: &str) -> Result<(), ScenarioError> {
        let standing = self.0.standing();
        let known = standing.scenario.accounts.app(app_id);
        known.map(|_| ()).ok_or_else(|| wrong("the app is not listed in accounts.apps"))
    }
}

impl World {
    /// Lets the subscribed apps of an account hear of something now.
    pub(crate) fn tell(&self, waba_id: &str, field: &str, value: Value) {
        let now_us = self.now_us();
        let time = Some(self.time_of_day(now_us).timestamp());
        let update = Update::Change {
            waba_id: waba_id.to_owned(),
            entry: EntryHead { id: None, time },
            app_id: None,
            field: field.to_owned(),
            value,
        };
        self.outbox.add([(now_us, Queued { update, posted: None })]);
    }
}

pub(crate) fn wrong(what: &str) -> ScenarioError {
    ScenarioError::Contradictory(what.to_owned())
}
