//! Whether Meta bears out what a connection claims.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::{AppId, PhoneNumberId, WabaId};
use graph_api::client::{App, GraphClient};
use graph_api::error::{ApiFailure, AppRefusal, app_refusal, explain};
use graph_api::wire::{Expiry, PhoneNumber, TokenInfo, Waba};
use secrecy::SecretString;

/// An app with its secret, as somebody gave them.
pub(super) struct OwnSecret {
    pub(super) app_id: AppId,
    pub(super) app_secret: SecretString,
}

/// What Meta has borne out.
pub(super) struct Proof {
    pub(super) waba_id: WabaId,
    pub(super) waba: Waba,
    pub(super) numbers: Vec<PhoneNumber>,
}

/// Why a claim is not borne out, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The kind of trouble: `no_answer`, `token_expired` and so on.
    pub kind: &'static str,
    /// JSON pointer to the value that is to blame.
    pub pointer: &'static str,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// After which time, when calls to Meta are used up.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause, self.remedy)
    }
}

impl Doubt {
    /// Whether Meta said nothing, so that nothing is known.
    pub fn is_silence(&self) -> bool {
        self.kind == NO_ANSWER
    }

    fn new(kind: &'static str, pointer: &'static str, cause: &str, remedy: &str) -> Self {
        let (cause, remedy) = (cause.to_owned(), remedy.to_owned());
        Self { kind, pointer, cause, remedy, retry_after: None }
    }

    /// Of a call with the access token; `object` is the field that names what was asked for.
    pub(super) fn of(failure: &ApiFailure, object: &'static str) -> Self {
        let (kind, pointer) = match (failure.code, failure.subcode, failure.http_status) {
            (None, _, None) => (NO_ANSWER, ""),
            (Some(190), Some(467), _) => ("token_revoked", TOKEN),
            (Some(190), _, _) if is_unreadable(failure) => ("unreadable_token", TOKEN),
            (Some(190), _, _) => ("token_expired", TOKEN),
            (Some(100), Some(33), _) | (Some(33), _, _) => ("unknown_object", object),
            (Some(3 | 10 | 200..=299 | 131_005), _, _) => ("no_permission", TOKEN),
            (_, _, Some(401)) => ("token_revoked", TOKEN),
            (Some(1 | 2 | 4 | 17 | 341 | 613 | 80_007 | 80_008 | 131_000 | 131_016), _, _) => {
                (NO_ANSWER, "")
            }
            (None, _, Some(500..)) => (NO_ANSWER, ""),
            _ => ("refused", object),
        };
        let words = explain(failure);
        let (cause, remedy) = (words.cause.into(), words.remedy.into());
        Self { kind, pointer, cause, remedy, retry_after: failure.retry_after }
    }

    /// Of a call with the app's own credentials.
    pub(super) fn of_app(failure: &ApiFailure) -> Self {
        match app_refusal(failure) {
            Some(AppRefusal::WrongSecret) => Self::new(
                "wrong_app_secret",
                "/app_secret",
                "Meta knows no app with this id and secret.",
                "Copy both from the same app's settings › Basic. The App Secret is neither the \
                 access token nor the verify token. Secret A with App B's phone number will fail.",
            ),
            Some(AppRefusal::OtherApp) => other_app_token(),
            None => Self::of(failure, "/app_id"),
        }
    }
}

/// What Meta says of a text that is no token, or a part of one.
fn is_unreadable(failure: &ApiFailure) -> bool {
    failure.title.contains("Cannot parse") || failure.title.contains("Malformed")
}

const NO_ANSWER: &str = "no_answer";
const TOKEN: &str = "/access_token";

fn other_app_token() -> Doubt {
    Doubt::new(
        "other_app",
        TOKEN,
        "The access token was made by another app.",
        "Generate the token in the app whose id and secret you give: Secret A with App B's phone \
         number will fail.",
    )
}

/// Asks Meta about a token with the app's own credentials: that the app has this secret, that the
/// token is the app's, and that it may do what is needed. Answers when it ends.
pub(super) async fn token(
    graph: &GraphClient,
    own: &OwnSecret,
    access_token: &SecretString,
) -> Result<Option<DateTime<Utc>>, Doubt> {
    let app = App { app_id: &own.app_id, app_secret: &own.app_secret };
    let info = graph.debug_token(app, access_token).await;
    judge(&info.map_err(|failure| Doubt::of_app(&failure))?, &own.app_id)
}

/// What Meta told of a token, against what is needed.
fn judge(info: &TokenInfo, app_id: &AppId) -> Result<Option<DateTime<Utc>>, Doubt> {
    if info.app_id.as_deref().is_some_and(|told| told != app_id.as_str()) {
        return Err(other_app_token());
    }
    if !info.is_valid {
        let error = info.error.as_ref();
        let failure = ApiFailure {
            http_status: Some(401),
            code: error.and_then(|error| error.code).or(Some(190)),
            subcode: error.and_then(|error| error.subcode),
            title: error.and_then(|error| error.message.clone()).unwrap_or_default(),
            ..ApiFailure::default()
        };
        return Err(Doubt::of(&failure, TOKEN));
    }
    let missing = info.lacks();
    if !missing.is_empty() {
        let cause = format!("The access token lacks {}.", missing.join(" and "));
        let remedy = "Generate the token again with both permissions: \
                      whatsapp_business_management and whatsapp_business_messaging.";
        return Err(Doubt::new("no_permission", TOKEN, &cause, remedy));
    }
    Ok(match info.expiry() {
        Expiry::At(instant) => Some(instant),
        Expiry::Never | Expiry::Unknown => None,
    })
}

/// Asks Meta for an account and all its numbers.
pub(super) async fn account(
    graph: &GraphClient,
    waba_id: &WabaId,
    access_token: &SecretString,
) -> Result<Proof, Doubt> {
    const WABA: &str = "/waba_id";
    let doubt = |failure: ApiFailure| Doubt::of(&failure, WABA);
    let waba = graph.waba(waba_id, access_token).await.map_err(doubt)?;
    let numbers = graph.phone_numbers(waba_id, access_token).await.map_err(doubt)?;
    Ok(Proof { waba_id: waba_id.clone(), waba, numbers })
}

/// As [`account`], and the number must be one of its numbers.
pub(super) async fn number(
    graph: &GraphClient,
    waba_id: &WabaId,
    phone_number_id: &PhoneNumberId,
    access_token: &SecretString,
) -> Result<Proof, Doubt> {
    let proof = account(graph, waba_id, access_token).await?;
    let has_it = |number: &PhoneNumber| number.id.as_deref() == Some(phone_number_id.as_str());
    if proof.numbers.iter().any(has_it) {
        return Ok(proof);
    }
    Err(Doubt::new(
        "not_in_waba",
        "/phone_number_id",
        "The number does not belong to this WABA.",
        "Copy the phone number id from WhatsApp › API Setup of the app, beside the WhatsApp \
         Business Account id. It is not the phone number itself.",
    ))
}

#[cfg(test)]
mod tests {
    use graph_api::wire::PERMISSIONS;

    use super::*;

    fn info() -> TokenInfo {
        TokenInfo {
            app_id: Some("4711".into()),
            is_valid: true,
            expires_at: Some(0),
            scopes: PERMISSIONS.map(str::to_owned).to_vec(),
            ..TokenInfo::default()
        }
    }

    fn kind(info: &TokenInfo) -> Option<&'static str> {
        judge(info, &"4711".parse().unwrap()).err().map(|doubt| doubt.kind)
    }

    #[test]
    fn a_token_is_good_when_it_is_the_apps_valid_and_may_do_both() {
        assert_eq!(kind(&info()), None);
        assert_eq!(kind(&TokenInfo { app_id: Some("1".into()), ..info() }), Some("other_app"));
        assert_eq!(kind(&TokenInfo { is_valid: false, ..info() }), Some("token_expired"));
        let messaging = vec![PERMISSIONS[1].to_owned()];
        assert_eq!(kind(&TokenInfo { scopes: messaging, ..info() }), Some("no_permission"));
    }

    #[test]
    fn a_refusal_is_explained_and_blamed_on_a_field() {
        for (status, code, subcode, kind, pointer) in [
            (Some(401), Some(190), None, "token_expired", TOKEN),
            (Some(401), Some(190), Some(467), "token_revoked", TOKEN),
            (Some(401), None, None, "token_revoked", TOKEN),
            (Some(400), Some(100), Some(33), "unknown_object", "/waba_id"),
            (Some(403), Some(200), None, "no_permission", TOKEN),
            (Some(500), Some(2), None, NO_ANSWER, ""),
            (Some(502), None, None, NO_ANSWER, ""),
            (None, None, None, NO_ANSWER, ""),
            (Some(400), Some(987_654), None, "refused", "/waba_id"),
        ] {
            let failure =
                ApiFailure { http_status: status, code, subcode, ..ApiFailure::default() };
            let doubt = Doubt::of(&failure, "/waba_id");
            assert_eq!((doubt.kind, doubt.pointer), (kind, pointer), "{code:?}");
            assert!(!doubt.cause.is_empty() && !doubt.remedy.is_empty());
        }
    }

    #[test]
    fn what_an_app_is_refused_is_its_secret_or_its_token() {
        let of = |code| {
            Doubt::of_app(&ApiFailure {
                http_status: Some(400),
                code: Some(code),
                ..ApiFailure::default()
            })
        };

        assert_eq!(of(101).kind, "wrong_app_secret");
        assert_eq!(of(190).pointer, "/app_secret");
        assert_eq!(of(100).kind, "other_app");
    }
}
