//! Why something is not done with a connection.

use domain::ids::ConnectionId;

use super::proof::Doubt;

/// Nothing was changed, and why.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The tenant has none of that id.
    #[error("there is no such connection")]
    Missing,
    /// The WABA or the number is somebody else's here. Whose is not told.
    #[error(
        "the WABA or the number is connected elsewhere; if it is yours, it has to be disconnected \
         there first"
    )]
    Taken,
    /// The number is known under another WABA.
    #[error("the number is known under another WABA; a number does not move by a new connection")]
    OtherWaba,
    /// The WABA lies under another connection of the tenant.
    #[error(
        "the WABA lies under your connection {0}: give that one the new credentials, or disconnect \
         it first"
    )]
    OtherConnection(ConnectionId),
    /// It is about the app, and the app is the platform's.
    #[error("the connection goes through the platform's app; only an own app has this")]
    PlatformApp,
    /// There is nothing to test or to ask Meta with.
    #[error("the connection has no access token; give it one")]
    NoToken,
    /// There is no number to test with.
    #[error("the connection has no such number; GET its assets lists the numbers it has")]
    NoNumber,
    /// Meta does not bear out what was given, or does not answer.
    #[error("{0}")]
    Doubt(Doubt),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Doubt> for Refused {
    fn from(doubt: Doubt) -> Self {
        Self::Doubt(doubt)
    }
}
