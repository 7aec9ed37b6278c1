//! One inbound message, read as far as its routing needs.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::ids::Wamid;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::loose::{self, Loose};

/// What a person wrote to a business number. Every part but the raw object may be missing.
#[derive(Clone)]
pub struct InboundMessage {
    /// Meta's id of the message.
    pub wamid: Option<Wamid>,
    /// Who wrote: phone digits as a rule. May be missing for a person with a username.
    pub from: Option<String>,
    /// Who wrote, as a BSUID.
    pub from_user_id: Option<String>,
    /// When it was written.
    pub at: Option<DateTime<Utc>>,
    /// Meta's `type`; empty when there is none.
    pub kind: String,
    /// The whole message object, as it came.
    pub raw: Box<RawValue>,
}

impl fmt::Debug for InboundMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundMessage")
            .field("at", &self.at)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
    #[serde(borrow)]
    from: Option<Loose<'a>>,
    #[serde(borrow)]
    from_user_id: Option<Loose<'a>>,
    #[serde(borrow)]
    timestamp: Option<Loose<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Loose<'a>>,
}

/// Reads one item of `value.messages`.
pub(super) fn read(loose: Loose<'_>) -> Result<InboundMessage, &'static str> {
    let wire: Wire<'_> = loose.object().ok_or("is no readable message object")?;
    Ok(InboundMessage {
        wamid: wire.id.and_then(Loose::text).and_then(|id| id.parse().ok()),
        from: short(wire.from),
        from_user_id: short(wire.from_user_id),
        at: wire.timestamp.and_then(Loose::text).and_then(|text| loose::instant(&text)),
        kind: short(wire.kind).unwrap_or_default(),
        raw: loose.raw().to_owned(),
    })
}

fn short(loose: Option<Loose<'_>>) -> Option<String> {
    loose?.text().map(|text| loose::storable(&text, 200))
}
