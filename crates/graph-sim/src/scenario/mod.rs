//! A scenario: everything that may be told to the simulator, as one value that is read from a file or over HTTP.

mod accounts;
mod fates;
mod faults;
mod limits;
mod numbers;
mod tokens;
mod values;
mod webhooks;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use accounts::{
    AccountLimits, Accounts, AppSpec, PortfolioSpec, ProfileSpec, SubscriptionSpec, WabaSpec,
};
pub(crate) use fates::matches;
pub use fates::{FailsAfter, Failure, Fates, Rule};
pub use faults::{Fault, FaultKind};
pub use limits::{
    Exceeded, Limits, PairLimit, PortfolioLimit, ServiceWindowLimit, ThroughputLimit,
};
pub use numbers::{
    NumberSpec, OpenNumber, ParameterFormat, Template, TemplateButton, TemplateCategory,
    TemplateComponent, TemplateStatus,
};
pub use tokens::{CodeSpec, TokenSpec};
pub use values::{Chance, Delay, OutOfRange};
pub use webhooks::{Redelivery, Subscriber, Webhooks};

/// What the simulator knows and does. Every part has a default, so `{}` is a scenario:
/// any number and any token may send, Meta's limits are kept, and every message is delivered and read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Whether numbers that are not listed may send too, with any token.
    pub open: bool,
    /// What such a number is taken for.
    pub open_number: OpenNumber,
    /// The versions that the path may name.
    pub versions: Vec<String>,
    /// The numbers that exist.
    pub numbers: Vec<NumberSpec>,
    /// Apps, accounts, tokens. Nothing of it is asked for unless apps are listed.
    pub accounts: Accounts,
    /// The templates that exist. Empty: any template may be sent, and only its shape is checked.
    pub templates: Vec<Template>,
    /// Whether `wa_id` differs from the input for Brazil and Mexico, as it does at Meta.
    pub rewrite_wa_ids: bool,
    /// Whether `to` without `+` gets the calling code of the business number in front, as it does at Meta.
    pub prepend_calling_code: bool,
    /// What becomes of messages that no rule is about.
    pub fates: Fates,
    /// Fates of their own for some messages; the first that matches decides.
    pub rules: Vec<Rule>,
    /// The limits that are kept.
    pub limits: Limits,
    /// Faults from the start; more may be set while running.
    pub faults: Vec<Fault>,
    /// How webhooks are posted.
    pub webhooks: Webhooks,
    /// The seed of every draw. Absent: the one the simulator was started with.
    pub seed: Option<u64>,
    /// How many accepted sends are remembered; the oldest go first.
    pub keep_sends: usize,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            open: true,
            open_number: OpenNumber::default(),
            versions: (21..=26).map(|major| format!("v{major}.0")).collect(),
            numbers: Vec::new(),
            accounts: Accounts::default(),
            templates: Vec::new(),
            rewrite_wa_ids: true,
            prepend_calling_code: true,
            fates: Fates::default(),
            rules: Vec::new(),
            limits: Limits::default(),
            faults: Vec::new(),
            webhooks: Webhooks::default(),
            seed: None,
            keep_sends: 1_000_000,
        }
    }
}

/// Why a scenario cannot be used.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// It is not JSON, or not of the scenario's shape.
    #[error("the scenario is wrong at {path}")]
    Unreadable {
        /// Where, as a path of keys.
        path: String,
        /// What is wrong there.
        #[source]
        source: serde_json::Error,
    },
    /// Its parts do not go together.
    #[error("the scenario is wrong: {0}")]
    Contradictory(String),
}

impl Scenario {
    /// Reads a scenario from JSON.
    ///
    /// # Errors
    ///
    /// Says at which key the scenario is wrong.
    pub fn parse(json: &[u8]) -> Result<Self, ScenarioError> {
        let scenario: Self = read(json)?;
        scenario.checked()
    }

    /// Checks what the types cannot: that its parts go together.
    ///
    /// # Errors
    ///
    /// Says what contradicts what.
    pub fn checked(self) -> Result<Self, ScenarioError> {
        let mut seen = HashSet::new();
        if let Some(twice) =
            self.numbers.iter().find(|number| !seen.insert(number.phone_number_id.as_str()))
        {
            return wrong(format!("number {} is listed twice", twice.phone_number_id));
        }
        if !(1..=1_000).contains(&self.webhooks.max_batch) {
            return wrong("webhooks.max_batch is 1 to 1000".to_owned());
        }
        if self.webhooks.concurrency == 0 || self.webhooks.statuses_per_change == 0 {
            return wrong(
                "webhooks.concurrency and webhooks.statuses_per_change are at least 1".to_owned(),
            );
        }
        for fault in &self.faults {
            fault.check()?;
        }
        self.accounts.check()?;
        Ok(self)
    }

    /// The fates that decide over such a message.
    #[must_use]
    pub fn fates_for(&self, phone_number_id: &str, recipient: &str, kind: &str) -> &Fates {
        let rule = self.rules.iter().find(|rule| rule.covers(phone_number_id, recipient, kind));
        rule.map_or(&self.fates, |rule| &rule.fates)
    }
}

impl Accounts {
    /// Checks that every app that is named is listed, once.
    fn check(&self) -> Result<(), ScenarioError> {
        let mut apps = HashSet::new();
        if let Some(twice) = self.apps.iter().find(|app| !apps.insert(app.app_id.as_str())) {
            return wrong(format!("app {} is listed twice", twice.app_id));
        }
        let subscriptions = self.wabas.iter().flat_map(|waba| &waba.subscribed_apps);
        let overrides = self.profiles.iter().flat_map(|profile| &profile.overrides);
        let named = (self.tokens.iter().map(|token| &token.app_id))
            .chain(self.codes.iter().map(|code| &code.app_id))
            .chain(subscriptions.chain(overrides).map(|subscription| &subscription.app_id));
        for app_id in named {
            if !apps.contains(app_id.as_str()) {
                return wrong(format!("app {app_id} is named, and not listed in accounts.apps"));
            }
        }
        Ok(())
    }
}

impl Fault {
    /// Checks that the fault says what it does, in one way only.
    ///
    /// # Errors
    ///
    /// Names what is missing or too much.
    pub fn check(&self) -> Result<(), ScenarioError> {
        if self.kind.is_some() != self.sequence.is_empty() {
            return wrong("a fault has either `kind` or `sequence`".to_owned());
        }
        let resets = self
            .kind
            .iter()
            .chain(&self.sequence)
            .any(|kind| *kind == FaultKind::ResetBeforeReading);
        if resets && self.recipient.is_some() {
            return wrong("`reset_before_reading` happens before a recipient is known".to_owned());
        }
        Ok(())
    }
}

/// Reads one JSON value and says at which key it is wrong.
pub(crate) fn read<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, ScenarioError> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        ScenarioError::Unreadable { path: error.path().to_string(), source: error.into_inner() }
    })?;
    reader
        .end()
        .map_err(|source| ScenarioError::Unreadable { path: "the end".to_owned(), source })?;
    Ok(value)
}

fn wrong<T>(what: String) -> Result<T, ScenarioError> {
    Err(ScenarioError::Contradictory(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_is_a_scenario_and_survives_its_own_json() {
        let scenario = Scenario::parse(b"{}").unwrap();

        let json = serde_json::to_vec(&scenario).unwrap();

        assert!(scenario.open);
        assert_eq!(Scenario::parse(&json).unwrap().fates, scenario.fates);
    }

    #[test]
    fn the_scenario_of_the_demo_is_one() {
        let scenario = Scenario::parse(include_bytes!("../../scenarios/demo.json")).unwrap();

        assert_eq!(scenario.numbers.len(), 1);
    }

    #[test]
    fn the_scenario_with_two_apps_is_one_and_an_app_that_is_not_listed_is_named() {
        let json = include_str!("../../scenarios/two_apps.json");

        let error =
            Scenario::parse(json.replace("400", "499").replacen("499", "400", 1).as_bytes());

        assert_eq!(Scenario::parse(json.as_bytes()).unwrap().accounts.apps.len(), 2);
        let expected = "the scenario is wrong: app 499 is named, and not listed in accounts.apps";
        assert_eq!(error.unwrap_err().to_string(), expected);
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_path() {
        let error = Scenario::parse(br#"{"fates":{"sent_after":[1,2]}}"#).unwrap_err();

        assert_eq!(error.to_string(), "the scenario is wrong at fates.sent_after");
    }

    #[test]
    fn a_fault_says_what_it_does_in_one_way() {
        for fault in [
            r#"{"times":1}"#,
            r#"{"kind":"garbage","sequence":["none"]}"#,
            r#"{"kind":"reset_before_reading","recipient":"1*"}"#,
        ] {
            let json = format!(r#"{{"faults":[{fault}]}}"#);
            assert!(Scenario::parse(json.as_bytes()).is_err(), "{fault}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let scenario = Scenario::parse(
            br#"{"rules":[
                {"recipients":["1415*"],"types":["text"],"fates":{"read":0.25}},
                {"recipients":["1415*"],"fates":{"read":0.5}}]}"#,
        )
        .unwrap();

        let read = |kind| scenario.fates_for("200", "14155550101", kind).read.get();

        assert!((read("text") - 0.25).abs() < f64::EPSILON);
        assert!((read("image") - 0.5).abs() < f64::EPSILON);
    }
}
