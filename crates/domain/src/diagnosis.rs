//! Why the signature of a webhook POST was refused, in words for whoever has to mend it.

use std::fmt;
use std::str::FromStr;

/// The cause, as far as the credentials of the tenant itself tell. Never says anything of another
/// tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Diagnosis {
    /// The POST had no signature header.
    Missing,
    /// The header is not of Meta's form.
    Malformed,
    /// The signature fits the connection's current secret; ingress did not know it yet.
    Late,
    /// It fits a secret that the connection has given up.
    RetiredSecret,
    /// It fits a secret of another connection of the same tenant.
    OtherConnection,
    /// What was saved as app secret is an access token.
    AccessTokenAsSecret,
    /// What was saved as app secret is a verify token.
    VerifyTokenAsSecret,
    /// It fits the body with other escapes of non-ASCII characters.
    AlteredUnicode,
    /// It fits the body with other escapes of slashes.
    AlteredSlashes,
    /// It fits the body without the white space between its parts.
    AlteredWhitespace,
    /// It fits the body with other line ends, or another end.
    AlteredLineEnds,
    /// It fits the body in another character encoding.
    AlteredCharset,
    /// It fits the body after several such changes.
    Altered,
    /// There is no body.
    Empty,
    /// It fits the platform's app, and the connection is through the tenant's own.
    PlatformApp,
    /// It fits the tenant's own app, and came to the URL of the platform's.
    OwnApp,
    /// It fits nothing that the tenant has.
    Mismatch,
    /// More POSTs than are kept one by one.
    Flood,
}

impl Diagnosis {
    /// Every diagnosis.
    pub const ALL: [Self; 18] = [
        Self::Missing,
        Self::Malformed,
        Self::Late,
        Self::RetiredSecret,
        Self::OtherConnection,
        Self::AccessTokenAsSecret,
        Self::VerifyTokenAsSecret,
        Self::AlteredUnicode,
        Self::AlteredSlashes,
        Self::AlteredWhitespace,
        Self::AlteredLineEnds,
        Self::AlteredCharset,
        Self::Altered,
        Self::Empty,
        Self::PlatformApp,
        Self::OwnApp,
        Self::Mismatch,
        Self::Flood,
    ];

    /// The word in rows and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Late => "late",
            Self::RetiredSecret => "retired_secret",
            Self::OtherConnection => "other_connection",
            Self::AccessTokenAsSecret => "access_token_as_secret",
            Self::VerifyTokenAsSecret => "verify_token_as_secret",
            Self::AlteredUnicode => "altered_unicode",
            Self::AlteredSlashes => "altered_slashes",
            Self::AlteredWhitespace => "altered_whitespace",
            Self::AlteredLineEnds => "altered_line_ends",
            Self::AlteredCharset => "altered_charset",
            Self::Altered => "altered",
            Self::Empty => "empty",
            Self::PlatformApp => "platform_app",
            Self::OwnApp => "own_app",
            Self::Mismatch => "mismatch",
            Self::Flood => "flood",
        }
    }

    /// What happened.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Missing => "The POST came without the header X-Hub-Signature-256.",
            Self::Malformed => {
                "The header X-Hub-Signature-256 is not `sha256=` and 64 hexadecimal digits."
            }
            Self::Late => "The POST came before the new app secret was known everywhere.",
            Self::RetiredSecret => "Meta signed with an app secret that was replaced here.",
            Self::OtherConnection => {
                "Meta signed with the app secret of another of your connections."
            }
            Self::AccessTokenAsSecret => "An access token was saved as the app secret.",
            Self::VerifyTokenAsSecret => "The verify token was saved as the app secret.",
            Self::AlteredUnicode => {
                "The body was changed on its way: escapes of non-ASCII characters (\\u00e9) were \
                 written anew."
            }
            Self::AlteredSlashes => {
                "The body was changed on its way: escapes of slashes (\\/) were written anew."
            }
            Self::AlteredWhitespace => {
                "The body was changed on its way: it was parsed and printed with other white space."
            }
            Self::AlteredLineEnds => {
                "The body was changed on its way: line ends, or the end of the body, are others."
            }
            Self::AlteredCharset => {
                "The body was changed on its way: its character encoding is another."
            }
            Self::Altered => "The body was changed on its way: it was parsed and written anew.",
            Self::Empty => "The POST came with a signature and without a body.",
            Self::PlatformApp => {
                "The platform's app signed, but this connection is through your own app."
            }
            Self::OwnApp => "Your own app signed, but the POST came to the platform's URL.",
            Self::Mismatch => {
                "The signature fits none of your app secrets: the secret saved here is not the \
                 app's, or somebody else posts in Meta's name."
            }
            Self::Flood => "More POSTs without a valid signature came than are kept one by one.",
        }
    }

    /// What to do about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Missing => {
                "Let the proxy in front pass the header on. If it does, it is not Meta who posts: \
                 nothing is to be done."
            }
            Self::Malformed => {
                "Let the proxy in front pass the header on unchanged; the older X-Hub-Signature \
                 (sha1) is not enough."
            }
            Self::Late => "Nothing: it is taken by itself.",
            Self::RetiredSecret => {
                "Save the app secret that Meta shows now (App settings, Basic, Show), or finish \
                 its rotation in Meta's dashboard. What was refused is then taken by itself."
            }
            Self::OtherConnection => {
                "In Meta's dashboard set this app's callback to the webhook URL of its own \
                 connection, or save its secret here."
            }
            Self::AccessTokenAsSecret | Self::VerifyTokenAsSecret => {
                "Save the app secret: Meta's App settings, Basic, App secret, Show. What was \
                 refused is then taken by itself."
            }
            Self::AlteredUnicode
            | Self::AlteredSlashes
            | Self::AlteredWhitespace
            | Self::AlteredLineEnds
            | Self::AlteredCharset
            | Self::Altered => {
                "Let the proxy, firewall or relay in front pass the body on byte for byte: the \
                 signature covers exactly the bytes that Meta sent. Meta repeats what was refused."
            }
            Self::Empty => {
                "Let the proxy, firewall or relay in front pass the body on: it has read it and sent \
                 nothing. Meta repeats what was refused."
            }
            Self::PlatformApp => {
                "Set the callback of the platform's app to the platform's URL, or connect the \
                 number through the platform's app."
            }
            Self::OwnApp => {
                "In your app's dashboard set the callback to the webhook URL of its connection."
            }
            Self::Mismatch => {
                "Compare the app secret with the one that Meta shows (App settings, Basic, Show) \
                 for the app whose webhooks come here, and save it anew. What was refused is then \
                 taken by itself."
            }
            Self::Flood => {
                "Look at the single POSTs of that time; they tell the cause of most of them."
            }
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Diagnosis {
    type Err = UnknownDiagnosis;

    fn from_str(text: &str) -> Result<Self, UnknownDiagnosis> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownDiagnosis)
    }
}

/// A text that names no diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a diagnosis")]
pub struct UnknownDiagnosis;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_diagnosis_reads_back_as_itself_and_says_what_to_do() {
        for diagnosis in Diagnosis::ALL {
            assert_eq!(diagnosis.as_str().parse(), Ok(diagnosis));
            assert!(diagnosis.cause().ends_with('.') && diagnosis.remedy().ends_with('.'));
        }
    }
}
