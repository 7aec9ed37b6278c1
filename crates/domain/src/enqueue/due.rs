use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::Value;

use crate::field::Object;
use crate::lane::Lane;

/// How long a message of the urgent lane lives when its request does not say: as long as Meta
/// itself tries to deliver a one-time password.
pub const DEFAULT_LIFE_URGENT: TimeDelta = TimeDelta::minutes(10);

/// How long any other message lives when its request does not say.
pub const DEFAULT_LIFE: TimeDelta = TimeDelta::days(7);

/// The latest `expires_at`, from now: as long as Meta itself tries to deliver.
pub const LONGEST_LIFE: TimeDelta = TimeDelta::days(30);

/// Takes `not_before` and `expires_at`; errors are noted in the object. A `not_before` in the past
/// means at once. A default life begins when the message is due.
pub(super) fn take(
    object: &mut Object<'_>,
    lane: Lane,
    now: DateTime<Utc>,
) -> (Option<DateTime<Utc>>, DateTime<Utc>) {
    let latest = now + LONGEST_LIFE;
    let not_before = instant(object, "not_before").filter(|due| *due > now);
    let life = if lane == Lane::Urgent { DEFAULT_LIFE_URGENT } else { DEFAULT_LIFE };
    let expires_at = match instant(object, "expires_at") {
        Some(at) if at <= now => {
            object.refuse("expires_at", "must be in the future");
            latest
        }
        Some(at) if at > latest => {
            object.refuse("expires_at", "must be at most 30 days ahead");
            latest
        }
        Some(at) => at,
        None => not_before.unwrap_or(now).checked_add_signed(life).unwrap_or(latest).min(latest),
    };
    if not_before.is_some_and(|due| due >= expires_at) {
        object.refuse("not_before", "must be before expires_at and at most 30 days ahead");
    }
    (not_before, expires_at.trunc_subsecs(6))
}

fn instant(object: &mut Object<'_>, key: &str) -> Option<DateTime<Utc>> {
    let instant = match object.raw(key)? {
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        Value::Number(seconds) => {
            seconds.as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        }
        _ => None,
    };
    if instant.is_none() {
        object.refuse(key, "must be a time: RFC 3339 text or whole Unix seconds");
    }
    instant.map(|at| at.trunc_subsecs(6))
}
