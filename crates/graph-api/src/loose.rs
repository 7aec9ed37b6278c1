//! Scalars that Meta writes now as text, now as a number.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// Any JSON value, read as late as possible and never through a float.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(crate) struct Loose<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Loose<'a> {
    /// The text of a string, or the digits of a number as they stand; nothing else is text.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let raw = self.0.get();
        match raw.as_bytes().first()? {
            b'"' => string(raw),
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(raw)),
            _ => None,
        }
    }

    /// A whole number, written as a number or as text.
    pub(crate) fn integer<N: FromStr>(self) -> Option<N> {
        self.text()?.trim().parse().ok()
    }

    /// The value as it came.
    pub(crate) fn raw(self) -> &'a RawValue {
        self.0
    }

    /// The value as an object with the fields of `T`; `None` for any other type.
    pub(crate) fn object<T: Deserialize<'a>>(self) -> Option<T> {
        // Lists must not pass for objects, as they do for serde's derived structs.
        if !self.0.get().starts_with('{') {
            return None;
        }
        serde_json::from_str(self.0.get()).ok()
    }

    /// The items of a list; anything else instead of a list is its only item.
    pub(crate) fn items(self) -> Vec<Self> {
        if self.0.get().starts_with('[') {
            serde_json::from_str(self.0.get()).unwrap_or_default()
        } else {
            vec![self]
        }
    }

    /// Whether [`Loose::items`] has any, without reading them.
    pub(crate) fn has_items(self) -> bool {
        let list = self.0.get().strip_prefix('[');
        list.is_none_or(|items| !items.trim_ascii_start().starts_with(']'))
    }
}

/// A string without escapes is a slice of the body; only the others are copied.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The earliest instant that a webhook can tell of: WhatsApp did not exist before 2009. Facts are
/// merged towards the earlier one, so a nonsense time must not get in.
const EARLIEST_SECOND: i64 = 1_230_768_000;
/// The year 2100, for the same reason.
const LATEST_SECOND: i64 = 4_102_444_800;

/// An instant from Unix seconds (what Meta documents), milliseconds or microseconds.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let whole = text.trim().split('.').next()?;
    let number: i64 = whole.parse().ok()?;
    let instant = match number {
        EARLIEST_SECOND..LATEST_SECOND => DateTime::from_timestamp(number, 0),
        _ => None,
    };
    instant
        .or_else(|| within(DateTime::from_timestamp_millis(number)?))
        .or_else(|| within(DateTime::from_timestamp_micros(number)?))
}

fn within(instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (EARLIEST_SECOND..LATEST_SECOND).contains(&instant.timestamp()).then_some(instant)
}

/// `text` without NUL, which PostgreSQL cannot store, and of at most `limit` characters.
pub(crate) fn storable(text: &str, limit: usize) -> String {
    text.chars().filter(|character| *character != '\0').take(limit).collect()
}

/// Reads a text field of an answer; any other JSON than text or a number counts as absent, so that
/// one odd field never hides the rest of the answer.
pub(crate) fn optional_text<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// Reads a whole number of an answer, written as a number or as text; else absent.
pub(crate) fn optional_integer<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: FromStr,
{
    Ok(optional_text(deserializer)?.and_then(|text| text.trim().parse().ok()))
}

/// Reads a yes or no of an answer, written as a boolean, as text or as 0 and 1; else absent.
pub(crate) fn optional_flag<'de, D>(deserializer: D) -> Result<Option<bool>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => Some(flag),
        Value::String(text) if matches!(text.as_str(), "true" | "1") => Some(true),
        Value::String(text) if matches!(text.as_str(), "false" | "0") => Some(false),
        Value::Number(number) if number.as_u64() == Some(1) => Some(true),
        Value::Number(number) if number.as_u64() == Some(0) => Some(false),
        Value::Null | Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    })
}

/// Reads a yes or no of an answer; what is not said is no.
pub(crate) fn flag<'de, D>(deserializer: D) -> Result<bool, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(optional_flag(deserializer)?.unwrap_or(false))
}

/// Reads that a text is there, and not what it says.
pub(crate) fn optional_mark<'de, D>(deserializer: D) -> Result<Option<()>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(optional_text(deserializer)?.filter(|text| !text.is_empty()).map(|_| ()))
}

/// Reads a list of texts or numbers; other items are left out, and no list is an empty one.
pub(crate) fn texts<'de, D>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(optional_texts(deserializer)?.unwrap_or_default())
}

/// Like [`texts`], but tells no list from an empty one.
pub(crate) fn optional_texts<'de, D>(deserializer: D) -> Result<Option<Vec<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let Value::Array(items) = Value::deserialize(deserializer)? else { return Ok(None) };
    let text = |item| match item {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    Ok(Some(items.into_iter().filter_map(text).collect()))
}

/// Reads a list of objects; other items are left out, and no list is an empty one.
pub(crate) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(optional_objects(deserializer)?.unwrap_or_default())
}

/// Like [`objects`], but tells no list from an empty one.
pub(crate) fn optional_objects<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let Value::Array(items) = Value::deserialize(deserializer)? else { return Ok(None) };
    let objects = items.into_iter().filter(Value::is_object);
    Ok(Some(objects.filter_map(|item| serde_json::from_value(item).ok()).collect()))
}

/// Reads an object of an answer; anything else counts as absent.
pub(crate) fn optional_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(value.is_object().then(|| serde_json::from_value(value).ok()).flatten())
}

/// Reads a part of an answer that may have any shape; an unreadable one counts as absent.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(json: &str) -> Loose<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn numbers_and_strings_read_alike() {
        for json in ["131049", "\"131049\"", "\" 131049 \""] {
            assert_eq!(loose(json).integer(), Some(131_049_i32), "{json}");
        }
        for json in ["null", "true", "[]", "{}", "\"x\"", "1.5"] {
            assert_eq!(loose(json).integer::<i32>(), None, "{json}");
        }
    }

    #[test]
    fn a_long_id_written_as_a_number_keeps_all_its_digits() {
        let digits = "12345678901234567890123456789012";

        assert_eq!(loose(digits).text().as_deref(), Some(digits));
    }

    #[test]
    fn escapes_are_decoded_and_a_broken_escape_is_no_text() {
        assert_eq!(loose(r#""caf\u00e9""#).text().as_deref(), Some("café"));
        assert_eq!(loose(r#""\ud800""#).text(), None);
    }

    #[test]
    fn seconds_milliseconds_and_microseconds_name_the_same_instant() {
        let expected = DateTime::from_timestamp(1_790_000_005, 0);

        for text in ["1790000005", "1790000005.7", "1790000005000", "1790000005000000"] {
            assert_eq!(instant(text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_that_cannot_be_is_none() {
        for text in ["", "0", "-1", "now", "99999999999999999999", "9223372036854775807", "1e9"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
