//! What our own rows show.

use domain::symptom::Symptom;
use store::connections::{Kind, Status};

use super::{Facts, Finding};

/// Sends of which a tenth or more have no status are no slip of Meta's.
const SILENT_SHARE: i64 = 10;

pub(super) fn webhook_received(facts: &Facts) -> Finding {
    const CHECK: &str = "webhook_received";
    if let Some(at) = facts.evidence.last_post_at {
        return Finding::ok(CHECK, format!("The last webhook came at {at}."));
    }
    let cause = "No webhook of the app has come in the last 24 hours.";
    let remedy = Symptom::NoWebhooks(None).remedy();
    // Without traffic there is nothing that Meta could tell of.
    if facts.evidence.accepted > 0 {
        Finding::failed(CHECK, cause, remedy)
    } else {
        Finding::unknown(CHECK, cause, remedy)
    }
}

pub(super) fn webhook_signatures(facts: &Facts) -> Finding {
    const CHECK: &str = "webhook_signatures";
    match (&facts.evidence.signature_trouble, facts.evidence.last_post_at) {
        (Some(cause), _) => Finding::failed(
            CHECK,
            cause.clone(),
            match facts.connection.kind {
                Kind::OwnApp => {
                    "Store the App Secret of the app that posts here: App settings › Basic › Show."
                }
                Kind::Platform => "Check META_APP_SECRET against the app's settings › Basic.",
            },
        ),
        (None, Some(_)) => Finding::ok(CHECK, "No signature was refused in the last 24 hours."),
        (None, None) => Finding::unknown(CHECK, "No webhook has come to judge by.", ""),
    }
}

pub(super) fn statuses_arrive(facts: &Facts) -> Finding {
    const CHECK: &str = "statuses_arrive";
    let (accepted, silent) = (facts.evidence.accepted, facts.evidence.without_status);
    if accepted == 0 {
        return Finding::unknown(CHECK, "Nothing was sent in the last 24 hours.", "");
    }
    if silent * SILENT_SHARE >= accepted {
        return Finding::shows(CHECK, Symptom::NoStatuses { accepted, silent });
    }
    Finding::ok(CHECK, format!("Statuses come for what was sent: {accepted} messages."))
}

pub(super) fn sending_allowed(facts: &Facts) -> Finding {
    const CHECK: &str = "sending_allowed";
    let (connection, waiting) = (&facts.connection, facts.evidence.waiting);
    let cause = |words: &str| format!("{words} {waiting} messages wait.");
    if connection.status == Status::Disconnected {
        let words = cause("The connection is disconnected.");
        return Finding::failed(CHECK, words, "Give it an access token to connect it again.");
    }
    if connection.claimed_waba_id.is_some() {
        let remedy = "Mend what the other checks say, then test the connection.";
        return Finding::failed(CHECK, cause("Meta has not confirmed it yet."), remedy);
    }
    if connection.blocked_until.is_some_and(|until| until > facts.now) {
        let words = connection.blocked_reason.as_deref().unwrap_or("Meta refuses to send");
        let remedy = Symptom::SendsRefused(words).remedy();
        return Finding::failed(CHECK, cause(&format!("{words}.")), remedy);
    }
    let paused = facts.numbers.iter().find(|n| n.paused_until.is_some_and(|at| at > facts.now));
    if let Some(number) = paused {
        let why = number.paused_reason.as_deref().unwrap_or("it is paused");
        let words = format!("Number {}: {why}.", number.phone_number_id);
        return Finding::failed(CHECK, words, "It is tried again by itself.");
    }
    Finding::ok(CHECK, "Nothing keeps messages from being sent.")
}

pub(super) fn recipients_allowed(facts: &Facts) -> Finding {
    const CHECK: &str = "recipients_allowed";
    match facts.evidence.not_listed {
        0 => Finding::ok(CHECK, "No recipient was refused for want of being listed."),
        count => Finding::failed(
            CHECK,
            format!("{count} messages went to recipients that the app may not reach (131030)."),
            "A test number, or an app in development, reaches only listed recipients, at most 5, \
             with templates only: list them under WhatsApp › API Setup, or connect a real number of \
             a live app.",
        ),
    }
}
