//! What became of one send.

use std::fmt;

use domain::ids::Wamid;
use secrecy::SecretString;

use super::failure_of;
use super::transport::{Answer, Broken};
use crate::error::{ApiFailure, Rejection, SendClass, Throttle, classify};
use crate::loose;
use crate::wire::SendResponse;

/// How many characters of a recipient's id are kept; digits are at most 15.
const LONGEST_WA_ID: usize = 200;

/// What became of one send, as far as it can be proved.
#[derive(Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// Meta took the message and named it.
    Accepted {
        /// Meta's id of the message.
        wamid: Wamid,
        /// The recipient as Meta understands it; absent for a BSUID.
        wa_id: Option<String>,
        /// Whether Meta holds the message back (pacing, or a paused template).
        held: bool,
    },
    /// Provably not sent; may be sent again when `why` has passed.
    NotSent {
        /// What stood in the way.
        why: Throttle,
        /// What Meta or the network said.
        error: ApiFailure,
    },
    /// Refused; the same send would be refused again until something changes.
    Rejected {
        /// Whose fault it is.
        kind: Rejection,
        /// What Meta said.
        error: ApiFailure,
    },
    /// Meta may or may not have sent it. Never send again without more proof or the sender's leave.
    Ambiguous {
        /// What is known.
        error: ApiFailure,
    },
}

impl SendOutcome {
    pub(super) fn of(answer: Result<Answer, Broken>, token: &SecretString) -> Self {
        match answer {
            Ok(answer) => accepted(&answer).unwrap_or_else(|| refused(&answer, token)),
            Err(Broken::BeforeWriting(error)) => Self::NotSent { why: Throttle::Connect, error },
            Err(Broken::AfterWriting(error)) => Self::Ambiguous { error },
        }
    }

    /// The word for a metric or a log field.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::NotSent { .. } => "not_sent",
            Self::Rejected { .. } => "rejected",
            Self::Ambiguous { .. } => "ambiguous",
        }
    }
}

fn accepted(answer: &Answer) -> Option<SendOutcome> {
    if !answer.is_success() {
        return None;
    }
    let response: SendResponse = serde_json::from_slice(&answer.body).ok()?;
    let message = response.messages.into_iter().next()?;
    let wamid = Wamid::try_from(message.id?).ok()?;
    let wa_id = response.contacts.into_iter().next().and_then(|contact| contact.wa_id);
    let wa_id = wa_id.map(|wa_id| loose::storable(&wa_id, LONGEST_WA_ID));
    let held = message.message_status.is_some_and(|status| status.is_held());
    Some(SendOutcome::Accepted { wamid, wa_id, held })
}

fn refused(answer: &Answer, token: &SecretString) -> SendOutcome {
    let error = failure_of(answer, &[token]);
    match classify(answer.status, &error) {
        SendClass::NotSent(why) => SendOutcome::NotSent { why, error },
        SendClass::Rejected(kind) => SendOutcome::Rejected { kind, error },
        SendClass::Ambiguous => SendOutcome::Ambiguous { error },
    }
}

impl fmt::Debug for SendOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { held, .. } => {
                f.debug_struct("Accepted").field("held", held).finish_non_exhaustive()
            }
            Self::NotSent { why, error } => {
                f.debug_struct("NotSent").field("why", why).field("error", error).finish()
            }
            Self::Rejected { kind, error } => {
                f.debug_struct("Rejected").field("kind", kind).field("error", error).finish()
            }
            Self::Ambiguous { error } => f.debug_struct("Ambiguous").field("error", error).finish(),
        }
    }
}
