//! What an error of Meta's means for whoever set up the account, and what to do about it.
//!
//! Sources: <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/>,
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling/> and, for the subcodes of
//! a code exchange, <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::{ApiFailure, codes};

/// Words that a person can act on. `Display` is both, as two sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub cause: Cow<'static, str>,
    /// What to do.
    pub remedy: Cow<'static, str>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause, self.remedy)
    }
}

const EXPIRED: (&str, &str) =
    ("Token expired — you used a temporary 24-hour token.", "Generate a system-user token.");
const REVOKED: (&str, &str) = ("Access token revoked or permissions missing.", "Regenerate.");
const CODE_GONE: &str = "Start the sign-up again: a code lives 30 seconds and can be used once.";
const WRONG_SECRET: (&str, &str) = (
    "The App Secret does not belong to the app.",
    "The App Secret is neither the access token nor the verify token: copy it from App settings › \
     Basic. It starts with a letter or digit and has 32 or more characters. Secret A with App B's \
     phone number will fail.",
);
const PROOF: (&str, &str) = (
    "The access token is missing, or the app demands a proof of its secret (appsecret_proof).",
    "Store the access token and the App Secret of the same app, or switch off Require App Secret \
     under App settings › Advanced.",
);
const NO_PERMISSION: (&str, &str) = (
    "The access token lacks a permission, or its user has no access to this WhatsApp account.",
    "Give the system user full control of the account, and generate a token with \
     whatsapp_business_management and whatsapp_business_messaging.",
);

/// Explains a refusal of Meta's, or that there was no answer. What is not known is told in Meta's
/// own words.
pub fn explain(error: &ApiFailure) -> Explanation {
    let (cause, remedy) = match (error.code, error.http_status) {
        (None, None) => (
            "Meta did not answer.",
            "Try again; if it goes on, check the network and Meta's status page.",
        ),
        (None | Some(0), Some(401)) => REVOKED,
        (Some(code), _) => match known(code, error) {
            Some(words) => words,
            None if error.http_status == Some(401) => REVOKED,
            None => return in_metas_words(error),
        },
        (None, Some(_)) => return in_metas_words(error),
    };
    let remedy = error.retry_after.map_or_else(|| remedy.into(), again_in);
    Explanation { cause: named(cause, error), remedy }
}

fn again_in(wait: Duration) -> Cow<'static, str> {
    match wait.as_secs().div_ceil(60) {
        0 | 1 => "Try again in a minute; sends of messages are not concerned.".into(),
        minutes => {
            format!("Try again in {minutes} minutes; sends of messages are not concerned.").into()
        }
    }
}

fn known(code: i32, error: &ApiFailure) -> Option<(&'static str, &'static str)> {
    let says = |words: &str| error.title.contains(words) || error.detail.contains(words);
    Some(match (code, error.subcode) {
        (190, subcode) => token(subcode, says),
        _ if says("client secret") || says("Invalid Client Secret") => WRONG_SECRET,
        _ if says("appsecret_proof") => PROOF,
        (101, _) => (
            "Meta knows no such app.",
            "Check the App ID: it stands at the top of the app's dashboard.",
        ),
        (10 | 200..=299 | 131_005, _) => NO_PERMISSION,
        (100, Some(codes::UNKNOWN_OBJECT_SUBCODE)) | (33, _) => (
            UNKNOWN_OBJECT,
            "The id is wrong, or the token is of another app or was revoked. Copy the id again, and \
             generate the token in the app that owns it.",
        ),
        (100, Some(36_007)) => ("The sign-up code has expired.", CODE_GONE),
        (100, Some(36_009)) => ("The sign-up code has been used before.", CODE_GONE),
        (104, _) => PROOF,
        (2_200, _) => (
            "Meta could not verify the callback address.",
            "Check that it answers over HTTPS from everywhere, and that the verify token is the same \
             on both sides.",
        ),
        (3, _) => (
            "The app lacks the capability for this call.",
            "Add the WhatsApp product to the app, and ask for advanced access in App Review.",
        ),
        (368, _) => (
            "Meta has blocked the account for a while, for breaking its policies.",
            "See Account Quality in WhatsApp Manager, and ask for a review there.",
        ),
        (131_031, _) => (
            "Meta has locked the account, or a given value does not match it.",
            "See Account Quality in WhatsApp Manager; if you gave a PIN, check it.",
        ),
        (133_005, _) => (
            "The PIN is not the one of this number.",
            "Give the number's present two-step PIN, or set a new one in WhatsApp Manager.",
        ),
        (133_006, _) => (
            "The number is not verified yet.",
            "Verify it by text message or call in WhatsApp Manager, then register it.",
        ),
        (133_008 | 133_009, _) => (
            "The PIN was guessed too often or too fast.",
            "Wait as long as Meta says, then give the right PIN.",
        ),
        (133_010, _) => ("The number is not registered.", "Register it with its PIN."),
        (133_015, _) => {
            ("The number was deleted a moment ago.", "Wait five minutes, then register it again.")
        }
        (133_016, _) => (
            "The number was registered and deregistered too often.",
            "Wait 72 hours: Meta allows ten such calls in that time.",
        ),
        (4 | 17 | 341 | 613 | 80_007 | 80_008, _) => (
            "Too many calls in the last hour.",
            "Wait up to an hour; sends of messages are not concerned.",
        ),
        (1 | 2 | 131_000 | 131_016 | 133_004, _) => {
            ("Meta has a fault of its own.", "Try again in a few minutes.")
        }
        _ => return None,
    })
}

/// What happened to a token, by its subcode, else by Meta's words.
fn token(subcode: Option<i32>, says: impl Fn(&str) -> bool) -> (&'static str, &'static str) {
    const LOGGED_OUT: &str = "The session is invalid because the user logged out";
    match subcode {
        Some(458) => (
            "The app was removed by the token's owner.",
            "Connect the account again, so that its owner grants access anew.",
        ),
        Some(460) => (
            "The token ended because its user changed the password, or Meta ended the session.",
            "Generate a system-user token: it has no password.",
        ),
        Some(463) => EXPIRED,
        _ if says(LOGGED_OUT) => (
            "The session is invalid because the user logged out.",
            "Generate a system-user token: it has no session.",
        ),
        Some(467) => REVOKED,
        _ if says("changed their password") => token(Some(460), says),
        _ if says("not authorized application") => token(Some(458), says),
        _ if says("Cannot parse") || says("Malformed") => (
            "Meta cannot read the access token: it is cut off, or it is something else.",
            "Copy the whole token; an App Secret or a verify token is none.",
        ),
        Some(_) | None => EXPIRED,
    }
}

const UNKNOWN_OBJECT: &str = "Unsupported post request. Object with ID '…' does not exist.";

/// The id that Meta quotes stands in the place of the ellipsis.
fn named(cause: &'static str, error: &ApiFailure) -> Cow<'static, str> {
    let quoted = |text: &str| {
        let id = text.split_once("Object with ID '")?.1.split_once('\'')?.0;
        (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_owned())
    };
    if cause != UNKNOWN_OBJECT {
        return cause.into();
    }
    let id = quoted(&error.detail).or_else(|| quoted(&error.title));
    id.map_or(cause.into(), |id| cause.replace('…', &id).into())
}

fn in_metas_words(error: &ApiFailure) -> Explanation {
    let title = if error.title.is_empty() { "no reason given" } else { &error.title };
    let cause = match (error.code, error.http_status) {
        (Some(code), _) => format!("Meta answered with code {code}: {title}."),
        (None, Some(status)) => format!("Meta answered with status {status}: {title}."),
        (None, None) => format!("{title}."),
    };
    let remedy = error.code.and_then(super::advice).map_or_else(
        || Cow::from("Look the code up in Meta's list of error codes."),
        |advice| format!("{}.", capital(advice)).into(),
    );
    Explanation { cause: cause.replace("..", ".").into(), remedy }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
