//! API keys: `wp_<id>_<secret>`, the id to find the row by, the secret to prove it.

use chrono::{DateTime, Utc};
use domain::ids::{ApiKeyId, TenantId};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};
use serde_json::json;
use store::GenericClient;
use store::api_keys::{self, ApiKey};

use crate::connections::By;

pub use crate::scope::{Scope, UnknownScope};

/// What every key begins with, and no token.
pub(crate) const BEGIN: &str = "wp_";

/// Bytes of the secret half, written as twice as many hexadecimal digits.
const SECRET_BYTES: usize = 32;

/// What the audit log calls the end of a key.
pub const REVOKED: &str = "api_key.revoked";

/// A key that was made.
pub struct Made {
    /// Its id, the public half.
    pub api_key_id: ApiKeyId,
    /// The key, to be shown this once.
    pub key: String,
}

/// Makes a key and stores its hash, with the line of the audit log; call it in a transaction.
///
/// # Errors
/// As [`store::api_keys::create`].
pub async fn make(
    transaction: &impl GenericClient,
    by: By,
    name: &str,
    scopes: &[Scope],
    now: DateTime<Utc>,
) -> store::Result<Made> {
    let made = insert(transaction, by.tenant_id, name, scopes, now).await?;
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let detail = json!({ "name": name, "scopes": scopes });
    by.note(transaction, "api_key.created", made.api_key_id, detail).await?;
    Ok(made)
}

/// Makes a key for the set-up of a tenant that nobody is told of. The answer is the only time the
/// key is to be seen.
///
/// # Errors
/// As [`store::api_keys::create`].
pub async fn issue(
    client: &impl GenericClient,
    tenant_id: TenantId,
    name: &str,
    scopes: &[Scope],
    now: DateTime<Utc>,
) -> store::Result<String> {
    Ok(insert(client, tenant_id, name, scopes, now).await?.key)
}

async fn insert(
    client: &impl GenericClient,
    tenant_id: TenantId,
    name: &str,
    scopes: &[Scope],
    now: DateTime<Utc>,
) -> store::Result<Made> {
    let mut secret = [0; SECRET_BYTES];
    SystemRandom::new().fill(&mut secret).expect("the system's random numbers never run out");
    let secret = hex::encode(secret);
    let api_key_id = ApiKeyId::at(now);
    let scopes = scopes.iter().map(ToString::to_string).collect();
    let key = ApiKey { tenant_id, secret_hash: hash(&secret), scopes };
    api_keys::create(client, api_key_id, name, &key, now).await?;
    Ok(Made { api_key_id, key: format!("{BEGIN}{}_{secret}", api_key_id.as_uuid().simple()) })
}

/// A key as a caller presents it.
pub(crate) struct Presented<'a> {
    pub(crate) api_key_id: ApiKeyId,
    secret: &'a str,
}

impl<'a> Presented<'a> {
    /// Takes a key apart; `None` when it has not the form of one.
    pub(crate) fn read(key: &'a str) -> Option<Self> {
        let (api_key_id, secret) = key.strip_prefix(BEGIN)?.split_once('_')?;
        Some(Self { api_key_id: api_key_id.parse().ok()?, secret })
    }

    /// Whether the secret is the one that was hashed, in a time that does not depend on how much
    /// of it is right.
    pub(crate) fn matches(&self, secret_hash: &[u8]) -> bool {
        // The comparison of tags is what ring offers in constant time; which key makes them does
        // not matter.
        let comparing = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        let stored = hmac::sign(&comparing, secret_hash);
        hmac::verify(&comparing, &hash(self.secret), stored.as_ref()).is_ok()
    }
}

fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "wp_018f4e9d7a3b7c4d8e5f6a7b8c9d0e1f_00ff";

    #[test]
    fn only_the_right_secret_matches() {
        let presented = Presented::read(KEY).unwrap();

        assert!(presented.matches(&hash("00ff")));
        assert!(!presented.matches(&hash("00fe")));
        assert!(!presented.matches(b""));
    }

    #[test]
    fn what_has_not_the_form_of_a_key_is_none() {
        for text in ["", "wp_", "wp_x_y", "018f4e9d7a3b7c4d8e5f6a7b8c9d0e1f_00ff", "Bearer"] {
            assert!(Presented::read(text).is_none(), "{text}");
        }
    }
}
