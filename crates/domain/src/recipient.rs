//! Whom a message goes to: a phone number or one of Meta's business-scoped user ids.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat};
use serde::{Deserialize, Serialize};

/// Most bytes of a number as people write it; a real one has at most 15 digits.
const LONGEST_SPELLING: usize = 64;

/// A phone number in E.164: `+` and digits.
///
/// The `+` matters: without it Meta puts the calling code of the *business* in front of the digits
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/reference/phone-numbers>).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// `+` and digits; never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidRecipient;

    /// Takes `+…` when its calling code exists and its length fits the numbering plan (whether the
    /// range is in use Meta knows better), and bare digits only when they are a valid number in
    /// full: a national form could otherwise pass for a number abroad.
    fn from_str(text: &str) -> Result<Self, InvalidRecipient> {
        let text = text.trim();
        let (has_plus, digits) = match text.strip_prefix('+') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let is_separator = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')');
        if digits.len() > LONGEST_SPELLING
            || !digits.chars().all(|c| c.is_numeric() || is_separator(c))
        {
            return Err(InvalidRecipient::NotPhoneNumber);
        }
        let number = PHONE_NUMBER_UTIL
            .parse(format!("+{}", digits.replace(is_separator, "")), None)
            .map_err(|_| InvalidRecipient::NotPhoneNumber)?;
        let is_possible = number.is_possible_with_reason() == Ok(NumberLengthType::IsPossible);
        if number.is_valid() || (has_plus && is_possible) {
            Ok(Self(number.format_as(PhoneNumberFormat::E164).into_owned()))
        } else {
            Err(InvalidRecipient::NotPhoneNumber)
        }
    }
}

/// A business-scoped user id: a person who may hide the phone number, as one portfolio knows them.
///
/// Case-sensitive; `US.` and up to 128 letters and digits, or `US.ENT.…` for a parent portfolio.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bsuid(String);

impl Bsuid {
    /// The whole id; never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Bsuid {
    type Err = InvalidRecipient;

    fn from_str(text: &str) -> Result<Self, InvalidRecipient> {
        let (country, rest) = text.split_once('.').ok_or(InvalidRecipient::NotBsuid)?;
        let id = rest.strip_prefix("ENT.").unwrap_or(rest);
        let has_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let has_id = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if has_country && has_id {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRecipient::NotBsuid)
        }
    }
}

/// Whom a message goes to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Recipient {
    /// By phone number: Meta's field `to`.
    Phone(PhoneNumber),
    /// By business-scoped user id: Meta's field `recipient`.
    Bsuid(Bsuid),
}

impl Recipient {
    /// Reads `+E.164`, the bare digits of an international number, or a business-scoped user id.
    ///
    /// # Errors
    ///
    /// When the text is none of these.
    pub fn parse(text: &str) -> Result<Self, InvalidRecipient> {
        if text.starts_with(|first: char| first.is_ascii_uppercase()) {
            text.parse().map(Self::Bsuid)
        } else {
            text.parse().map(Self::Phone)
        }
    }

    /// `+` and digits, or the whole id; never for a log.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Phone(number) => number.as_str(),
            Self::Bsuid(id) => id.as_str(),
        }
    }
}

impl FromStr for Recipient {
    type Err = InvalidRecipient;

    fn from_str(text: &str) -> Result<Self, InvalidRecipient> {
        Self::parse(text)
    }
}

macro_rules! conversions_and_redacted_debug {
    ($($name:ident),+) => {
        $(
            impl TryFrom<String> for $name {
                type Error = InvalidRecipient;

                fn try_from(text: String) -> Result<Self, InvalidRecipient> {
                    text.parse()
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(concat!(stringify!($name), "(redacted)"))
                }
            }
        )+
    };
}
conversions_and_redacted_debug!(PhoneNumber, Bsuid, Recipient);

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl From<Bsuid> for String {
    fn from(id: Bsuid) -> Self {
        id.0
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.as_text().to_owned()
    }
}

/// Why a text names nobody. The text itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecipient {
    /// Wanted a phone number.
    #[error(
        "must be a phone number in international form: + and country code, or all its digits; \
         a national form such as 054-… is refused"
    )]
    NotPhoneNumber,
    /// Wanted a business-scoped user id.
    #[error(
        "must be a business-scoped user id: two capital letters, a dot, then up to 128 letters \
         and digits"
    )]
    NotBsuid,
}
