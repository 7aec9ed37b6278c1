/// Why a token proves nothing. Nothing of the token is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no token, or one that nobody reads.
    #[error("the token cannot be read")]
    Malformed,
    /// Longer than any token.
    #[error("the token is too long")]
    TooLong,
    /// Signed in a way that the key is not for, or with a shared secret, or not at all.
    #[error("the token is signed in a way that is not accepted")]
    Algorithm,
    /// Signed with a key that the provider does not list.
    #[error("the token is signed with a key that the identity provider does not list")]
    UnknownKey,
    /// Altered, or somebody else's.
    #[error("the token's signature is wrong")]
    Signature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// Another provider's.
    #[error("the token is of another issuer")]
    Issuer,
    /// Made for somebody else.
    #[error("the token was not made for this API")]
    Audience,
    /// It names nobody.
    #[error("the token names no subject")]
    Subject,
    /// The keys could not be had; the token may be good.
    #[error("the identity provider's keys cannot be had now")]
    ProviderAway,
}
