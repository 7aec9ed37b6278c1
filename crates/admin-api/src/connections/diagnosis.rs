//! What is wrong with a connection: the checks behind every symptom, each with its cause and what
//! to do. The decision is pure; the facts are gathered by [`Connections::diagnose`].
//!
//! [`Connections::diagnose`]: super::Connections::diagnose

mod account;
mod business;
mod gather;
mod templates;
mod traffic;

use chrono::{DateTime, Utc};
use domain::ids::WabaId;
use domain::symptom::Symptom;
use graph_api::wire::{MessageTemplate, SubscribedApp, TokenInfo};
use store::connections::{Connection, Evidence, NumberAsset};

use super::proof::{Doubt, Proof};

/// Whether something is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Ok,
    /// It is not.
    Failed,
    /// Nothing is known: it cannot be asked, Meta did not answer, or nothing has happened yet.
    Unknown,
}

impl Verdict {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// What was seen.
    pub cause: String,
    /// What to do; empty when nothing is to be done.
    pub remedy: String,
}

impl Finding {
    fn ok(check: &'static str, cause: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, cause: cause.into(), remedy: String::new() }
    }

    fn failed(check: &'static str, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (cause, remedy) = (cause.into(), remedy.into());
        Self { check, verdict: Verdict::Failed, cause, remedy }
    }

    fn unknown(check: &'static str, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, ..Self::failed(check, cause, remedy) }
    }

    fn shows(check: &'static str, symptom: Symptom<'_>) -> Self {
        Self::failed(check, symptom.cause(), symptom.remedy())
    }

    /// Of what Meta said instead of an answer.
    fn of(check: &'static str, doubt: &Doubt) -> Self {
        let (cause, remedy) = (doubt.cause.clone(), doubt.remedy.clone());
        let verdict = if doubt.is_silence() { Verdict::Unknown } else { Verdict::Failed };
        Self { check, verdict, cause, remedy }
    }
}

/// What is known of a connection at one moment.
pub(super) struct Facts {
    pub(super) connection: Connection,
    pub(super) numbers: Vec<NumberAsset>,
    /// Whether there is a token that opens.
    pub(super) has_token: bool,
    /// What Meta says of the token; `None`: the app's secret is not known.
    pub(super) token: Option<Result<TokenInfo, Doubt>>,
    pub(super) accounts: Vec<Account>,
    pub(super) evidence: Evidence,
    pub(super) now: DateTime<Utc>,
}

/// What Meta says of one account.
pub(super) struct Account {
    pub(super) waba_id: WabaId,
    pub(super) proof: Result<Proof, Doubt>,
    pub(super) apps: Result<Vec<SubscribedApp>, Doubt>,
    pub(super) templates: Result<Vec<MessageTemplate>, Doubt>,
}

/// All checks, in the order in which trouble is best mended.
pub(super) fn diagnose(facts: &Facts) -> Vec<Finding> {
    vec![
        account::token_valid(facts),
        account::token_permissions(facts),
        account::token_expiry(facts),
        account::waba_reachable(facts),
        account::number_connected(facts),
        account::app_subscribed(facts),
        traffic::webhook_received(facts),
        traffic::webhook_signatures(facts),
        traffic::statuses_arrive(facts),
        traffic::sending_allowed(facts),
        traffic::recipients_allowed(facts),
        templates::templates_readable(facts),
        templates::templates_sendable(facts),
        templates::templates_fit(facts),
        business::account_approved(facts),
        business::business_verified(facts),
    ]
}

#[cfg(test)]
mod tests;
