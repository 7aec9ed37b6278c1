use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

/// Seals secrets before they become a row, and opens them again.
///
/// AES-256-GCM with a random nonce for each value. The associated data is the place of the value
/// (table, row, column), so a sealed value copied to another row does not open. Each value names
/// the key it was sealed with: the first key seals, all of them open, and so keys rotate while
/// everything runs.
///
/// Layout: version (1 byte, `1`), length of the key id (1 byte), key id, nonce (12 bytes),
/// ciphertext and tag.
pub struct Vault {
    keys: Vec<(String, LessSafeKey)>,
    random: SystemRandom,
}

const VERSION: u8 = 1;

impl Vault {
    /// Reads `CREDENTIAL_ENCRYPTION_KEY`: 32 bytes as base64 or as 64 hex digits; or several, the
    /// sealing one first, as `id:key,id:key`. A key without an id has the id `default`.
    ///
    /// # Errors
    /// `InvalidKey` says what is wrong without repeating the key.
    pub fn from_keys(text: &str) -> Result<Self, InvalidKey> {
        let keys = text.split(',').map(str::trim).map(named_key).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { keys, random: SystemRandom::new() })
    }

    /// Seals `secret` for the place `table/row/column`.
    pub fn seal(&self, table: &str, row: &str, column: &str, secret: &[u8]) -> Vec<u8> {
        let (key_id, key) = &self.keys[0];
        let mut nonce = [0_u8; NONCE_LEN];
        self.random.fill(&mut nonce).expect("the system has a random source");
        let mut sealed = Vec::with_capacity(2 + key_id.len() + NONCE_LEN + secret.len() + 16);
        sealed.push(VERSION);
        sealed.push(u8::try_from(key_id.len()).expect("checked when the key was read"));
        sealed.extend_from_slice(key_id.as_bytes());
        sealed.extend_from_slice(&nonce);
        let mut buffer = secret.to_vec();
        let aad = Aad::from(place(table, row, column));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut buffer)
            .expect("the value is far below the limit of AES-GCM");
        sealed.extend_from_slice(&buffer);
        sealed
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// `Unsealable` when the key is not here, or the value was altered or moved.
    pub fn open(
        &self,
        table: &str,
        row: &str,
        column: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unsealable> {
        let (key_id, rest) = head(sealed).ok_or(Unsealable)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable)?;
        let known = self.keys.iter().find(|(id, _)| id.as_bytes() == key_id);
        let (_, key) = known.ok_or(Unsealable)?;
        let mut buffer = ciphertext.to_vec();
        let aad = Aad::from(place(table, row, column));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, aad, &mut buffer).map_err(|_| Unsealable)?;
        let length = opened.len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// The id of the key that a value says it was sealed with; `None` when it has not the layout of
    /// a sealed value.
    pub fn key_id_of(sealed: &[u8]) -> Option<&str> {
        std::str::from_utf8(head(sealed)?.0).ok()
    }

    /// Whether a value says that it was sealed with the key that seals now.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        Self::key_id_of(sealed) == Some(self.current())
    }

    /// The id of the key that seals.
    pub fn current(&self) -> &str {
        &self.keys[0].0
    }

    /// The ids of all keys, the sealing one first.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(id, _)| id.as_str())
    }
}

/// The id of the key, and what follows it.
fn head(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let [VERSION, id_length, rest @ ..] = sealed else { return None };
    rest.split_at_checked(usize::from(*id_length))
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|(id, _)| id).collect();
        f.debug_struct("Vault").field("key_ids", &ids).finish_non_exhaustive()
    }
}

/// Length-prefixed, so that no two places share their bytes.
fn place(table: &str, row: &str, column: &str) -> Vec<u8> {
    format!("{}:{table}/{}:{row}/{}:{column}", table.len(), row.len(), column.len()).into_bytes()
}

fn named_key(text: &str) -> Result<(String, LessSafeKey), InvalidKey> {
    let (id, key) = text.split_once(':').unwrap_or(("default", text));
    if id.is_empty() || id.len() > 64 {
        return Err(InvalidKey::Id);
    }
    let bytes = match hex::decode(key) {
        Ok(bytes) => bytes,
        Err(_) => STANDARD.decode(key).map_err(|_| InvalidKey::Encoding)?,
    };
    let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| InvalidKey::Length)?;
    Ok((id.to_owned(), LessSafeKey::new(key)))
}

/// What an encryption key must be and is not; never shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The part before the colon.
    #[error("key ids of 1 to 64 characters before the colon")]
    Id,
    /// Neither hex nor base64.
    #[error("base64 or hex")]
    Encoding,
    /// Not an AES-256 key.
    #[error("32 bytes, e.g. from `openssl rand -base64 32`")]
    Length,
}

/// A sealed value does not open: wrong key, altered, or moved from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open with the configured keys")]
pub struct Unsealable;

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "new:0101010101010101010101010101010101010101010101010101010101010101";

    #[test]
    fn a_sealed_value_opens_only_in_its_place() {
        let vault = Vault::from_keys(OLD).unwrap();

        let sealed = vault.seal("connections", "1", "access_token", b"token");

        assert_eq!(vault.open("connections", "1", "access_token", &sealed).unwrap(), b"token");
        assert_eq!(vault.open("connections", "2", "access_token", &sealed), Err(Unsealable));
        assert!(!sealed.windows(5).any(|window| window == b"token"));
    }

    #[test]
    fn a_rotated_vault_still_opens_what_the_old_key_sealed() {
        let sealed = Vault::from_keys(OLD).unwrap().seal("t", "r", "c", b"secret");

        let rotated = Vault::from_keys(&format!("{NEW},{OLD}")).unwrap();

        assert_eq!(rotated.open("t", "r", "c", &sealed).unwrap(), b"secret");
        assert_eq!(Vault::from_keys(NEW).unwrap().open("t", "r", "c", &sealed), Err(Unsealable));
    }

    #[test]
    fn a_value_names_the_key_that_sealed_it() {
        let old = Vault::from_keys(OLD).unwrap();
        let rotated = Vault::from_keys(&format!("{NEW},{OLD}")).unwrap();

        let sealed = old.seal("t", "r", "c", b"secret");

        assert_eq!(Vault::key_id_of(&sealed), Some("old"));
        assert!(old.is_current(&sealed) && !rotated.is_current(&sealed));
        assert!(rotated.is_current(&rotated.seal("t", "r", "c", b"secret")));
        assert_eq!(rotated.key_ids().collect::<Vec<_>>(), ["new", "old"]);
        for malformed in [&b""[..], b"\x01", b"\x02\x01a", b"\x01\x05abc"] {
            assert_eq!(Vault::key_id_of(malformed), None);
        }
    }

    #[test]
    fn any_altered_byte_is_noticed() {
        let vault = Vault::from_keys(NEW).unwrap();
        let sealed = vault.seal("t", "r", "c", b"secret");

        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert_eq!(vault.open("t", "r", "c", &altered), Err(Unsealable), "byte {index}");
        }
    }

    #[test]
    fn a_wrong_key_is_refused_without_being_shown() {
        assert_eq!(Vault::from_keys("not a key!").unwrap_err(), InvalidKey::Encoding);
        assert_eq!(Vault::from_keys("c2hvcnQ=").unwrap_err(), InvalidKey::Length);
        assert_eq!(Vault::from_keys(":AAAA").unwrap_err(), InvalidKey::Id);
    }
}
