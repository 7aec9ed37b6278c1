use std::time::Duration;

use actix_web::web::Query;

use crate::error::ApiError;
use crate::problem::Fault;

/// How long a caller waits for Meta's answer at most, and when it says no time, seconds.
const LONGEST_S: u64 = 30;

const ALLOWED: &str = "must be true, false or a number of seconds from 1 to 30";

/// How long the caller wants to wait for Meta's answer: `wait` in the query string; `None` when it
/// does not.
///
/// # Errors
/// `WrongParameters`.
pub(crate) fn patience(query: &str) -> Result<Option<Duration>, ApiError> {
    let wrong = |name: &str, detail: &str| {
        let parameter = Some(name.chars().take(100).collect());
        ApiError::WrongParameters(vec![Fault { pointer: None, parameter, detail: detail.into() }])
    };
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| wrong("", "cannot be read"))?
        .into_inner();
    let value = match pairs.as_slice() {
        [] => return Ok(None),
        [(name, value)] if name == "wait" => value.as_str(),
        [(name, _)] if name != "wait" => {
            return Err(wrong(name, "is not a parameter here; the only one is wait"));
        }
        _ => return Err(wrong("wait", "must stand there once and alone")),
    };
    match (value, value.parse()) {
        ("true", _) => Ok(Some(Duration::from_secs(LONGEST_S))),
        ("false", _) => Ok(None),
        (_, Ok(seconds @ 1..=LONGEST_S)) => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(wrong("wait", ALLOWED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bounded_time_is_waited_for() {
        let seconds = |query| patience(query).unwrap().map(|time| time.as_secs());

        assert_eq!(seconds(""), None);
        assert_eq!(seconds("wait=false"), None);
        assert_eq!(seconds("wait=true"), Some(30));
        assert_eq!(seconds("wait=7"), Some(7));
        for query in ["wait=0", "wait=31", "wait=-1", "wait=", "wait=1&wait=2", "until=1"] {
            assert!(patience(query).is_err(), "{query}");
        }
    }
}
