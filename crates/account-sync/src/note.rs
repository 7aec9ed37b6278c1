//! What the owner is told at once, because it happened and does not last.

use domain::ids::TenantId;
use domain::role::Role;
use graph_api::webhook::account::{AccountNews, AccountUpdate, NumberNews};
use store::notifications::{Severity, Trouble};

/// A notification whose tenant is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// What it is about.
    pub(crate) kind: &'static str,
    /// With which account.
    pub(crate) subject: String,
    /// How bad.
    pub(crate) severity: Severity,
    /// What happened.
    pub(crate) cause: String,
    /// What to do.
    pub(crate) remedy: String,
}

/// Meta found a breach of its policies.
pub(crate) const VIOLATION: &str = "waba.violation";
/// Meta has a note for the owner.
pub(crate) const ALERT: &str = "waba.alert";
/// Somebody was at the two-step PIN.
pub(crate) const PIN: &str = "number.pin";
/// The messaging limit is another.
pub(crate) const LIMIT: &str = "waba.limit";

impl Note {
    /// The notification of a tenant.
    pub(crate) fn of(&self, tenant_id: TenantId) -> Trouble<'_> {
        Trouble {
            tenant_id,
            kind: self.kind,
            subject: &self.subject,
            severity: self.severity,
            roles: &[Role::Owner, Role::Admin],
            cause: &self.cause,
            remedy: &self.remedy,
        }
    }

    /// What to tell of a piece of news about account `waba_id`, if it is not told by how things
    /// stand afterwards.
    pub(crate) fn about(news: &AccountNews, waba_id: &str) -> Option<Self> {
        let note = |kind, severity, cause: String, remedy: &str| {
            let (subject, remedy) = (waba_id.to_owned(), remedy.to_owned());
            Some(Self { kind, subject, severity, cause, remedy })
        };
        match news {
            AccountNews::Account(AccountUpdate { violation: Some(violation), .. }) => note(
                VIOLATION,
                Severity::Critical,
                format!("Meta found that the account broke a policy: {violation}."),
                "Read the violation in Account Quality in WhatsApp Manager, stop what caused it, \
                 and ask for a review there if Meta is wrong.",
            ),
            AccountNews::Alert { severity, status, alert, description }
                if status.as_deref() != Some("NONE") =>
            {
                let words = description.as_deref().map(|words| format!(": {words}"));
                note(
                    ALERT,
                    alert_severity(severity.as_deref()),
                    format!("Meta says {alert}{}.", words.unwrap_or_default()),
                    "Open WhatsApp Manager: what Meta wants to know or to be done stands there.",
                )
            }
            AccountNews::Number(NumberNews::Security { event, .. }) => note(
                PIN,
                Severity::Warning,
                format!("The two-step PIN of a number of the account: {event}."),
                "If it was none of you, change the PIN in WhatsApp Manager and look who has \
                 access to the account.",
            ),
            _ => None,
        }
    }

    /// What to tell of a messaging limit that is another than before.
    pub(crate) fn of_limit(waba_id: &str, before: Option<&str>, tier: &str) -> Self {
        let was = before.map(|before| format!(" (before: {before})")).unwrap_or_default();
        let raised = rank(tier) >= before.map_or(0, rank);
        let (severity, way, remedy) = if raised {
            (Severity::Info, "allows", "Nothing is to be done: it applies at once.")
        } else {
            (
                Severity::Warning,
                "allows only",
                "Check that the business is verified and the payment method works; messages above \
                 the limit wait.",
            )
        };
        Self {
            kind: LIMIT,
            subject: waba_id.to_owned(),
            severity,
            cause: format!(
                "Meta {way} {tier} people in 24 hours outside a service window{was}, all numbers \
                 of the business portfolio together."
            ),
            remedy: remedy.to_owned(),
        }
    }
}

fn alert_severity(word: Option<&str>) -> Severity {
    match word {
        Some("CRITICAL") => Severity::Critical,
        Some("INFORMATIONAL") => Severity::Info,
        Some(_) | None => Severity::Warning,
    }
}

/// Limits in their order.
fn rank(tier: &str) -> u64 {
    tier.parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_falls_is_a_warning_and_one_that_rises_is_none() {
        assert_eq!(Note::of_limit("1", Some("250"), "2000").severity, Severity::Info);
        assert_eq!(Note::of_limit("1", Some("2000"), "unlimited").severity, Severity::Info);
        assert_eq!(Note::of_limit("1", None, "250").severity, Severity::Info);
        assert_eq!(Note::of_limit("1", Some("unlimited"), "100000").severity, Severity::Warning);
    }
}
