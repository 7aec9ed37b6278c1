//! Words that a person can act on.

use super::Rejection;

impl Rejection {
    /// What the owner of the message can do about a refusal of this kind.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Recipient => {
                "this recipient cannot get this message now; do not send it again unchanged"
            }
            Self::Request => "correct the message: Meta refuses it as it stands",
            Self::Template => {
                "check in WhatsApp Manager that the template is approved in this language and that \
                 its parameters fit"
            }
            Self::Credential => {
                "renew the access token or its permissions; waiting messages go out afterwards"
            }
            Self::Account => {
                "open WhatsApp Manager: the account or number may not send until its owner or Meta \
                 acts"
            }
        }
    }
}

/// What to do about Meta's `code`, where more is known than [`Rejection::advice`] tells: the words of
/// [`domain::meta_error`].
pub fn advice(code: i32) -> Option<&'static str> {
    // 100 is a wrong field or, with a subcode, an unknown number: the kind tells them apart.
    if code == 100 { None } else { domain::meta_error::explain(code).map(|known| known.remedy) }
}
