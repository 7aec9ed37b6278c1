//! Access tokens, opened once and remembered.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use domain::ids::ConnectionId;
use secrecy::SecretString;
use store::Vault;

/// More connections than one worker sends from at a time. When it is reached, all are forgotten.
const MOST: usize = 4_096;

/// Opens tokens and remembers the newest of each connection.
pub(crate) struct Tokens {
    vault: Arc<Vault>,
    known: Mutex<HashMap<ConnectionId, Known>>,
}

struct Known {
    /// As it stands in the row. A new token has other bytes, and nothing of the old one holds.
    sealed: Vec<u8>,
    token: SecretString,
    refused_until: Option<DateTime<Utc>>,
}

/// Whether a token may be used.
#[derive(Debug)]
pub(crate) enum Access {
    /// It may.
    Token(SecretString),
    /// Meta refused it a short while ago.
    Refused {
        /// Not before this.
        until: DateTime<Utc>,
    },
    /// No configured key opens it.
    Sealed,
}

impl Tokens {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        Self { vault, known: Mutex::default() }
    }

    /// Opens the token of a connection.
    pub(crate) fn open(
        &self,
        connection_id: ConnectionId,
        sealed: &[u8],
        now: DateTime<Utc>,
    ) -> Access {
        if let Some(known) = self.known().get(&connection_id).filter(|k| k.sealed == sealed) {
            return match known.refused_until.filter(|until| *until > now) {
                Some(until) => Access::Refused { until },
                None => Access::Token(known.token.clone()),
            };
        }
        let Ok(token) = store::connections::open_token(&self.vault, connection_id, sealed) else {
            return Access::Sealed;
        };
        let new = Known { sealed: sealed.to_owned(), token: token.clone(), refused_until: None };
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(connection_id, new);
        Access::Token(token)
    }

    /// Notes that Meta refused a token, so that what is already claimed is not sent with it.
    /// Answers whether that is news.
    pub(crate) fn refuse(
        &self,
        connection_id: ConnectionId,
        sealed: &[u8],
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> bool {
        let mut known = self.known();
        let known = known.get_mut(&connection_id).filter(|known| known.sealed == sealed);
        known.is_none_or(|known| known.refused_until.replace(until).is_none_or(|old| old <= now))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ConnectionId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("known", &self.known().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    fn tokens() -> (Tokens, ConnectionId, impl Fn(&str) -> Vec<u8>) {
        let vault = || Vault::from_keys(&"01".repeat(32)).unwrap();
        let connection_id = ConnectionId::at(at(0));
        let seal = move |token: &str| {
            vault().seal(
                "connections",
                &connection_id.to_string(),
                "access_token",
                token.as_bytes(),
            )
        };
        (Tokens::new(Arc::new(vault())), connection_id, seal)
    }

    #[test]
    fn a_refused_token_rests_but_a_new_one_does_not() {
        let (tokens, connection_id, seal) = tokens();
        let old = seal("old");
        assert!(matches!(tokens.open(connection_id, &old, at(0)), Access::Token(_)));

        assert!(tokens.refuse(connection_id, &old, at(300), at(0)));
        assert!(!tokens.refuse(connection_id, &old, at(301), at(1)), "it is known");

        assert!(matches!(
            tokens.open(connection_id, &old, at(2)),
            Access::Refused { until } if until == at(301)
        ));
        assert!(matches!(tokens.open(connection_id, &old, at(301)), Access::Token(_)));
        let Access::Token(new) = tokens.open(connection_id, &seal("new"), at(2)) else {
            panic!("the new token is not refused")
        };
        assert_eq!(new.expose_secret(), "new");
    }

    #[test]
    fn a_token_of_another_connection_does_not_open() {
        let (tokens, connection_id, seal) = tokens();
        let sealed = seal("token");
        assert!(matches!(tokens.open(connection_id, &sealed, at(0)), Access::Token(_)));

        let access = tokens.open(ConnectionId::at(at(9)), &sealed, at(0));

        assert!(matches!(access, Access::Sealed));
    }
}
