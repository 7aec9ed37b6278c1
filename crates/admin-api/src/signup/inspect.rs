//! What Meta says a token may do, held against what Waypost needs; pure.

use chrono::{DateTime, Utc};
use domain::ids::{AppId, WabaId};
use graph_api::error::{Explanation, explain};
use graph_api::wire::{Expiry, TokenInfo};

/// Without these two nothing can be sent, read or heard (requirements of the Cloud API,
/// <https://developers.facebook.com/docs/whatsapp/embedded-signup/overview>).
const NEEDED: [&str; 2] = ["whatsapp_business_management", "whatsapp_business_messaging"];

/// What a token was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The accounts, the newest first; `None`: all that its owner has.
    pub(crate) waba_ids: Option<Vec<WabaId>>,
    /// When Meta will refuse the token; `None`: never.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Reads the grant of a token, or why it cannot be used.
///
/// # Errors
/// What is wrong with the token, and what to do.
pub(crate) fn inspect(info: &TokenInfo, app_id: &AppId) -> Result<Grant, Explanation> {
    if !info.is_valid {
        let told = info.failure().map(|failure| explain(&failure));
        return Err(told.unwrap_or_else(|| {
            refusal("Meta says that the token is not valid.", "Run the signup again.")
        }));
    }
    if info.app_id.as_deref() != Some(app_id.as_str()) {
        return Err(refusal(
            "The token was given to another app than this platform's.",
            "Open the signup from this platform's own page, so that META_APP_ID is the app that \
             asks for it.",
        ));
    }
    let missing: Vec<&str> = NEEDED.into_iter().filter(|scope| !holds(info, scope)).collect();
    if !missing.is_empty() {
        return Err(Explanation {
            cause: format!("The permission {} was not granted.", missing.join(" and ")).into(),
            remedy: "Run the signup again and leave both permissions ticked; for customers of \
                     others the app also needs advanced access to them."
                .into(),
        });
    }
    let expires_at = match info.expiry() {
        Expiry::At(instant) => Some(instant),
        Expiry::Never | Expiry::Unknown => None,
    };
    Ok(Grant { waba_ids: granted(info)?, expires_at })
}

fn holds(info: &TokenInfo, scope: &str) -> bool {
    info.scopes.iter().any(|held| held == scope)
}

/// The accounts that both permissions reach.
fn granted(info: &TokenInfo) -> Result<Option<Vec<WabaId>>, Explanation> {
    let lists = info
        .granular_scopes
        .iter()
        .filter(|granted| granted.scope.as_deref().is_some_and(|scope| NEEDED.contains(&scope)));
    let mut lists = lists.filter_map(|granted| granted.target_ids.as_deref());
    let Some(first) = lists.next() else { return Ok(None) };
    let rest: Vec<&[String]> = lists.collect();
    let in_all = |id: &&String| rest.iter().all(|list| list.contains(id));
    let wabas: Vec<WabaId> = first.iter().filter(in_all).filter_map(|id| id.parse().ok()).collect();
    if wabas.is_empty() {
        return Err(refusal(
            "No WhatsApp Business Account was granted.",
            "Run the signup again and choose the account that is to be connected.",
        ));
    }
    Ok(Some(wabas))
}

fn refusal(cause: &'static str, remedy: &'static str) -> Explanation {
    Explanation { cause: cause.into(), remedy: remedy.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn app() -> AppId {
        "700".parse().unwrap()
    }

    fn info(changes: &Value) -> TokenInfo {
        let mut info = json!({
            "app_id": "700", "is_valid": true, "expires_at": 0,
            "scopes": NEEDED,
            "granular_scopes": [
                {"scope": NEEDED[0], "target_ids": ["101", "100"]},
                {"scope": NEEDED[1], "target_ids": ["100"]},
            ],
        });
        for (key, value) in changes.as_object().unwrap() {
            info[key] = value.clone();
        }
        serde_json::from_value(info).unwrap()
    }

    #[test]
    fn only_accounts_that_both_permissions_reach_are_granted() {
        let grant = inspect(&info(&json!({})), &app()).unwrap();

        assert_eq!(grant.waba_ids, Some(vec!["100".parse().unwrap()]));
        assert_eq!(grant.expires_at, None);
    }

    #[test]
    fn without_a_list_everything_of_the_owner_is_granted() {
        let grant = inspect(&info(&json!({"granular_scopes": []})), &app()).unwrap();

        assert_eq!(grant.waba_ids, None);
    }

    #[test]
    fn a_token_that_cannot_be_used_is_refused_with_what_to_do() {
        for (changes, cause) in [
            (json!({"is_valid": false}), "not valid"),
            (json!({"app_id": "701"}), "another app"),
            (json!({"scopes": [NEEDED[0]]}), NEEDED[1]),
            (json!({"granular_scopes": [{"scope": NEEDED[0], "target_ids": []}]}), "No WhatsApp"),
        ] {
            let refusal = inspect(&info(&changes), &app()).unwrap_err();
            assert!(refusal.cause.contains(cause), "{}", refusal.cause);
        }
    }
}
