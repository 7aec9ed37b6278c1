//! Rules that several kinds of content share, in the form that garde's `custom` takes.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use crate::lane::UnknownWord;

use super::error::FieldError;
use super::pointer::Pointer;

/// A list of `min` to `max` entries.
pub(crate) fn entries<T>(min: usize, max: usize) -> impl Fn(&Vec<T>, &()) -> garde::Result {
    move |list, ()| {
        ensure((min..=max).contains(&list.len()), || format!("must have {min} to {max} entries"))
    }
}

/// A text that can only be `word`.
pub(crate) fn exactly(word: &'static str) -> impl Fn(&String, &()) -> garde::Result {
    move |text, ()| ensure(text == word, || format!("must be {word}"))
}

/// The first of two fields, `names`, of which exactly one must be there.
pub(crate) fn one_of_two<'a, T, U>(
    names: &'static str,
    other: &'a Option<U>,
) -> impl Fn(&Option<T>, &()) -> garde::Result + 'a {
    move |one, ()| {
        ensure(one.is_some() != other.is_some(), || format!("exactly one of {names} is required"))
    }
}

/// An absolute http or https URL.
pub(crate) fn http_url(text: &str, _: &()) -> garde::Result {
    let is_http = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    ensure(is_http, || "must be an absolute http or https URL".to_owned())
}

/// A list in which no two entries have the same `key`, called `what` in the error.
pub(crate) fn distinct<T, K: Ord>(
    what: &'static str,
    key: impl Fn(&T) -> K,
) -> impl Fn(&Vec<T>, &()) -> garde::Result {
    move |list, ()| {
        let keys: BTreeSet<K> = list.iter().map(&key).collect();
        ensure(keys.len() == list.len(), || format!("no two entries may have the same {what}"))
    }
}

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> garde::Result {
    if holds { Ok(()) } else { Err(garde::Error::new(otherwise())) }
}

/// Every string and field name that contains U+0000, which no text column can store.
pub(crate) fn no_nul(value: &Value, at: &Pointer) -> Vec<FieldError> {
    let refused = |at: &Pointer| FieldError::new(at, "must not contain the character U+0000");
    match value {
        Value::String(text) if text.contains('\0') => vec![refused(at)],
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(i, entry)| no_nul(entry, &at.index(i))).collect()
        }
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, _)| key.contains('\0').then(|| refused(at)))
            .chain(fields.iter().flat_map(|(key, field)| no_nul(field, &at.key(key))))
            .collect(),
        _ => Vec::new(),
    }
}

/// Reads a word in any case of letters: Meta's pages write some words in both.
pub(crate) fn any_case<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr<Err = UnknownWord>,
    D: Deserializer<'de>,
{
    String::deserialize(from)?.to_ascii_lowercase().parse().map_err(D::Error::custom)
}
