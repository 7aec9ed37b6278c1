//! What Meta says of token, account, numbers and subscription.

use chrono::TimeDelta;
use domain::ids::AppId;
use domain::symptom::Symptom;
use graph_api::wire::{Expiry, PERMISSIONS, hears};
use store::connections::Kind;

use super::{Account, Facts, Finding};
use crate::connections::proof::Doubt;

/// How long before its end a token is worth a word.
const SOON: TimeDelta = TimeDelta::days(7);

pub(super) fn token_valid(facts: &Facts) -> Finding {
    const CHECK: &str = "token_valid";
    if !facts.has_token {
        return Finding::shows(CHECK, Symptom::NoToken);
    }
    match &facts.token {
        Some(Ok(info)) if info.is_valid => Finding::ok(CHECK, "Meta takes the access token."),
        Some(Ok(_)) => Finding::shows(CHECK, Symptom::TokenRefused(None)),
        Some(Err(doubt)) => Finding::of(CHECK, doubt),
        // Without the app's secret an account that answers shows it as well.
        None => match facts.accounts.first().map(|account| &account.proof) {
            Some(Ok(_)) => Finding::ok(CHECK, "Meta takes the access token."),
            Some(Err(doubt)) if doubt.pointer == "/access_token" => Finding::of(CHECK, doubt),
            Some(Err(_)) | None => Finding::unknown(
                CHECK,
                "Meta was not asked about the token itself: the app's secret is not stored here.",
                "",
            ),
        },
    }
}

pub(super) fn token_permissions(facts: &Facts) -> Finding {
    const CHECK: &str = "token_permissions";
    let Some(Ok(info)) = facts.token.as_ref().filter(|_| facts.has_token) else {
        return Finding::unknown(CHECK, "Meta did not tell what the token may do.", "");
    };
    let missing: Vec<String> = info.lacks().into_iter().map(str::to_owned).collect();
    if missing.is_empty() {
        return Finding::ok(CHECK, format!("The token has {}.", PERMISSIONS.join(" and ")));
    }
    Finding::shows(CHECK, Symptom::TokenLacks(&missing))
}

pub(super) fn token_expiry(facts: &Facts) -> Finding {
    const CHECK: &str = "token_expiry";
    let told = match &facts.token {
        Some(Ok(info)) => info.expiry(),
        Some(Err(_)) | None => {
            facts.connection.token_expires_at.map_or(Expiry::Unknown, Expiry::At)
        }
    };
    match told {
        Expiry::Never => Finding::ok(CHECK, "The token does not expire."),
        Expiry::At(end) if end <= facts.now => Finding::shows(CHECK, Symptom::TokenEnded(end)),
        Expiry::At(end) if end - facts.now < SOON => Finding::shows(CHECK, Symptom::TokenEnds(end)),
        Expiry::At(end) => Finding::ok(CHECK, format!("The token is good until {end}.")),
        Expiry::Unknown => Finding::unknown(CHECK, "Meta did not tell when the token ends.", ""),
    }
}

pub(super) fn waba_reachable(facts: &Facts) -> Finding {
    const CHECK: &str = "waba_reachable";
    match worst(facts, |account| account.proof.as_ref().err()) {
        Worst::None => {
            Finding::unknown(CHECK, "No account could be asked for.", Symptom::NoToken.remedy())
        }
        Worst::Fine => Finding::ok(CHECK, "The token reaches every account of the connection."),
        Worst::Doubt(account, doubt) => {
            let found = Finding::of(CHECK, doubt);
            let cause = format!("Account {}: {}", account.waba_id, found.cause);
            let lapsed = matches!(doubt.kind, "unknown_object" | "no_permission");
            let remedy = if lapsed {
                format!("The grant has lapsed, or was never given. {}", found.remedy)
            } else {
                found.remedy.clone()
            };
            Finding { cause, remedy, ..found }
        }
    }
}

pub(super) fn number_connected(facts: &Facts) -> Finding {
    const CHECK: &str = "number_connected";
    let told: Vec<_> = facts
        .accounts
        .iter()
        .filter_map(|account| account.proof.as_ref().ok())
        .flat_map(|proof| &proof.numbers)
        .collect();
    if told.is_empty() {
        return Finding::unknown(
            CHECK,
            "Meta listed no number.",
            "Add a number to the account in WhatsApp Manager, then refresh the assets.",
        );
    }
    for number in &facts.numbers {
        let id = number.phone_number_id.as_str();
        let Some(found) = told.iter().find(|told| told.id.as_deref() == Some(id)) else {
            return Finding::shows(CHECK, Symptom::NumberGone(id));
        };
        match found.status.as_deref() {
            Some("CONNECTED") | None => {}
            Some(status) => {
                return Finding::shows(
                    CHECK,
                    Symptom::NumberStopped { phone_number_id: id, status },
                );
            }
        }
    }
    let known = |id: Option<&str>| {
        facts.numbers.iter().any(|number| Some(number.phone_number_id.as_str()) == id)
    };
    if told.iter().any(|number| !known(number.id.as_deref())) {
        return Finding::shows(CHECK, Symptom::Unlisted(""));
    }
    Finding::ok(CHECK, "Every number is CONNECTED.")
}

pub(super) fn app_subscribed(facts: &Facts) -> Finding {
    const CHECK: &str = "app_subscribed";
    match worst(facts, |account| account.apps.as_ref().err()) {
        Worst::None => return Finding::unknown(CHECK, "No account could be asked for.", ""),
        Worst::Doubt(_, doubt) => return Finding::of(CHECK, doubt),
        Worst::Fine => {}
    }
    let app_id = match facts.connection.kind {
        Kind::OwnApp => facts.connection.app_id.as_ref(),
        Kind::Platform => None,
    };
    for account in &facts.accounts {
        let apps = account.apps.as_deref().unwrap_or_default();
        if !hears(apps, app_id.map(AppId::as_str)) {
            return Finding::shows(CHECK, Symptom::Unsubscribed(account.waba_id.as_str()));
        }
    }
    Finding::ok(CHECK, "The app is subscribed to every account.")
}

pub(super) enum Worst<'a> {
    None,
    Fine,
    Doubt(&'a Account, &'a Doubt),
}

/// A refusal before a silence before nothing.
pub(super) fn worst<'a>(
    facts: &'a Facts,
    doubt: impl Fn(&'a Account) -> Option<&'a Doubt>,
) -> Worst<'a> {
    if facts.accounts.is_empty() {
        return Worst::None;
    }
    let doubts = facts.accounts.iter().filter_map(|account| Some((account, doubt(account)?)));
    let first = doubts.min_by_key(|(_, doubt)| doubt.is_silence());
    first.map_or(Worst::Fine, |(account, doubt)| Worst::Doubt(account, doubt))
}
