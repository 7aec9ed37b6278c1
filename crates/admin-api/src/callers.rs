//! What callers' own business is refused for: keys, members, notifications.

use actix_web::http::StatusCode;

use crate::error::Row;

/// Why something about callers is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The tenant has no such key.
    #[error("there is no such API key; its id is the `api_key_id` that the list shows")]
    NoSuchKey,
    /// The tenant has no such member.
    #[error("there is no such member; their id is the `member_id` that the list shows")]
    NoSuchMember,
    /// It is in none of the caller's inboxes.
    #[error("there is no such notification for you")]
    NoSuchNotification,
    /// A tenant has one at least.
    #[error("they are the tenant's last owner; make somebody else an owner first")]
    LastOwner,
    /// Nobody is one twice.
    #[error("the tenant has a member of this issuer with that subject or address already")]
    AlreadyAMember,
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refused {
    /// Its row in the table of errors.
    pub(crate) fn row(&self) -> Row {
        let row = |status, name, title| Row { status, name, title };
        match self {
            Self::NoSuchKey => row(StatusCode::NOT_FOUND, "no-such-api-key", "No such API key"),
            Self::NoSuchMember => row(StatusCode::NOT_FOUND, "no-such-member", "No such member"),
            Self::NoSuchNotification => {
                row(StatusCode::NOT_FOUND, "no-such-notification", "No such notification")
            }
            Self::LastOwner => row(StatusCode::CONFLICT, "last-owner", "The last owner"),
            Self::AlreadyAMember => {
                row(StatusCode::CONFLICT, "already-a-member", "A member already")
            }
            Self::Store(_) => {
                row(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong")
            }
        }
    }
}
