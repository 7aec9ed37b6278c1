//! `account_update`: what happened to an account, or to our access to it.

use chrono::{DateTime, Utc};
use domain::ids::WabaId;
use serde::Deserialize;

use super::text;
use crate::loose::{self, Loose};

/// One event, with the parts that its kind has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountUpdate {
    /// Meta's word, such as `PARTNER_REMOVED`.
    pub event: String,
    /// `waba_info.waba_id`: of the partner events, whose `entry.id` may be a business portfolio.
    pub waba_id: Option<WabaId>,
    /// `ban_info.waba_ban_state`: `DISABLE`, `REINSTATE` or `SCHEDULE_FOR_DISABLE`.
    pub ban_state: Option<String>,
    /// `ban_info.waba_ban_date`, as Meta writes it.
    pub ban_date: Option<String>,
    /// What the account may not do, and until when.
    pub restrictions: Vec<Restriction>,
    /// `violation_info.violation_type`, such as `SCAM`.
    pub violation: Option<String>,
    /// `disconnection_info.reason` of a number that runs in the app too.
    pub disconnection: Option<String>,
}

/// What an account may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// Meta's word, such as `RESTRICTED_BIZ_INITIATED_MESSAGING`.
    pub kind: String,
    /// Until when; absent when Meta names no end.
    pub until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    event: Option<Loose<'a>>,
    #[serde(borrow)]
    waba_info: Option<Loose<'a>>,
    #[serde(borrow)]
    ban_info: Option<Loose<'a>>,
    #[serde(borrow)]
    restriction_info: Option<Loose<'a>>,
    #[serde(borrow)]
    violation_info: Option<Loose<'a>>,
    #[serde(borrow)]
    disconnection_info: Option<Loose<'a>>,
}

/// The parts of the nested objects; their names do not meet.
#[derive(Default, Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    waba_id: Option<Loose<'a>>,
    #[serde(borrow)]
    waba_ban_state: Option<Loose<'a>>,
    #[serde(borrow)]
    waba_ban_date: Option<Loose<'a>>,
    #[serde(borrow)]
    restriction_type: Option<Loose<'a>>,
    #[serde(borrow)]
    expiration: Option<Loose<'a>>,
    #[serde(borrow)]
    violation_type: Option<Loose<'a>>,
    #[serde(borrow)]
    reason: Option<Loose<'a>>,
}

/// Reads the value of `account_update`.
pub(super) fn read(value: Loose<'_>) -> Option<AccountUpdate> {
    let wire: Wire<'_> = value.object()?;
    let ban = PartOf::read(wire.ban_info);
    let restrictions = wire.restriction_info.map(Loose::items).unwrap_or_default();
    Some(AccountUpdate {
        event: text(wire.event)?,
        waba_id: PartOf::read(wire.waba_info).waba_id,
        ban_state: ban.ban_state,
        ban_date: ban.ban_date,
        restrictions: restrictions.into_iter().filter_map(restriction).collect(),
        violation: PartOf::read(wire.violation_info).violation,
        disconnection: PartOf::read(wire.disconnection_info).reason,
    })
}

/// What one nested object says.
#[derive(Default)]
struct PartOf {
    waba_id: Option<WabaId>,
    ban_state: Option<String>,
    ban_date: Option<String>,
    violation: Option<String>,
    reason: Option<String>,
}

impl PartOf {
    fn read(loose: Option<Loose<'_>>) -> Self {
        let part = loose.and_then(Loose::object::<Part<'_>>).unwrap_or_default();
        // One of Meta's samples has a list of one state.
        let ban_state = part.waba_ban_state.map(Loose::items).unwrap_or_default();
        Self {
            waba_id: text(part.waba_id).and_then(|id| id.parse().ok()),
            ban_state: text(ban_state.into_iter().next()),
            ban_date: text(part.waba_ban_date),
            violation: text(part.violation_type),
            reason: text(part.reason),
        }
    }
}

fn restriction(item: Loose<'_>) -> Option<Restriction> {
    let part: Part<'_> = item.object()?;
    let until = part.expiration.and_then(Loose::text).and_then(|text| loose::instant(&text));
    Some(Restriction { kind: text(part.restriction_type)?, until })
}
