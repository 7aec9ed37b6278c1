use actix_web::http::header::HeaderMap;
use contracts::{Rejection, SignatureState};
use graph_api::signature::{self, HEADER, SignatureCheck, SigningKey};
use runtime::env::SecretString;

/// The platform's app secrets, prepared for use: more than one during a rotation.
pub(crate) struct Secrets(Vec<SigningKey>);

impl Secrets {
    pub(crate) fn new(secrets: &[SecretString]) -> Self {
        Self(secrets.iter().map(SigningKey::new).collect())
    }

    /// Holds the signature against the body, under every secret.
    pub(crate) fn prove(&self, body: &[u8], header: Option<&str>) -> bool {
        self.0.iter().any(|key| proves(key, body, header))
    }
}

/// Whether the header is the signature of `body` under `key`.
pub(crate) fn proves(key: &SigningKey, body: &[u8], header: Option<&str>) -> bool {
    key.verify(body, header) == SignatureCheck::Valid
}

/// The signature that a request carries; one that is no text is as malformed as an empty one.
pub(crate) fn header(headers: &HeaderMap) -> Option<&str> {
    headers.get(HEADER).map(|value| value.to_str().unwrap_or_default())
}

/// What is wrong with the header alone: `None` when there is a signature to hold against the body.
pub(crate) fn fault(header: Option<&str>) -> Option<SignatureState> {
    match signature::check_head(header)? {
        SignatureCheck::Missing => Some(SignatureState::Missing),
        SignatureCheck::Malformed => Some(SignatureState::Malformed),
        SignatureCheck::Mismatch | SignatureCheck::Valid => None,
    }
}

/// What is kept of the header of a rejected POST.
pub(crate) fn presented(header: Option<&str>) -> Option<String> {
    // The header is visible ASCII, so every byte is a boundary.
    header.and_then(|text| {
        text.get(..text.len().min(Rejection::LONGEST_SIGNATURE)).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"entry":[]}"#;

    fn signed_with(secret: &str) -> String {
        signature::sign(&secret.into(), BODY)
    }

    #[test]
    fn every_active_secret_proves_a_body_and_no_other_does() {
        let rotating = Secrets::new(&["new".into(), "old".into()]);

        for (secret, proves) in [("new", true), ("old", true), ("older", false)] {
            assert_eq!(rotating.prove(BODY, Some(&signed_with(secret))), proves, "{secret}");
        }
    }

    #[test]
    fn a_missing_or_malformed_signature_is_known_without_the_body() {
        assert_eq!(fault(None), Some(SignatureState::Missing));
        assert_eq!(fault(Some("sha256=12")), Some(SignatureState::Malformed));
        assert_eq!(fault(Some(&signed_with("any"))), None);
    }

    #[test]
    fn of_a_long_header_only_the_beginning_is_kept() {
        let long = "x".repeat(1000);

        assert_eq!(presented(Some(&long)).map(|kept| kept.len()), Some(200));
        assert_eq!(presented(None), None);
    }
}
