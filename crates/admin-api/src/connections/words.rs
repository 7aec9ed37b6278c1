//! The three secrets of a connection, told apart before they are stored: each is easily pasted into
//! the field of another.

use secrecy::{ExposeSecret, SecretString};

/// How Meta's access tokens begin.
const TOKEN_PREFIX: &str = "EAA";

/// Longer than any of Meta's tokens.
const LONGEST_TOKEN: usize = 2_000;

const SHORTEST_SECRET: usize = 32;
const LONGEST_SECRET: usize = 200;
const LONGEST_VERIFY_TOKEN: usize = 200;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $parse:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes what somebody has pasted; blanks around it are dropped.
            ///
            /// # Errors
            /// What it is instead, or what it must be; never the value.
            pub fn parse(text: &str) -> Result<Self, &'static str> {
                let text = text.trim();
                $parse(text).map(|()| Self(text.into()))
            }

            /// The secret itself.
            pub fn secret(&self) -> &SecretString {
                &self.0
            }

            /// Whether it is this very text.
            pub fn is(&self, text: &str) -> bool {
                self.0.expose_secret() == text.trim()
            }
        }
    };
}

secret!(
    /// What an app signs its webhooks with.
    AppSecret,
    app_secret
);
secret!(
    /// What messages are sent with.
    AccessToken,
    access_token
);
secret!(
    /// What Meta says when it asks whether a webhook URL is ours.
    VerifyToken,
    verify_token
);

fn app_secret(text: &str) -> Result<(), &'static str> {
    if text.starts_with(TOKEN_PREFIX) {
        return Err(
            "is an access token; here belongs the App Secret, from App settings › Basic › Show",
        );
    }
    let is_secret = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let has_length = (SHORTEST_SECRET..=LONGEST_SECRET).contains(&text.len());
    if has_length && text.bytes().all(is_secret) {
        Ok(())
    } else {
        Err(
            "must be the App Secret, from App settings › Basic › Show: 32 or more characters of 0-9 \
             and a-z. It is neither the access token nor the verify token",
        )
    }
}

fn access_token(text: &str) -> Result<(), &'static str> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == SHORTEST_SECRET && text.bytes().all(is_hex) {
        return Err(
            "looks like an App Secret; here belongs the access token: Business settings › System \
             users › Generate token",
        );
    }
    let is_token = (1..=LONGEST_TOKEN).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_token { Ok(()) } else { Err("must be an access token: 1 to 2000 characters, no blanks") }
}

fn verify_token(text: &str) -> Result<(), &'static str> {
    if text.starts_with(TOKEN_PREFIX) && text.len() >= 2 * SHORTEST_SECRET {
        return Err(
            "is an access token; here belongs a word that you choose and give to Meta beside the \
             callback URL",
        );
    }
    let is_word = (1..=LONGEST_VERIFY_TOKEN).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_word { Ok(()) } else { Err("must be 1 to 200 visible characters without blanks") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const TOKEN: &str = "EAAJB0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefZ";

    #[test]
    fn each_secret_is_taken_in_its_own_field() {
        assert!(AppSecret::parse(&format!(" {SECRET}\n")).unwrap().is(SECRET));
        assert!(AccessToken::parse(TOKEN).is_ok());
        assert!(VerifyToken::parse("choose-one").is_ok());
    }

    #[test]
    fn a_secret_in_the_wrong_field_is_told_where_it_belongs() {
        assert!(AppSecret::parse(TOKEN).unwrap_err().starts_with("is an access token"));
        assert!(AccessToken::parse(SECRET).unwrap_err().starts_with("looks like an App Secret"));
        assert!(VerifyToken::parse(TOKEN).unwrap_err().starts_with("is an access token"));
        for wrong in ["", "choose-one", &SECRET[1..], &SECRET.to_uppercase()] {
            let error = AppSecret::parse(wrong).unwrap_err();
            assert!(error.starts_with("must be the App Secret"), "{wrong}");
        }
        for wrong in ["", "two words", &"x".repeat(2_001)] {
            assert!(AccessToken::parse(wrong).is_err() && VerifyToken::parse(wrong).is_err());
        }
    }

    #[test]
    fn none_shows_itself() {
        let secret = AppSecret::parse(SECRET).unwrap();

        assert!(!format!("{secret:?}").contains(SECRET));
    }
}
