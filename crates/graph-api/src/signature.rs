//! The signature of a webhook POST: HMAC-SHA256 with the app secret over the bytes as received.
//!
//! Source: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>. The bytes
//! must not be parsed and written again before the check: Meta signs its own escaping.

mod altered;

use std::fmt;

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

pub use self::altered::{Alteration, alteration};

/// The request header that carries the signature.
pub const HEADER: &str = "X-Hub-Signature-256";

const PREFIX: &str = "sha256=";
const TAG_LENGTH: usize = 32;

/// What the signature header of a POST proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// Signed with this secret.
    Valid,
    /// There is no signature header.
    Missing,
    /// The header is not `sha256=` and 64 hexadecimal digits.
    Malformed,
    /// A signature, but not one of this secret over these bytes.
    Mismatch,
}

/// An app secret prepared for use: the key schedule is done once, not for each request.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Prepares `secret`.
    pub fn new(secret: &SecretString) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes()))
    }

    /// The header value that Meta would send with `body`: `sha256=` and 64 lower-case digits.
    pub fn sign(&self, body: &[u8]) -> String {
        format!("{PREFIX}{}", hex::encode(hmac::sign(&self.0, body)))
    }

    /// Checks the header against `body`, in constant time. Upper-case digits are tolerated.
    pub fn verify(&self, body: &[u8], header: Option<&str>) -> SignatureCheck {
        let Some(header) = header else {
            return SignatureCheck::Missing;
        };
        let Some(tag) = tag_of(header) else {
            return SignatureCheck::Malformed;
        };
        match hmac::verify(&self.0, body, &tag) {
            Ok(()) => SignatureCheck::Valid,
            Err(ring::error::Unspecified) => SignatureCheck::Mismatch,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

/// What the header alone says: `None` when it is a signature to be held against a body.
pub fn check_head(header: Option<&str>) -> Option<SignatureCheck> {
    match header.map(tag_of) {
        None => Some(SignatureCheck::Missing),
        Some(None) => Some(SignatureCheck::Malformed),
        Some(Some(_)) => None,
    }
}

/// [`SigningKey::sign`] for a secret that is used once.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    SigningKey::new(secret).sign(body)
}

/// [`SigningKey::verify`] for a secret that is used once.
pub fn verify(secret: &SecretString, body: &[u8], header: Option<&str>) -> SignatureCheck {
    SigningKey::new(secret).verify(body, header)
}

fn tag_of(header: &str) -> Option<[u8; TAG_LENGTH]> {
    let mut tag = [0; TAG_LENGTH];
    hex::decode_to_slice(header.strip_prefix(PREFIX)?, &mut tag).ok()?;
    Some(tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bodies and the hexadecimal digits of their signatures under `test_app_secret`, computed
    /// with another implementation (OpenSSL).
    const VECTORS: [(&str, &str); 3] = [
        (
            r#"{"object":"whatsapp_business_account","entry":[]}"#,
            "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
        ),
        (
            r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"x","value":{"t":"\u00e9"}}]}]}"#,
            "3f3d13a19b919ba8e275f2dd0d594a8a930bb23d7fef096afe934976fff86121",
        ),
        (
            r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"x","value":{"t":"é"}}]}]}"#,
            "9554d9c4b7f3463c786915288ec7986b2dc0b07213013250042e7b135cae531f",
        ),
    ];

    fn key() -> SigningKey {
        SigningKey::new(&SecretString::from("test_app_secret"))
    }

    #[test]
    fn known_bodies_have_their_known_signatures() {
        for (body, digits) in VECTORS {
            let header = format!("sha256={digits}");

            assert_eq!(key().sign(body.as_bytes()), header);
            assert_eq!(key().verify(body.as_bytes(), Some(&header)), SignatureCheck::Valid);
        }
    }

    #[test]
    fn upper_case_digits_are_tolerated() {
        let (body, digits) = VECTORS[0];
        let header = format!("sha256={}", digits.to_uppercase());

        assert_eq!(key().verify(body.as_bytes(), Some(&header)), SignatureCheck::Valid);
    }

    #[test]
    fn a_header_that_is_no_signature_is_malformed_and_none_is_missing() {
        let (body, digits) = VECTORS[0];
        let short = format!("sha256={}", &digits[1..]);
        let long = format!("sha256={digits}0");
        let sha1 = format!("sha1={}", &digits[..40]);

        assert_eq!(key().verify(body.as_bytes(), None), SignatureCheck::Missing);
        for wrong in ["", "sha256=", "sha256=zz", digits, &short, &long, &sha1] {
            let check = key().verify(body.as_bytes(), Some(wrong));
            assert_eq!(check, SignatureCheck::Malformed, "{wrong}");
        }
    }

    #[test]
    fn a_signing_key_does_not_show_itself_in_debug_output() {
        assert_eq!(format!("{:?}", key()), "SigningKey(redacted)");
    }

    proptest! {
        #[test]
        fn a_signature_holds_for_its_own_body_and_secret_only(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            secret in "[a-z0-9]{1,40}",
            flipped in 0..200_usize,
        ) {
            let secret = SecretString::from(secret);
            let header = sign(&secret, &body);
            let mut other = body.clone();
            match other.get_mut(flipped) {
                Some(byte) => *byte ^= 1,
                None => other.push(0),
            }

            prop_assert_eq!(verify(&secret, &body, Some(&header)), SignatureCheck::Valid);
            prop_assert_eq!(verify(&secret, &other, Some(&header)), SignatureCheck::Mismatch);
            prop_assert_eq!(key().verify(&body, Some(&header)), SignatureCheck::Mismatch);
        }
    }
}
