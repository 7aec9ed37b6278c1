//! The accounts.

use chrono::{DateTime, Utc};
use domain::symptom::Symptom;
use store::notifications::Severity;
use store::sync::{AccountFacts, Facts};

use super::Finding;

pub(super) const GRANT: &str = "waba.grant";
pub(super) const STOPPED: &str = "waba.stopped";
pub(super) const HEALTH: &str = "waba.health";
pub(super) const UNSUBSCRIBED: &str = "waba.unsubscribed";
pub(super) const UNLISTED: &str = "waba.unlisted";

const MANAGEMENT: &str = "whatsapp_business_management";

pub(super) fn findings(facts: &Facts, now: DateTime<Utc>) -> Vec<Finding> {
    // Without this permission no account can be reached.
    let is_blind = facts.token.lacks.iter().any(|missing| missing == MANAGEMENT);
    facts.accounts.iter().flat_map(|account| of_one(account, is_blind, now)).collect()
}

fn of_one(account: &AccountFacts, is_blind: bool, now: DateTime<Utc>) -> Vec<Finding> {
    let waba_id = account.waba_id.as_str();
    let finding = |kind, severity, symptom| Finding::new(kind, waba_id, severity, symptom);
    if !account.granted {
        let lapsed = finding(GRANT, Severity::Critical, Symptom::GrantLapsed(waba_id));
        return if is_blind { Vec::new() } else { vec![lapsed] };
    }
    let mut found = Vec::new();
    if let Some(stopped) = stopped(account, now) {
        found.push(stopped);
    } else if let Some((health, severity)) = ill(account.health.as_deref()) {
        let detail = account.health_detail.as_deref();
        found.push(finding(HEALTH, severity, Symptom::AccountHealth { waba_id, health, detail }));
    }
    if account.subscribed == Some(false) {
        found.push(finding(UNSUBSCRIBED, Severity::Critical, Symptom::Unsubscribed(waba_id)));
    }
    if account.unlisted_numbers > 0 {
        found.push(finding(UNLISTED, Severity::Info, Symptom::Unlisted(waba_id)));
    }
    found
}

fn stopped(account: &AccountFacts, now: DateTime<Utc>) -> Option<Finding> {
    let waba_id = account.waba_id.as_str();
    let (until, detail) = (account.status_until, account.status_detail.as_deref());
    let severity = match account.status.as_deref() {
        Some("DISABLE_SCHEDULED") => Some(Severity::Warning),
        Some("RESTRICTED") => until.is_none_or(|until| until > now).then_some(Severity::Warning),
        Some("DISABLED") => (!is_well_again(account)).then_some(Severity::Critical),
        Some("DELETED" | "OFFBOARDED") => Some(Severity::Critical),
        Some(_) | None => None,
    };
    if let (Some(severity), Some(status)) = (severity, account.status.as_deref()) {
        let symptom = Symptom::AccountStopped { waba_id, status, detail, until };
        return Some(Finding::new(STOPPED, waba_id, severity, symptom));
    }
    (account.review_status.as_deref() == Some("REJECTED")).then(|| {
        Finding::new(STOPPED, waba_id, Severity::Critical, Symptom::AccountRejected(waba_id))
    })
}

/// Meta has said since that it can send.
fn is_well_again(account: &AccountFacts) -> bool {
    account.health.as_deref() == Some("AVAILABLE") && account.synced_at > account.status_at
}

/// A health that is none, and how bad it is.
pub(super) fn ill(health: Option<&str>) -> Option<(&str, Severity)> {
    match health? {
        "LIMITED" => Some(("LIMITED", Severity::Warning)),
        "BLOCKED" => Some(("BLOCKED", Severity::Critical)),
        _ => None,
    }
}
