//! Templates: whether they can be read, may be sent, and are taken as they are sent.

use graph_api::error::{ApiFailure, explain};

use super::account::{Worst, worst};
use super::{Facts, Finding};

/// The most names that a finding lists.
const NAMED: usize = 5;

pub(super) fn templates_readable(facts: &Facts) -> Finding {
    const CHECK: &str = "templates_readable";
    match worst(facts, |account| account.templates.as_ref().err()) {
        Worst::None => return Finding::unknown(CHECK, "No account could be asked for.", ""),
        Worst::Doubt(_, doubt) => return Finding::of(CHECK, doubt),
        Worst::Fine => {}
    }
    let (all, approved, pending) =
        (with(facts, |_| true), with(facts, |s| s == "APPROVED"), with(facts, |s| s == "PENDING"));
    Finding::ok(
        CHECK,
        format!(
            "{} templates, of which {} approved and {} waiting for Meta's review.",
            all.len(),
            approved.len(),
            pending.len()
        ),
    )
}

/// Whether Meta lets all of them be sent that it has reviewed.
pub(super) fn templates_sendable(facts: &Facts) -> Finding {
    const CHECK: &str = "templates_sendable";
    let stopped = with(facts, |status| matches!(status, "REJECTED" | "PAUSED" | "DISABLED"));
    if stopped.is_empty() {
        return match with(facts, |_| true).len() {
            0 => Finding::unknown(CHECK, "No template is known to judge by.", ""),
            _ => Finding::ok(CHECK, "No template is rejected, paused or disabled."),
        };
    }
    let more = if stopped.len() > NAMED { " and others" } else { "" };
    let named = stopped.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    Finding::failed(
        CHECK,
        format!("Meta lets these templates not be sent: {named}{more}."),
        "See the reason in WhatsApp Manager › Message templates. A paused template goes on by \
         itself after hours, a rejected one can be edited or appealed, a disabled one is lost.",
    )
}

/// Whether what was sent in the last 24 hours fitted its template.
pub(super) fn templates_fit(facts: &Facts) -> Finding {
    const CHECK: &str = "templates_fit";
    let Some((code, count)) = facts.evidence.unfit_templates else {
        return Finding::ok(CHECK, "No message failed for its template in the last 24 hours.");
    };
    let words = explain(&ApiFailure { code: Some(code), ..ApiFailure::default() });
    let cause = format!("{count} messages failed with code {code}: {}", words.cause);
    Finding::failed(CHECK, cause, words.remedy)
}

/// `name (language)` of the templates whose status is such.
fn with(facts: &Facts, is_such: impl Fn(&str) -> bool) -> Vec<String> {
    let templates = facts.accounts.iter().flat_map(|account| account.templates.iter().flatten());
    templates
        .filter(|template| is_such(template.status.as_deref().unwrap_or_default()))
        .map(|template| {
            let word = |word: &Option<String>| word.clone().unwrap_or_default();
            format!("{} ({})", word(&template.name), word(&template.language))
        })
        .collect()
}
