//! The access token and its app.

use chrono::{DateTime, TimeDelta, Utc};
use domain::symptom::Symptom;
use store::notifications::Severity;
use store::sync::Facts;

use super::Finding;

pub(super) const INVALID: &str = "token.invalid";
pub(super) const EXPIRING: &str = "token.expiring";
pub(super) const PERMISSIONS: &str = "token.permissions";
pub(super) const APP: &str = "connection.app";
pub(super) const BLOCKED: &str = "connection.blocked";

/// How long before its end a token is worth a word, and when it is urgent.
const SOON: TimeDelta = TimeDelta::days(7);
const URGENT: TimeDelta = TimeDelta::days(1);

pub(super) fn findings(facts: &Facts, has_token: bool, now: DateTime<Utc>) -> Vec<Finding> {
    let subject = facts.connection.connection_id.to_string();
    let finding =
        |kind, severity, symptom: Symptom<'_>| Finding::new(kind, &subject, severity, symptom);
    let (token, critical) = (&facts.token, Severity::Critical);
    let ends = facts.connection.token_expires_at;
    let mut found = Vec::new();
    if !has_token {
        found.push(finding(INVALID, critical, Symptom::NoToken));
    } else if let Some(end) = ends.filter(|end| *end <= now) {
        found.push(finding(INVALID, critical, Symptom::TokenEnded(end)));
    } else if token.valid == Some(false) {
        let symptom = Symptom::TokenRefused(token.problem.as_deref());
        found.push(finding(INVALID, critical, symptom));
    } else {
        if !token.lacks.is_empty() {
            found.push(finding(PERMISSIONS, critical, Symptom::TokenLacks(&token.lacks)));
        } else if facts.connection.blocked_until.is_some_and(|until| until > now) {
            let why = facts.connection.blocked_reason.as_deref().unwrap_or("no reason was told");
            found.push(finding(BLOCKED, critical, Symptom::SendsRefused(why)));
        }
        if let Some(end) = ends.filter(|end| *end - now < SOON) {
            let severity = if end - now < URGENT { critical } else { Severity::Warning };
            found.push(finding(EXPIRING, severity, Symptom::TokenEnds(end)));
        }
    }
    if let Some(why) = &token.app_problem {
        found.push(finding(APP, Severity::Warning, Symptom::AppMismatch(why)));
    }
    found
}
