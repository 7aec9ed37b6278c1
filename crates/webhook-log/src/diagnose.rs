//! Why a signature was refused; pure.

use chrono::{DateTime, Utc};
use contracts::SignatureState;
use domain::diagnosis::Diagnosis;
use graph_api::signature::{self, Alteration, SignatureCheck, SigningKey};
use runtime::env::{ExposeSecret, SecretString};
use store::app_secrets::AppSecret;
use store::webhook_events::{Party, Tokens};

/// What one tenant has; nothing of another ever stands here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// Its app secrets, retired ones too.
    pub(crate) secrets: Vec<AppSecret>,
    /// Its tokens.
    pub(crate) tokens: Tokens,
}

/// A refused POST.
#[derive(Clone, Copy)]
pub(crate) struct Refused<'a> {
    pub(crate) state: SignatureState,
    /// At the platform's URL.
    pub(crate) is_at_platform: bool,
    /// The signature header, when the whole body is there.
    pub(crate) signature: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// What its header alone tells.
pub(crate) fn at_a_glance(state: SignatureState) -> Diagnosis {
    match state {
        SignatureState::Missing => Diagnosis::Missing,
        SignatureState::Malformed => Diagnosis::Malformed,
        SignatureState::Mismatch | SignatureState::Valid => Diagnosis::Mismatch,
    }
}

/// Holds the signature against everything that the tenant of `party` has.
pub(crate) fn diagnose(
    refused: Refused<'_>,
    party: &Party,
    evidence: &Evidence,
    platform: &[SigningKey],
    now: DateTime<Utc>,
) -> Diagnosis {
    let glance = at_a_glance(refused.state);
    let (Diagnosis::Mismatch, Some(header)) = (glance, refused.signature) else { return glance };
    let fits =
        |key: &SigningKey, body: &[u8]| key.verify(body, Some(header)) == SignatureCheck::Valid;
    let signed_with = |secret: &SecretString| fits(&SigningKey::new(secret), refused.body);
    let is_own = |secret: &&AppSecret| secret.connection_id == party.connection_id;
    let is_current = |secret: &&AppSecret| secret.retires_at.is_none_or(|until| until > now);

    if let Some(secret) = evidence.secrets.iter().find(|secret| signed_with(&secret.secret)) {
        return match (is_own(&secret), is_current(&secret)) {
            (true, true) if refused.is_at_platform => Diagnosis::OwnApp,
            (true, true) => Diagnosis::Late,
            (true, false) => Diagnosis::RetiredSecret,
            (false, _) => Diagnosis::OtherConnection,
        };
    }
    if party.is_own_app && platform.iter().any(|key| fits(key, refused.body)) {
        return Diagnosis::PlatformApp;
    }
    let own = || evidence.secrets.iter().filter(is_own).filter(is_current);
    let was_saved_as_secret = |token: &SecretString| {
        own().any(|own| own.secret.expose_secret() == token.expose_secret()) || signed_with(token)
    };
    if evidence.tokens.access.iter().any(was_saved_as_secret) {
        return Diagnosis::AccessTokenAsSecret;
    }
    if evidence.tokens.verify.iter().any(was_saved_as_secret) {
        return Diagnosis::VerifyTokenAsSecret;
    }
    if refused.body.is_empty() {
        return Diagnosis::Empty;
    }
    let keys: Vec<SigningKey> = if party.is_own_app {
        own().map(|own| SigningKey::new(&own.secret)).collect()
    } else {
        platform.to_vec()
    };
    let altered =
        signature::alteration(refused.body, |body| keys.iter().any(|key| fits(key, body)));
    altered.map_or(Diagnosis::Mismatch, |alteration| match alteration {
        Alteration::Unicode => Diagnosis::AlteredUnicode,
        Alteration::Slashes => Diagnosis::AlteredSlashes,
        Alteration::Whitespace => Diagnosis::AlteredWhitespace,
        Alteration::LineEnds => Diagnosis::AlteredLineEnds,
        Alteration::Charset => Diagnosis::AlteredCharset,
        Alteration::Several => Diagnosis::Altered,
    })
}
