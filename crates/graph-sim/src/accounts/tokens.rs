//! Tokens: what each may do, and how it ends.

use crate::errors::{Ending, GraphError};
use crate::scenario::TokenSpec;
use crate::sync::lock;

use super::Accounts;

const SECOND_US: u64 = 1_000_000;

/// A token that was issued.
#[derive(Clone)]
pub(crate) struct Token {
    /// Its app, accounts, permissions and ending.
    pub(crate) spec: TokenSpec,
    /// When it was issued, in microseconds of the simulator's clock.
    pub(crate) issued_us: u64,
}

impl Token {
    pub(super) fn of(spec: &TokenSpec, now_us: u64) -> Self {
        Self { spec: spec.clone(), issued_us: now_us }
    }

    /// When it expires, in microseconds of the simulator's clock.
    pub(crate) fn expires_us(&self) -> Option<u64> {
        let life = self.spec.expires_in_s?;
        Some(self.issued_us.saturating_add(life.saturating_mul(SECOND_US)))
    }

    /// Whether it reaches an account.
    pub(crate) fn reaches(&self, waba_id: &str) -> bool {
        self.spec.waba_ids.is_empty() || self.spec.waba_ids.iter().any(|known| known == waba_id)
    }

    /// Whether it has a permission.
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.spec.scopes.iter().any(|known| known == scope)
    }

    /// Why it can no longer be used; `show` writes a time of the simulator's clock.
    pub(crate) fn end(&self, now_us: u64, show: impl Fn(u64) -> String) -> Option<GraphError> {
        if let Some(ending) = self.spec.ended {
            return Some(GraphError::ended_token(ending, &self.spec.app_id));
        }
        let expires_us = self.expires_us().filter(|expires_us| *expires_us <= now_us)?;
        Some(GraphError::expired_token(&show(expires_us), &show(now_us)))
    }
}

impl Accounts {
    /// The token that these letters are, living or not.
    pub(crate) fn token(&self, letters: &str) -> Option<Token> {
        lock(&self.0).tokens.get(letters).cloned()
    }

    /// Issues a token, or puts it in the place of the one with the same letters.
    pub(crate) fn add_token(&self, spec: &TokenSpec, now_us: u64) {
        lock(&self.0).tokens.insert(spec.token.clone(), Token::of(spec, now_us));
    }

    /// Ends a token; `None`: it expires now. Gives the token as it stood, if there is one.
    pub(crate) fn end_token(
        &self,
        letters: &str,
        ending: Option<Ending>,
        now_us: u64,
    ) -> Option<Token> {
        let mut state = lock(&self.0);
        let token = state.tokens.get_mut(letters)?;
        let before = token.clone();
        match ending {
            Some(ending) => token.spec.ended = Some(ending),
            None => {
                let age_us = now_us.saturating_sub(token.issued_us);
                token.spec.expires_in_s = Some(age_us / SECOND_US);
            }
        }
        Some(before)
    }
}
