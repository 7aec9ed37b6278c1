//! The query string of the list of messages.

use domain::ids::MessageId;
use domain::recipient::Recipient;
use store::messages::Filter;

use super::{DEFAULT_LIMIT, before, each, instant, limit, pluses, read, unknown};
use crate::error::ApiError;

const NAMES: &str = "limit, cursor, status, from, to, lane, created_from, created_until";

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
pub(crate) fn page(query: &str) -> Result<Page, ApiError> {
    let mut page = Page { filter: Filter::default(), limit: DEFAULT_LIMIT };
    each(query, |name, value| take(&mut page, name, value))?;
    Ok(page)
}

fn take(page: &mut Page, name: &str, value: &str) -> Result<(), String> {
    let filter = &mut page.filter;
    match name {
        "limit" => page.limit = limit(value)?,
        "cursor" => filter.before = Some(MessageId::from_uuid(before(value)?)),
        "status" => filter.status = Some(read(value)?),
        "from" => filter.phone_number_id = Some(read(value)?),
        "to" => {
            let recipient = Recipient::parse(&pluses(value)).map_err(|error| error.to_string())?;
            filter.recipient = Some(recipient.as_text().to_owned());
        }
        "lane" => filter.lane = Some(read(value)?),
        "created_from" => filter.created_from = Some(instant(value)?),
        "created_until" => filter.created_until = Some(instant(value)?),
        _ => return Err(unknown(NAMES)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(query: &str) -> Vec<String> {
        match page(query) {
            Err(ApiError::WrongParameters(faults)) => {
                faults.into_iter().filter_map(|fault| fault.parameter).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_asks_for_the_newest_fifty() {
        let page = page("").unwrap();

        assert_eq!(page.limit, 50);
        assert!(page.filter.before.is_none());
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        assert_eq!(
            wrong("limit=0&status=read&lane=fast&from=x&to=12&created_from=now&cursor=!&page=2"),
            ["limit", "status", "lane", "from", "to", "created_from", "cursor", "page"],
        );
        assert_eq!(wrong("limit=201"), ["limit"]);
        assert_eq!(wrong("limit=5&limit=6"), ["limit"]);
    }

    #[test]
    fn an_unescaped_plus_is_understood() {
        let page = page("to=+14155552671&created_from=2026-01-01T02:00:00+02:00").unwrap();

        assert_eq!(page.filter.recipient.as_deref(), Some("+14155552671"));
        assert_eq!(page.filter.created_from.unwrap().to_rfc3339(), "2026-01-01T00:00:00+00:00");
    }
}
