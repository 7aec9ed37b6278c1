//! The query string of the audit log.

use domain::ids::AuditId;
use store::audit::{Actor, Filter};

use super::{DEFAULT_LIMIT, before, each, instant, limit, unknown};
use crate::error::ApiError;

const NAMES: &str = "limit, cursor, action, actor_kind, subject, since, until";

/// Longer than any action or id.
const LONGEST: usize = 200;

/// Reads a query string: which lines, and how many.
///
/// # Errors
/// `WrongParameters` with all that are wrong.
pub(crate) fn page(query: &str) -> Result<(Filter, usize), ApiError> {
    let (mut filter, mut lines) = (Filter::default(), DEFAULT_LIMIT);
    each(query, |name, value| {
        match name {
            "limit" => lines = limit(value)?,
            "cursor" => filter.before = Some(AuditId::from_uuid(before(value)?)),
            "action" => filter.action = Some(word(value)?),
            "actor_kind" => filter.actor_kind = Some(kind(value)?),
            "subject" => filter.subject = Some(word(value)?),
            "since" => filter.since = Some(instant(value)?),
            "until" => filter.until = Some(instant(value)?),
            _ => return Err(unknown(NAMES)),
        }
        Ok(())
    })?;
    Ok((filter, lines))
}

fn word(value: &str) -> Result<String, String> {
    let fits = (1..=LONGEST).contains(&value.len()) && !value.contains(char::is_control);
    if fits { Ok(value.to_owned()) } else { Err(format!("must have 1 to {LONGEST} characters")) }
}

fn kind(value: &str) -> Result<String, String> {
    if Actor::KINDS.contains(&value) {
        return Ok(value.to_owned());
    }
    Err(format!("must be one of {}", Actor::KINDS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_parameter_is_named() {
        let query = "limit=0&cursor=!&action=&actor_kind=root&subject=%00&since=now&until=x&page=2";
        let Err(ApiError::WrongParameters(faults)) = page(query) else { panic!() };

        let named: Vec<_> = faults.into_iter().filter_map(|fault| fault.parameter).collect();
        assert_eq!(
            named,
            ["limit", "cursor", "action", "actor_kind", "subject", "since", "until", "page"]
        );
    }

    #[test]
    fn nothing_asks_for_the_newest_fifty() {
        let (filter, limit) = page("").unwrap();

        assert_eq!(limit, 50);
        assert!(filter.before.is_none() && filter.action.is_none());
    }
}
