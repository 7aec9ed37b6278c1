//! The fields about a single business number.

use serde::Deserialize;

use super::{MessagingLimit, reason, text};
use crate::loose::Loose;

/// News of one number. Meta names it here by its digits and not by its id.
#[derive(Clone, PartialEq, Eq)]
pub enum NumberNews {
    /// `phone_number_quality_update`.
    Quality {
        /// The business's own number, digits alone.
        digits: String,
        /// `THROUGHPUT_UPGRADE`, `ONBOARDING`, or of old `FLAGGED`, `UNFLAGGED`, `UPGRADE`,
        /// `DOWNGRADE`.
        event: String,
        /// The limit of the whole portfolio.
        limit: Option<MessagingLimit>,
    },
    /// `phone_number_name_update`: the verdict on a display name.
    Name {
        /// The business's own number, digits alone.
        digits: String,
        /// `APPROVED`, `REJECTED`, `PENDING` or `DEFERRED`.
        decision: String,
        /// The name that was judged.
        name: Option<String>,
        /// Why it was rejected, such as `NAME_FORMAT_UNACCEPTABLE`.
        reason: Option<String>,
    },
    /// `security`: the two-step PIN.
    Security {
        /// The business's own number, digits alone.
        digits: String,
        /// `PIN_CHANGED`, `PIN_RESET_REQUEST` or `PIN_REQUEST_SUCCESS`.
        event: String,
    },
}

impl NumberNews {
    /// The number's digits.
    pub fn digits(&self) -> &str {
        match self {
            Self::Quality { digits, .. }
            | Self::Name { digits, .. }
            | Self::Security { digits, .. } => digits,
        }
    }
}

impl std::fmt::Debug for NumberNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Quality { event, .. } => write!(f, "Quality({event})"),
            Self::Name { decision, .. } => write!(f, "Name({decision})"),
            Self::Security { event, .. } => write!(f, "Security({event})"),
        }
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    display_phone_number: Option<Loose<'a>>,
    #[serde(borrow)]
    event: Option<Loose<'a>>,
    #[serde(borrow)]
    max_daily_conversations_per_business: Option<Loose<'a>>,
    #[serde(borrow)]
    current_limit: Option<Loose<'a>>,
    #[serde(borrow)]
    decision: Option<Loose<'a>>,
    #[serde(borrow)]
    requested_verified_name: Option<Loose<'a>>,
    #[serde(borrow)]
    rejection_reason: Option<Loose<'a>>,
}

/// Reads the value of a field about a number.
pub(super) fn read(field: &str, value: Loose<'_>) -> Option<NumberNews> {
    let wire: Wire<'_> = value.object()?;
    let digits = text(wire.display_phone_number)?;
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    Some(match field {
        "phone_number_quality_update" => NumberNews::Quality {
            digits,
            event: text(wire.event)?,
            limit: MessagingLimit::of(wire.max_daily_conversations_per_business)
                .or_else(|| MessagingLimit::of(wire.current_limit)),
        },
        "phone_number_name_update" => NumberNews::Name {
            digits,
            decision: text(wire.decision)?,
            name: text(wire.requested_verified_name),
            reason: reason(wire.rejection_reason),
        },
        "security" => NumberNews::Security { digits, event: text(wire.event)? },
        _ => return None,
    })
}
