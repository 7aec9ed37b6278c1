//! Whatever a caller sends, the answer is a value or a list of errors, never a panic.

use chrono::{DateTime, Utc};
use domain::enqueue::Enqueue;
use domain::recipient::Recipient;
use domain::{content, field};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// Words of the language, so that random bodies get past the first look.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "type",
            "text",
            "body",
            "image",
            "link",
            "id",
            "interactive",
            "action",
            "button",
            "buttons",
            "reply",
            "title",
            "template",
            "name",
            "language",
            "code",
            "components",
            "parameters",
            "sub_type",
            "index",
            "carousel",
            "cards",
            "card_index",
            "from",
            "to",
            "contacts",
            "location",
            "latitude",
            "longitude",
            "context",
            "message_id",
            "header",
            "expires_at",
            "not_before",
            "lane",
            "list",
            "sections",
            "rows",
            "en",
            "0",
            "url",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((word(), inner), 0..6)
                .prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

/// A good message in which one place holds something else.
fn damaged() -> impl Strategy<Value = Value> {
    let messages = proptest::sample::select(crate::accepted::messages());
    (messages, any::<prop::sample::Index>(), any_json()).prop_map(|(mut message, place, other)| {
        let places = places(&message, &field::Pointer::ROOT);
        let pointer = &places[place.index(places.len())];
        *message.pointer_mut(pointer.as_str()).unwrap() = other;
        message
    })
}

fn places(value: &Value, at: &field::Pointer) -> Vec<field::Pointer> {
    let inner: Vec<field::Pointer> = match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, field)| places(field, &at.key(key))).collect()
        }
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(i, entry)| places(entry, &at.index(i))).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(at.clone()).chain(inner).collect()
}

/// A pointer leads to a field that exists, or to one that is missing in an object that exists.
fn leads_somewhere(body: &Value, pointer: &str) -> bool {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    body.pointer(pointer).is_some() || body.pointer(parent).is_some_and(Value::is_object)
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(body in any_json()) {
        let _ = Enqueue::parse(&body, now());
        let _ = content::parse(&body);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(body) = serde_json::from_slice(&bytes) {
            let _ = Enqueue::parse(&body, now());
        }
    }

    #[test]
    fn any_text_is_a_recipient_or_none(text in ".{0,40}") {
        if let Ok(recipient) = Recipient::parse(&text) {
            prop_assert_eq!(Recipient::parse(recipient.as_text()), Ok(recipient));
        }
    }

    #[test]
    fn a_damaged_message_is_refused_with_places_that_exist_or_reads_back_as_itself(
        message in damaged(),
    ) {
        match content::parse(&message) {
            Ok(content) => {
                let again = content::parse(&content.to_json()).unwrap();
                prop_assert!(again == content);
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(leads_somewhere(&message, &error.pointer), "{error} in {message}");
                    prop_assert!(!error.detail.is_empty());
                }
            }
        }
    }
}
