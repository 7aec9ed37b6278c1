//! What can go wrong with the bus, by what the caller can do about it.

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};

/// Why the bus could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The configured URL is no AMQP URL. The URL is not shown: it holds the password.
    #[error("the broker's URL is not of the form amqp://user:password@host:port/vhost")]
    Url,
    /// The broker refuses us: wrong user, password, vhost or rights. Trying again does not help.
    #[error("the broker refuses the connection: {reason}")]
    Refused {
        /// The broker's words.
        reason: String,
    },
    /// A queue or exchange stands there already with other options. An operator must delete it, or
    /// choose another prefix.
    #[error("the broker holds another definition of {name}: {reason}")]
    Conflict {
        /// The full name.
        name: String,
        /// The broker's words.
        reason: String,
    },
    /// The broker is away or too slow; try again later.
    #[error("the broker did not answer: {reason}")]
    Unavailable {
        /// What happened to the request.
        reason: String,
    },
    /// A queue that should be there is not: the topology has not been declared.
    #[error("the broker has no queue or exchange that is needed: {reason}")]
    Missing {
        /// The broker's words.
        reason: String,
    },
    /// Moving a parked message failed; it is still parked.
    #[error("a parked message could not be published again")]
    Redrive(#[source] PublishError),
    /// Everything of a prefix can only be deleted where there is a prefix.
    #[error("a bus without prefix is never deleted")]
    NoPrefix,
}

/// Why a message is not known to be on the broker's disk. After any of these the message may be
/// published again; after [`PublishError::Timeout`] and [`PublishError::Unconfirmed`] it may then
/// be there twice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It was not sent: no connection within the time-out, or the broker accepts nothing because
    /// it is short of memory or disk.
    #[error("the broker was not available to publish to")]
    Unavailable,
    /// It was sent, and no answer came within the time-out.
    #[error("the broker did not confirm in time")]
    Timeout,
    /// It was sent, and the connection or channel was lost before the answer.
    #[error("the broker's confirmation was lost: {reason}")]
    Unconfirmed {
        /// What happened to the connection or channel.
        reason: String,
    },
    /// The broker answered that it does not take the message, or it cannot be sent at all.
    #[error("the broker rejected the message")]
    Rejected,
}

impl From<lapin::Error> for BusError {
    fn from(error: lapin::Error) -> Self {
        let reason = error.to_string();
        match class(&error) {
            Class::Refused => Self::Refused { reason },
            Class::Missing => Self::Missing { reason },
            Class::Conflict | Class::Other => Self::Unavailable { reason },
        }
    }
}

/// What an error of lapin means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The broker does not let us in.
    Refused,
    /// A queue or exchange is not there.
    Missing,
    /// A queue or exchange is there with other options.
    Conflict,
    /// The network, the broker, or our own state: may pass.
    Other,
}

pub(crate) fn class(error: &lapin::Error) -> Class {
    let ErrorKind::ProtocolError(error) = error.kind() else { return Class::Other };
    match error.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => Class::Missing,
        AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => Class::Conflict,
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
        | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => Class::Refused,
        _ => Class::Other,
    }
}

/// Whether lapin refused a call before anything was written, because the channel is gone.
pub(crate) fn was_never_sent(error: &lapin::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidChannelState(..)
            | ErrorKind::InvalidConnectionState(_)
            | ErrorKind::InvalidChannel(_)
    )
}
