use std::borrow::Cow;
use std::fmt;

use domain::field::{FieldError, Pointer};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ApiError;

/// The most messages of one batch.
const MOST_ITEMS: usize = 1_000;

/// How many unknown fields are told of at most.
const MOST_UNKNOWN: usize = 10;

/// The items of a batch body `{"messages": […]}`, each still as text: what is wrong with one is
/// not the fault of the others.
///
/// # Errors
/// `UnreadableJson` when the whole is not JSON, `WrongFields` when it is something else than a list
/// of 1 to 1,000 items.
pub(crate) fn items(body: &[u8]) -> Result<Vec<&RawValue>, ApiError> {
    let read: Body<'_> = serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ApiError::field("", "must be an object"),
        _ => ApiError::unreadable(&error),
    })?;
    let mut faults: Vec<FieldError> = read.unknown.iter().map(|key| unknown(key)).collect();
    let at = Pointer::ROOT.key("messages");
    match read.messages {
        Messages::Missing => faults.push(FieldError::new(&at, "is required")),
        Messages::NoList => faults.push(FieldError::new(&at, "must be a list")),
        Messages::List { count: 1..=MOST_ITEMS, items } if faults.is_empty() => return Ok(items),
        Messages::List { count: 1..=MOST_ITEMS, .. } => {}
        Messages::List { .. } => {
            faults.push(FieldError::new(&at, format!("must have 1 to {MOST_ITEMS} entries")));
        }
    }
    Err(ApiError::WrongFields(faults))
}

fn unknown(key: &str) -> FieldError {
    FieldError::new(&Pointer::ROOT.key(key), "is not a field of a batch; its field is messages")
}

#[derive(Default)]
struct Body<'a> {
    messages: Messages<'a>,
    unknown: Vec<String>,
}

/// The field `messages`. Never more than the first thousand items are kept, however many there are.
#[derive(Default)]
enum Messages<'a> {
    #[default]
    Missing,
    NoList,
    List {
        count: usize,
        items: Vec<&'a RawValue>,
    },
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut body = Body::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "messages" {
                body.messages = messages(map.next_value()?)?;
                continue;
            }
            map.next_value::<IgnoredAny>()?;
            if body.unknown.len() < MOST_UNKNOWN {
                body.unknown.push(key.chars().take(100).collect());
            }
        }
        Ok(body)
    }
}

fn messages<E: Error>(value: &RawValue) -> Result<Messages<'_>, E> {
    if !value.get().starts_with('[') {
        return Ok(Messages::NoList);
    }
    let mut deserializer = serde_json::Deserializer::from_str(value.get());
    deserializer.deserialize_seq(ItemsVisitor).map_err(E::custom)
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Messages<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut count, mut items) = (0, Vec::new());
        while let Some(item) = list.next_element::<&RawValue>()? {
            count += 1;
            if count <= MOST_ITEMS {
                items.push(item);
            }
        }
        Ok(Messages::List { count, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(body: &str) -> Vec<String> {
        match items(body.as_bytes()) {
            Err(ApiError::WrongFields(fields)) => {
                fields.into_iter().map(|field| field.pointer).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_item_is_left_as_it_came() {
        let items = items(br#"{"messages": [{"a": 1}, 7, "x"]}"#).unwrap();

        let texts: Vec<&str> = items.into_iter().map(RawValue::get).collect();
        assert_eq!(texts, [r#"{"a": 1}"#, "7", r#""x""#]);
    }

    #[test]
    fn anything_but_a_list_of_one_to_a_thousand_is_refused_with_its_place() {
        let many = format!(r#"{{"messages": [{}1]}}"#, "1,".repeat(MOST_ITEMS));

        assert_eq!(pointers("[]"), [""]);
        assert_eq!(pointers("7"), [""]);
        assert_eq!(pointers("{}"), ["/messages"]);
        assert_eq!(pointers(r#"{"messages": {}}"#), ["/messages"]);
        assert_eq!(pointers(r#"{"messages": []}"#), ["/messages"]);
        assert_eq!(pointers(&many), ["/messages"]);
        assert_eq!(pointers(r#"{"messages": [1], "other": [2]}"#), ["/other"]);
    }

    #[test]
    fn what_is_no_json_is_told_by_line_and_column() {
        let error = items(b"{\"messages\":\n [1,}").unwrap_err();

        let ApiError::UnreadableJson { line, column, .. } = error else { panic!("{error:?}") };
        assert_eq!((line, column), (2, 5));
    }
}
