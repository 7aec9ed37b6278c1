//! What became of a message.
//!
//! Facts are instants that only ever move to the earlier of two reports, so they merge in any
//! order and any number of times into the same value; the status is read off them and stored
//! nowhere by hand. `migrations/` holds the same derivation as a generated column, and the tests of
//! `store` compare the two.

use chrono::{DateTime, Utc};

use crate::lane::words;

words!(
    /// The one word for where a message stands. There is no "read": `opened_at` tells of it, and
    /// the status stays `delivered`.
    DeliveryStatus {
        /// Waits for its turn.
        Queued = "queued",
        /// A worker holds it, under a lease.
        Sending = "sending",
        /// The answer to its send was lost; it may or may not have gone out.
        Unknown = "unknown",
        /// Meta took it and holds it to assess the template's quality.
        Held = "held",
        /// Meta took it; nothing more is known.
        Accepted = "accepted",
        /// Meta sent it towards the device.
        Sent = "sent",
        /// It reached a device.
        Delivered = "delivered",
        /// It did not and will not reach a device.
        Failed = "failed",
        /// Withdrawn before it was sent.
        Cancelled = "cancelled",
        /// Its deadline passed before it was sent.
        Expired = "expired",
    }
);

words!(
    /// Our own part of a message's way, which ends where Meta has it.
    Stage {
        /// Waits for its turn.
        Queued = "queued",
        /// A worker holds it.
        Sending = "sending",
        /// The answer to its send was lost.
        Unknown = "unknown",
        /// Meta has it, as its answer, its report or a person says.
        Accepted = "accepted",
        /// Meta refused it, or it was given up, by its policy or by a person.
        Failed = "failed",
        /// Withdrawn.
        Cancelled = "cancelled",
        /// Too late.
        Expired = "expired",
    }
);

words!(
    /// What a person says became of a message whose fate is unknown.
    Resolution {
        /// It went out.
        Sent = "sent",
        /// It did not.
        NotSent = "not_sent",
        /// Nobody will find out, and it shall not be sent again.
        Failed = "failed",
    }
);

impl From<Stage> for DeliveryStatus {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Queued => Self::Queued,
            Stage::Sending => Self::Sending,
            Stage::Unknown => Self::Unknown,
            Stage::Accepted => Self::Accepted,
            Stage::Failed => Self::Failed,
            Stage::Cancelled => Self::Cancelled,
            Stage::Expired => Self::Expired,
        }
    }
}

/// A report that a message failed.
///
/// The order of the fields is the order of precedence: of two failures the earlier one is kept,
/// and of two in the same instant the one that compares less, so that merging never depends on the
/// order of arrival.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Meta's error code; 0 when the failure is our own decision.
    pub code: i32,
    /// What a person reads; already cut to the column ([`cut_detail`]).
    pub detail: String,
}

/// How many characters of an error text `delivery_error` keeps.
pub const DETAIL_CHARACTERS: usize = 500;

/// Makes an error text storable: no NUL, and cut at a character boundary.
pub fn cut_detail(text: &str) -> String {
    text.chars().filter(|character| *character != '\0').take(DETAIL_CHARACTERS).collect()
}

/// Everything known of what happened to a message after it left us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Meta answered the send with an id.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Meta answered `held_for_quality_assessment`.
    pub held_at: Option<DateTime<Utc>>,
    /// Meta reported `sent`.
    pub sent_at: Option<DateTime<Utc>>,
    /// Meta reported `delivered`, or `read`, which implies it.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Meta reported `read`: the source of truth for read receipts.
    pub opened_at: Option<DateTime<Utc>>,
    /// Meta reported `played` (voice messages).
    pub played_at: Option<DateTime<Utc>>,
    /// Meta reported `failed`, or we gave the message up.
    pub failed: Option<Failure>,
}

impl Facts {
    /// Both sets of facts in one; commutative, associative and idempotent.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            accepted_at: earlier(self.accepted_at, other.accepted_at),
            held_at: earlier(self.held_at, other.held_at),
            sent_at: earlier(self.sent_at, other.sent_at),
            delivered_at: earlier(self.delivered_at, other.delivered_at),
            opened_at: earlier(self.opened_at, other.opened_at),
            played_at: earlier(self.played_at, other.played_at),
            failed: earlier(self.failed, other.failed),
        }
    }

    /// The status of a message with these facts, which for our own part stands at `stage`.
    ///
    /// A delivery outweighs a failure (several devices may report), a failure outweighs `sent`, and
    /// any word of Meta's outweighs what we believed ourselves.
    pub fn status(&self, stage: Stage) -> DeliveryStatus {
        if self.delivered_at.is_some() {
            DeliveryStatus::Delivered
        } else if self.failed.is_some() {
            DeliveryStatus::Failed
        } else if self.sent_at.is_some() {
            DeliveryStatus::Sent
        } else if self.held_at.is_some() {
            DeliveryStatus::Held
        } else if self.accepted_at.is_some() {
            DeliveryStatus::Accepted
        } else {
            stage.into()
        }
    }
}

fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    fn any_time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
        proptest::option::of((0..5_i64).prop_map(at))
    }

    fn any_facts() -> impl Strategy<Value = Facts> {
        let failure = (0..5_i64, 0..3_i32, "[ab]").prop_map(|(second, code, detail)| Failure {
            at: at(second),
            code,
            detail,
        });
        let times = [(); 6].map(|()| any_time());
        (times, proptest::option::of(failure)).prop_map(|(times, failed)| {
            let [accepted_at, held_at, sent_at, delivered_at, opened_at, played_at] = times;
            Facts { accepted_at, held_at, sent_at, delivered_at, opened_at, played_at, failed }
        })
    }

    proptest! {
        #[test]
        fn merging_is_commutative_associative_and_idempotent(
            a in any_facts(), b in any_facts(), c in any_facts(),
        ) {
            prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
            prop_assert_eq!(
                a.clone().merge(b.clone()).merge(c.clone()),
                a.clone().merge(b.clone().merge(c))
            );
            prop_assert_eq!(a.clone().merge(a.clone()), a);
        }

        #[test]
        fn a_delivered_message_stays_delivered_whatever_else_is_learnt(
            known in any_facts(), news in any_facts(),
        ) {
            prop_assume!(known.status(Stage::Sending) == DeliveryStatus::Delivered);

            prop_assert_eq!(known.merge(news).status(Stage::Sending), DeliveryStatus::Delivered);
        }
    }

    #[test]
    fn a_failure_after_the_delivery_is_kept_but_does_not_show_in_the_status() {
        let delivered = Facts { delivered_at: Some(at(1)), ..Facts::default() };
        let failure = Failure { at: at(2), code: 131_026, detail: "undeliverable".into() };
        let failed = Facts { failed: Some(failure.clone()), ..Facts::default() };

        let both = delivered.merge(failed);

        assert_eq!(both.status(Stage::Sending), DeliveryStatus::Delivered);
        assert_eq!(both.failed, Some(failure));
    }

    #[test]
    fn an_error_text_is_cut_between_characters() {
        let text = "é".repeat(DETAIL_CHARACTERS + 1) + "\0";

        assert_eq!(cut_detail(&text).chars().count(), DETAIL_CHARACTERS);
    }
}
