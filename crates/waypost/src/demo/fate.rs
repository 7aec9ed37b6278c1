//! What Meta does to a message of the demo, and where that leads.

use domain::delivery::DeliveryStatus;
use store::messages::Summary;

/// What becomes of a message. The simulator knows it by a digit of the recipient's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// Sent, delivered, read.
    Read,
    /// Delivered; the person shows no read receipts.
    Unread,
    /// Read, and `delivered` never comes.
    ReadAtOnce,
    /// Fails with 131026: no such person.
    Undeliverable,
    /// Is sent, then fails with 131049: enough marketing for this person.
    Declined,
    /// Meta takes it and the connection breaks before the answer.
    AnswerLost,
    /// Meta takes it and answers 500.
    ServerError,
    /// Meta answers 130429 (too fast) first.
    Throttled,
    /// Meta refuses it for good with 132001: no such template.
    Refused,
    /// Meta answers 503 and has not taken it; its own policy sends it again.
    Retried,
    /// A reaction: Meta reports `sent` and no more.
    Reaction,
}

impl Fate {
    /// All that are drawn, with how many of a thousand messages have them; the rest is read.
    pub(super) const DRAWN: [(Self, usize); 9] = [
        (Self::Unread, 60),
        (Self::ReadAtOnce, 30),
        (Self::Undeliverable, 20),
        (Self::Declined, 15),
        (Self::AnswerLost, 10),
        (Self::ServerError, 10),
        (Self::Throttled, 3),
        (Self::Refused, 10),
        (Self::Retried, 5),
    ];

    /// The digit of the recipient's number by which the simulator knows it.
    pub(super) const fn digit(self) -> u8 {
        match self {
            Self::Read | Self::Refused | Self::Reaction => 0,
            Self::Unread => 1,
            Self::ReadAtOnce => 2,
            Self::Undeliverable => 3,
            Self::Declined => 4,
            Self::AnswerLost => 5,
            Self::ServerError => 6,
            Self::Throttled => 7,
            Self::Retried => 8,
        }
    }

    /// Whether the simulator accepts it, once.
    pub(super) const fn is_accepted(self) -> bool {
        !matches!(self, Self::Refused)
    }

    /// Whether its answer is lost at first, so that it stands as `unknown`.
    pub(super) const fn is_doubtful(self) -> bool {
        matches!(self, Self::AnswerLost | Self::ServerError | Self::Retried)
    }

    /// Whether a message is where this fate leads.
    pub(super) fn is_fulfilled(self, message: &Summary) -> bool {
        let (status, read) = (message.status, message.opened_at.is_some());
        match self {
            Self::Read
            | Self::ReadAtOnce
            | Self::AnswerLost
            | Self::ServerError
            | Self::Throttled
            | Self::Retried => status == DeliveryStatus::Delivered && read,
            Self::Unread => status == DeliveryStatus::Delivered && !read,
            Self::Undeliverable => failed(message, 131_026),
            Self::Declined => failed(message, 131_049),
            Self::Refused => failed(message, 132_001),
            Self::Reaction => status == DeliveryStatus::Sent,
        }
    }
}

fn failed(message: &Summary, code: i32) -> bool {
    message.status == DeliveryStatus::Failed && message.error_code == Some(code)
}
