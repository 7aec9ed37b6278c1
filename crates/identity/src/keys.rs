//! A provider's keys, and which of them a token may be checked with.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Header};
use serde::Deserialize;
use serde_json::Value;

use crate::refused::Refused;

/// More keys than any provider has at a time.
const MOST: usize = 100;

/// A set of keys as it is published (RFC 7517).
#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

/// The keys that a signature may be checked with.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

/// One of them, and the algorithms that it is for.
#[derive(Debug)]
pub(crate) struct Key {
    id: Option<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) decoding: DecodingKey,
}

impl KeySet {
    /// Reads a published set; keys of a kind that is not used here are left out.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let published: Published = serde_json::from_slice(json).ok()?;
        let keys = published.keys.into_iter().take(MOST).filter_map(Key::read);
        Some(Self(keys.collect()))
    }

    /// The key that a token names, or the only one it can mean when it names none.
    ///
    /// # Errors
    /// `UnknownKey`; `Algorithm` when the key is for others than the token's.
    pub(crate) fn find(&self, header: &Header) -> Result<&Key, Refused> {
        let is_named = |key: &&Key| header.kid.is_none() || key.id == header.kid;
        let named: Vec<&Key> = self.0.iter().filter(is_named).collect();
        let fits = |key: &&&Key| key.algorithms.contains(&header.alg);
        let fitting: Vec<&&Key> = named.iter().filter(fits).collect();
        match fitting.as_slice() {
            [key] => Ok(key),
            [key, ..] if header.kid.is_some() => Ok(key),
            [] if header.kid.is_some() && !named.is_empty() => Err(Refused::Algorithm),
            _ => Err(Refused::UnknownKey),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Key {
    fn read(json: Value) -> Option<Self> {
        let key: Jwk = serde_json::from_value(json).ok()?;
        if !matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        let mut algorithms = match &key.algorithm {
            AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms().to_vec(),
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => vec![Algorithm::ES256],
                EllipticCurve::P384 => vec![Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                vec![Algorithm::EdDSA]
            }
            // A shared secret has no place in a published set.
            _ => return None,
        };
        if let Some(only) = key.common.key_algorithm {
            algorithms.retain(|algorithm| is_same(*algorithm, only));
        }
        let decoding = DecodingKey::from_jwk(&key).ok()?;
        let is_of_use = !algorithms.is_empty();
        is_of_use.then_some(Self { id: key.common.key_id, algorithms, decoding })
    }
}

fn is_same(algorithm: Algorithm, word: KeyAlgorithm) -> bool {
    format!("{algorithm:?}") == word.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(keys: &Value) -> KeySet {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn rsa(id: &str, more: &Value) -> Value {
        let mut key = json!({"kty": "RSA", "kid": id, "n": "AQAB", "e": "AQAB"});
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    }

    fn find(
        set: &KeySet,
        algorithm: Algorithm,
        id: Option<&str>,
    ) -> Result<Option<String>, Refused> {
        let mut header = Header::new(algorithm);
        header.kid = id.map(str::to_owned);
        set.find(&header).map(|key| key.id.clone())
    }

    #[test]
    fn a_key_is_used_only_with_what_it_is_for() {
        let set = set(&json!([rsa("any", &json!({})), rsa("one", &json!({"alg": "RS256"}))]));

        assert!(find(&set, Algorithm::PS512, Some("any")).is_ok());
        assert!(find(&set, Algorithm::RS256, Some("one")).is_ok());
        assert_eq!(find(&set, Algorithm::RS384, Some("one")), Err(Refused::Algorithm));
        for other in [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert_eq!(find(&set, other, Some("any")), Err(Refused::Algorithm), "{other:?}");
        }
        assert_eq!(find(&set, Algorithm::RS256, Some("two")), Err(Refused::UnknownKey));
    }

    #[test]
    fn a_token_without_a_key_id_means_the_only_key_it_can() {
        let one = set(&json!([rsa("a", &json!({}))]));
        let two = set(&json!([rsa("a", &json!({})), rsa("b", &json!({}))]));

        assert_eq!(find(&one, Algorithm::RS256, None), Ok(Some("a".to_owned())));
        assert_eq!(find(&two, Algorithm::RS256, None), Err(Refused::UnknownKey));
    }

    #[test]
    fn keys_that_are_not_for_signatures_or_unknown_are_left_out() {
        let set = set(&json!([
            rsa("enc", &json!({"use": "enc"})),
            rsa("hs", &json!({"alg": "HS256"})),
            {"kty": "oct", "kid": "oct", "k": "AQAB"},
            {"kty": "EC", "kid": "521", "crv": "P-521", "x": "AQAB", "y": "AQAB"},
            {"kty": "new", "kid": "new"},
            "no key",
            rsa("good", &json!({"use": "sig"})),
        ]));

        assert_eq!(set.len(), 1);
        assert!(KeySet::read(b"{}").is_none() && KeySet::read(b"<html>").is_none());
    }
}
