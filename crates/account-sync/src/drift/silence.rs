//! What should be heard and is not.

use chrono::{DateTime, Utc};
use domain::symptom::Symptom;
use store::notifications::Severity;
use store::sync::Facts;

use super::{Finding, Patience};

pub(super) const WEBHOOKS: &str = "webhook.silence";
pub(super) const STATUSES: &str = "status.silence";

/// Nothing is expected of what sends nothing, so a quiet night is none; where signatures are
/// refused, that is told already.
pub(super) fn finding(facts: &Facts, patience: &Patience, now: DateTime<Utc>) -> Option<Finding> {
    let subject = facts.connection.connection_id.to_string();
    let traffic = &facts.traffic;
    if traffic.refused {
        return None;
    }
    let finding = |kind, severity, symptom| Some(Finding::new(kind, &subject, severity, symptom));
    let (last, accepted, silent) = (traffic.last_post_at, traffic.accepted, traffic.silent);
    if accepted >= patience.messages && silent == accepted {
        let none_came = last.is_none() || last < traffic.since;
        return if none_came {
            finding(WEBHOOKS, Severity::Critical, Symptom::NoWebhooks(last))
        } else {
            finding(STATUSES, Severity::Critical, Symptom::NoStatuses { accepted, silent })
        };
    }
    let last = last.filter(|last| now - *last > patience.quiet)?;
    finding(WEBHOOKS, Severity::Info, Symptom::QuietSince(last))
}
