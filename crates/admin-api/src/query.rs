//! Query strings of lists: every parameter is one that the list has, stands there once, and says
//! something that is allowed there.

pub(crate) mod audit;
pub(crate) mod messages;
pub(crate) mod webhook_events;

use std::fmt::Display;
use std::str::FromStr;

use actix_web::web::Query;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::cursor;
use crate::error::ApiError;
use crate::problem::Fault;

/// How many rows a page holds when the request does not say.
pub(crate) const DEFAULT_LIMIT: usize = 50;

/// The most rows of a page.
const LARGEST_LIMIT: usize = 200;

/// A page's rows and where the next page begins, of rows that were read up to one more than
/// `limit`: whether there is one more tells whether there is a next page.
pub(crate) fn cut<T>(
    mut rows: Vec<T>,
    limit: usize,
    id: impl FnOnce(&T) -> Uuid,
) -> (Vec<T>, Option<String>) {
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| !is_last).map(|last| cursor::encode(id(last)));
    (rows, next)
}

/// How many rows to read for [`cut`].
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Hands each parameter's name and value to `take`.
///
/// # Errors
/// `WrongParameters` with all that `take` refuses, or that stand there twice.
pub(crate) fn each(
    query: &str,
    mut take: impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), ApiError> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| ApiError::WrongParameters(vec![fault("", "cannot be read")]))?;
    let (mut seen, mut faults) = (Vec::new(), Vec::new());
    for (name, value) in pairs.into_inner() {
        let taken = if seen.contains(&name) {
            Err("must stand there once".to_owned())
        } else {
            take(&name, &value)
        };
        if let Err(detail) = taken {
            faults.push(fault(&name, detail));
        }
        seen.push(name);
    }
    if faults.is_empty() { Ok(()) } else { Err(ApiError::WrongParameters(faults)) }
}

fn fault(name: &str, detail: impl Into<String>) -> Fault {
    let parameter = name.chars().take(100).collect();
    Fault { pointer: None, parameter: Some(parameter), detail: detail.into() }
}

/// What is said of a parameter that the list does not have.
pub(crate) fn unknown(names: &str) -> String {
    format!("is not a parameter of this list; its parameters are {names}")
}

/// The parameter `limit`.
pub(crate) fn limit(value: &str) -> Result<usize, String> {
    match value.parse() {
        Ok(limit) if (1..=LARGEST_LIMIT).contains(&limit) => Ok(limit),
        Ok(_) | Err(_) => Err(format!("must be a whole number from 1 to {LARGEST_LIMIT}")),
    }
}

/// The parameter `cursor`.
pub(crate) fn before(value: &str) -> Result<Uuid, String> {
    cursor::decode(value).ok_or_else(|| "must be the `next` of an earlier page".to_owned())
}

/// A word or an id.
pub(crate) fn read<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

/// An instant, not before 1970: ids hold no earlier ones.
pub(crate) fn instant(value: &str) -> Result<DateTime<Utc>, String> {
    let instant = DateTime::parse_from_rfc3339(&pluses(value))
        .map_err(|_| "must be a time in the form of RFC 3339, such as 2026-01-02T03:04:05Z")?;
    Ok(instant.to_utc().max(DateTime::UNIX_EPOCH))
}

/// A plus that nobody escaped arrives as a space; neither a phone number nor a time has one.
fn pluses(value: &str) -> String {
    value.replace(' ', "+")
}
