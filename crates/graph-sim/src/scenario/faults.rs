//! Faults on demand.

use serde::{Deserialize, Serialize};

use super::values::Chance;

/// A fault, and which requests it strikes. Of several that strike one request, the first counts.
///
/// With `kind` it strikes every matching request (within `skip`, `times`, `chance`, `for_ms`);
/// with `sequence` the matching requests take its entries one by one, and nothing happens after the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// What happens to each struck request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<FaultKind>,
    /// What happens to the matching requests, one after the other; `none` lets one pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sequence: Vec<FaultKind>,
    /// Only sends from this number.
    pub phone_number_id: Option<String>,
    /// Only sends to this recipient (`+14155550101`, `1415*`, `*7`). Not with `reset_before_reading`.
    pub recipient: Option<String>,
    /// How likely it strikes; certain when absent.
    pub chance: Option<Chance>,
    /// How many matching requests pass before it begins.
    pub skip: u64,
    /// How many requests it strikes at most.
    pub times: Option<u64>,
    /// How long it lasts from the moment it is set.
    pub for_ms: Option<u64>,
}

/// What a fault does to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// Nothing: a place in a sequence.
    None,
    /// The message is accepted, then the connection is closed without a byte of an answer.
    DropAfterAccept,
    /// The message is accepted, then the answer is an error with this HTTP status.
    ErrorAfterAccept {
        /// The HTTP status, such as 500.
        status: u16,
        /// Meta's code in the body; without one the body is not Meta's.
        #[serde(default)]
        code: Option<i32>,
    },
    /// The message is accepted and the answer comes late.
    Slow {
        /// How late, in milliseconds.
        ms: u64,
    },
    /// The message is accepted and the answer is 200 with a body that is not JSON.
    Garbage,
    /// A bare 429 without Meta's body; nothing is accepted.
    TooManyRequests,
    /// A bare server error; nothing is accepted.
    ServerError {
        /// The HTTP status, such as 503.
        status: u16,
    },
    /// One of Meta's errors; nothing is accepted.
    Error {
        /// Meta's code, such as 131057.
        code: i32,
    },
    /// The connection is closed once the request's head has been read; nothing is accepted.
    ResetBeforeReading,
}

impl FaultKind {
    /// Whether the message is accepted all the same.
    #[must_use]
    pub fn accepts(&self) -> bool {
        match self {
            Self::None
            | Self::DropAfterAccept
            | Self::ErrorAfterAccept { .. }
            | Self::Slow { .. }
            | Self::Garbage => true,
            Self::TooManyRequests
            | Self::ServerError { .. }
            | Self::Error { .. }
            | Self::ResetBeforeReading => false,
        }
    }
}
