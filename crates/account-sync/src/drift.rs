//! What is wrong with a connection, by everything that its rows say; pure.
//!
//! One cause is told once: what follows from another finding is left out.

mod account;
mod number;
mod silence;
mod token;

use chrono::{DateTime, TimeDelta, Utc};
use domain::symptom::Symptom;
use store::notifications::Severity;
use store::sync::Facts;

use crate::config::Watch;

/// Every kind of finding. Whatever is open of these and is not found any more has healed.
pub(crate) const KINDS: [&str; 17] = [
    token::INVALID,
    token::EXPIRING,
    token::PERMISSIONS,
    token::APP,
    token::BLOCKED,
    account::GRANT,
    account::STOPPED,
    account::HEALTH,
    account::UNSUBSCRIBED,
    account::UNLISTED,
    number::GONE,
    number::STATUS,
    number::QUALITY,
    number::NAME,
    number::HEALTH,
    silence::WEBHOOKS,
    silence::STATUSES,
];

/// How long silence may last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long webhooks and statuses of what was sent may take.
    pub(crate) grace: TimeDelta,
    /// How many messages in a row must have heard of nothing.
    pub(crate) messages: i64,
    /// How long no webhook may come though nothing is sent.
    pub(crate) quiet: TimeDelta,
}

impl Patience {
    /// As it is set.
    pub(crate) fn of(watch: &Watch) -> Self {
        let delta = |time| TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
        Self {
            grace: delta(watch.after),
            messages: i64::from(watch.messages),
            quiet: delta(watch.quiet),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What is wrong, as `thing.trouble`.
    pub(crate) kind: &'static str,
    /// With which connection, account or number.
    pub(crate) subject: String,
    /// How bad.
    pub(crate) severity: Severity,
    /// What is seen.
    pub(crate) cause: String,
    /// What to do.
    pub(crate) remedy: &'static str,
}

impl Finding {
    fn new(kind: &'static str, subject: &str, severity: Severity, symptom: Symptom<'_>) -> Self {
        let (cause, remedy) = (symptom.cause().into_owned(), symptom.remedy());
        Self { kind, subject: subject.to_owned(), severity, cause, remedy }
    }

    /// Whether a person has to do something.
    pub(crate) fn needs_attention(&self) -> bool {
        self.rank() > 0
    }

    /// What is worse is greater.
    pub(crate) fn rank(&self) -> u8 {
        match self.severity {
            Severity::Info => 0,
            Severity::Warning => 1,
            Severity::Critical => 2,
        }
    }

    /// Both sentences.
    pub(crate) fn reason(&self) -> String {
        format!("{} {}", self.cause, self.remedy)
    }
}

/// All findings, in the order in which trouble is best mended. `has_token`: there is a token that
/// opens.
pub(crate) fn drift(
    facts: &Facts,
    has_token: bool,
    patience: &Patience,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    if facts.connection.claimed_waba_id.is_some() {
        // Its test says what is wrong.
        return Vec::new();
    }
    let mut found = token::findings(facts, has_token, now);
    found.extend(account::findings(facts, now));
    found.extend(number::findings(facts));
    let is_deaf = found.iter().any(|finding| finding.kind == account::UNSUBSCRIBED);
    if !is_deaf {
        found.extend(silence::finding(facts, patience, now));
    }
    found
}

#[cfg(test)]
mod tests;
