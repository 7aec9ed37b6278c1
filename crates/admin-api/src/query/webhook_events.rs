//! The query string of the list of webhook POSTs.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::EventId;
use store::webhook_events::Filter;

use super::{DEFAULT_LIMIT, before, each, instant, limit, read, unknown};
use crate::error::ApiError;

const NAMES: &str = "limit, cursor, since, until, signature, kind, connection_id";

/// The words by which POSTs are routed.
const KINDS: [&str; 6] = ["statuses", "messages", "account", "none", "unparsed", "rejected"];

/// How far a list goes back when the request does not say.
const A_DAY: TimeDelta = TimeDelta::hours(24);

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
}

/// Reads a query string.
///
/// # Errors
/// `WrongParameters` with all that are wrong.
pub(crate) fn page(query: &str, now: DateTime<Utc>) -> Result<Page, ApiError> {
    let mut page = Page { filter: Filter::default(), limit: DEFAULT_LIMIT };
    each(query, |name, value| take(&mut page, name, value))?;
    let filter = &mut page.filter;
    filter.since = filter.since.or(Some(filter.until.unwrap_or(now) - A_DAY));
    Ok(page)
}

fn take(page: &mut Page, name: &str, value: &str) -> Result<(), String> {
    let filter = &mut page.filter;
    match name {
        "limit" => page.limit = limit(value)?,
        "cursor" => filter.before = Some(EventId::from_uuid(before(value)?)),
        "since" => filter.since = Some(instant(value)?),
        "until" => filter.until = Some(instant(value)?),
        "signature" => filter.standing = Some(read(value)?),
        "kind" => filter.kind = Some(kind(value)?),
        "connection_id" => filter.connection_id = Some(read(value)?),
        _ => return Err(unknown(NAMES)),
    }
    Ok(())
}

fn kind(value: &str) -> Result<String, String> {
    let known = KINDS.contains(&value).then(|| value.to_owned());
    known.ok_or_else(|| format!("must be one of {}", KINDS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asks_for_the_last_day() {
        let now = DateTime::from_timestamp_secs(1_790_000_000).unwrap();

        let filter = page("", now).unwrap().filter;

        assert_eq!((filter.since, filter.until), (Some(now - A_DAY), None));
        let earlier = page("until=2026-01-02T00:00:00Z", now).unwrap().filter;
        assert_eq!(earlier.since.unwrap().to_rfc3339(), "2026-01-01T00:00:00+00:00");
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let query =
            "limit=0&cursor=!&since=now&until=x&signature=good&kind=all&connection_id=7&a=b";
        let Err(ApiError::WrongParameters(faults)) = page(query, DateTime::UNIX_EPOCH) else {
            panic!()
        };

        let named: Vec<_> = faults.into_iter().filter_map(|fault| fault.parameter).collect();
        assert_eq!(
            named,
            ["limit", "cursor", "since", "until", "signature", "kind", "connection_id", "a"],
        );
    }
}
