//! The numbers.

use domain::symptom::Symptom;
use store::notifications::Severity;
use store::sync::{Facts, NumberFacts};

use super::Finding;
use super::account::ill;

pub(super) const GONE: &str = "number.gone";
pub(super) const STATUS: &str = "number.status";
pub(super) const QUALITY: &str = "number.quality";
pub(super) const NAME: &str = "number.name";
pub(super) const HEALTH: &str = "number.health";

/// Of a number whose account is out of reach nothing is known.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let is_reached = |number: &&NumberFacts| {
        facts.accounts.iter().any(|account| account.waba_id == number.waba_id && account.granted)
    };
    facts.numbers.iter().filter(is_reached).flat_map(of_one).collect()
}

fn of_one(number: &NumberFacts) -> Vec<Finding> {
    let phone_number_id = number.phone_number_id.as_str();
    let finding = |kind, severity, symptom| Finding::new(kind, phone_number_id, severity, symptom);
    let critical = Severity::Critical;
    if !number.granted {
        return vec![finding(GONE, critical, Symptom::NumberGone(phone_number_id))];
    }
    let mut found = Vec::new();
    match (number.status.as_deref(), number.quality_rating.as_deref()) {
        (Some("FLAGGED"), _) | (None | Some("CONNECTED"), Some("RED")) => {
            let symptom = Symptom::NumberQuality { phone_number_id, quality: "RED" };
            found.push(finding(QUALITY, Severity::Warning, symptom));
        }
        (None | Some("CONNECTED"), Some("YELLOW")) => {
            let symptom = Symptom::NumberQuality { phone_number_id, quality: "YELLOW" };
            found.push(finding(QUALITY, Severity::Info, symptom));
        }
        (None | Some("CONNECTED"), _) => {}
        (Some(status), _) => {
            let symptom = Symptom::NumberStopped { phone_number_id, status };
            found.push(finding(STATUS, critical, symptom));
        }
    }
    let is_told = found.iter().any(Finding::needs_attention);
    if let Some((health, severity)) = ill(number.health.as_deref()).filter(|_| !is_told) {
        let detail = number.health_detail.as_deref();
        let symptom = Symptom::NumberHealth { phone_number_id, health, detail };
        found.push(finding(HEALTH, severity, symptom));
    }
    if let Some("DECLINED" | "REJECTED") = number.name_status.as_deref() {
        let reason = number.name_reason.as_deref().filter(|reason| *reason != "NONE");
        let symptom = Symptom::NameRejected { phone_number_id, reason };
        found.push(finding(NAME, Severity::Warning, symptom));
    }
    found
}
