//! Codes of embedded sign-ups: each lives half a minute and is exchanged once.

use crate::dice::key;
use crate::errors::GraphError;
use crate::scenario::{CodeSpec, TokenSpec};
use crate::sync::lock;

use super::{Accounts, State, Token};

/// A code that was issued.
pub(super) struct Code {
    spec: CodeSpec,
    dies_us: u64,
    used: bool,
}

impl Accounts {
    /// Issues a code and gives its letters.
    pub(crate) fn issue_code(&self, spec: CodeSpec, now_us: u64) -> String {
        lock(&self.0).issue(spec, now_us)
    }

    /// Exchanges the code of an app for a token.
    pub(crate) fn exchange(
        &self,
        app_id: &str,
        code: &str,
        now_us: u64,
    ) -> Result<TokenSpec, GraphError> {
        let mut state = lock(&self.0);
        let known = state.codes.get_mut(code).filter(|known| known.spec.app_id == app_id);
        let Some(known) = known else {
            return Err(GraphError::code(None, "Invalid verification code format."));
        };
        if known.used {
            let message = "This authorization code has been used.";
            return Err(GraphError::code(Some(36_009), message));
        }
        if known.dies_us <= now_us {
            let message = "This authorization code has expired.";
            return Err(GraphError::code(Some(36_007), message));
        }
        known.used = true;
        let spec = known.spec.clone();
        let letters = spec.token.unwrap_or_else(|| state.letters("EAAB", now_us));
        let token = TokenSpec {
            token: letters.clone(),
            app_id: spec.app_id,
            waba_ids: spec.waba_ids,
            scopes: spec.scopes,
            kind: "SYSTEM_USER".to_owned(),
            expires_in_s: spec.expires_in_s,
            ended: None,
        };
        state.tokens.insert(letters, Token::of(&token, now_us));
        Ok(token)
    }
}

impl State {
    pub(super) fn issue(&mut self, spec: CodeSpec, now_us: u64) -> String {
        let letters = spec.code.clone().unwrap_or_else(|| self.letters("AQ", now_us));
        let dies_us = now_us.saturating_add(self.spec.limits.code_lives_ms.saturating_mul(1_000));
        self.codes.insert(letters.clone(), Code { spec, dies_us, used: false });
        letters
    }

    /// Letters that nobody had before.
    fn letters(&mut self, start: &str, now_us: u64) -> String {
        self.made_up += 1;
        let (place, now) = (self.made_up.to_string(), now_us.to_string());
        format!("{start}{:016x}{:016x}", key(&[start, &place, &now]), key(&[&now, &place]))
    }
}
