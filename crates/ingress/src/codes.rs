//! Verify tokens, compared in a time that does not depend on where two texts differ.

use graph_api::signature::SigningKey;
use runtime::env::{ExposeSecret, SecretString};
use uuid::Uuid;

/// Turns verify tokens into authentication codes under a key that nobody knows: those are compared
/// instead, and found in a set.
#[derive(Clone)]
pub(crate) struct Coder(SigningKey);

/// The code of one verify token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Code(String);

impl Coder {
    /// With a random key.
    pub(crate) fn new() -> Self {
        let random = format!("{}{}", Uuid::new_v4(), Uuid::new_v4());
        Self(SigningKey::new(&random.into()))
    }

    pub(crate) fn code(&self, text: &str) -> Code {
        Code(self.0.sign(text.as_bytes()))
    }

    pub(crate) fn code_of(&self, token: &SecretString) -> Code {
        self.code(token.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verify_token_equals_itself_and_nothing_else() {
        let coder = Coder::new();
        let token = coder.code_of(&"a token".into());

        assert!(coder.code("a token") == token);
        for other in ["", "a toke", "a token ", "A token"] {
            assert!(coder.code(other) != token, "{other}");
        }
        assert!(Coder::new().code("a token") != token, "the key is another");
    }
}
