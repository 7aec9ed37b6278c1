//! What a signature proves.

use crate::ids::ConnectionId;

/// Whose numbers a signed webhook may speak of. A signature proves one app; nothing that the body
/// carries can touch an account outside that app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The platform's own app: any account connected through it.
    Platform,
    /// The app of this one connection.
    Connection(ConnectionId),
}
