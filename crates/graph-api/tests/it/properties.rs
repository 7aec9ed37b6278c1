//! Laws of the parser for every body, however odd.

use graph_api::error::{ApiFailure, explain};
use graph_api::webhook::{Item, ItemKind, Poison, Status, parse, routing_words};
use graph_api::wire::{
    ErrorResponse, HealthStatus, IssuedToken, MessageTemplate, Page, PhoneNumber, SubscribedApp,
    TokenInfoResponse, Waba,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Keys and words with a meaning to the parser, so that random trees get deep into it.
const WORDS: &[&str] = &[
    "entry",
    "id",
    "changes",
    "field",
    "value",
    "messages",
    "statuses",
    "errors",
    "metadata",
    "phone_number_id",
    "status",
    "timestamp",
    "failed",
    "read",
    "code",
    "error_data",
    "details",
    "type",
    "from",
    "pricing",
    "category",
    "1790000000",
    "1\u{0}",
    "é\u{0}",
    "",
];

fn word() -> impl Strategy<Value = String> {
    proptest::sample::select(WORDS).prop_map(ToOwned::to_owned)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((word(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// An object with the parts that Meta's answers have, their contents random.
fn any_answer() -> impl Strategy<Value = Value> {
    const PARTS: &[&str] = &[
        "data",
        "paging",
        "error",
        "health_status",
        "entities",
        "granular_scopes",
        "target_ids",
        "scopes",
        "components",
        "quality_score",
        "throughput",
        "expires_at",
        "is_valid",
        "id",
        "access_token",
        "owner_business_info",
        "code",
        "message",
        "is_pin_enabled",
        "cursors",
    ];
    let part = || proptest::sample::select(PARTS).prop_map(ToOwned::to_owned);
    let inner = prop_oneof![
        any_json(),
        proptest::collection::btree_map(part(), any_json(), 0..6)
            .prop_map(|parts| Value::Object(parts.into_iter().collect())),
    ];
    let answer = proptest::collection::btree_map(part(), inner, 0..8)
        .prop_map(|parts| Value::Object(parts.into_iter().collect()));
    prop_oneof![answer, any_json()]
}

/// A value with the lists that a `messages` change has, their items random.
fn any_value() -> impl Strategy<Value = Value> {
    let list = || proptest::collection::vec(prop_oneof![any_json(), any_status()], 0..4);
    (list(), list(), any_json()).prop_map(|(statuses, messages, errors)| {
        json!({
            "metadata": {"phone_number_id": "200"},
            "statuses": statuses, "messages": messages, "errors": errors,
        })
    })
}

fn any_status() -> impl Strategy<Value = Value> {
    (word(), any_json(), any_json()).prop_map(|(word, errors, extra)| {
        json!({
            "id": "wamid.X=", "status": word, "timestamp": "1790000000", "errors": errors,
            "biz_opaque_callback_data": extra,
        })
    })
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![any_json(), any_value()];
    let change = (prop_oneof![Just("messages"), Just("flows")], value)
        .prop_map(|(field, value)| json!({"field": field, "value": value}));
    let changes = proptest::collection::vec(prop_oneof![change, any_json()], 0..4);
    let envelope = changes.prop_map(|changes| json!({"entry": [{"id": "1", "changes": changes}]}));
    prop_oneof![envelope, any_json()].prop_map(|body| body.to_string().into_bytes())
}

/// What of an item is kept in a row.
fn kept_texts(item: &Result<Item, Poison>) -> Vec<String> {
    match item {
        Ok(Item { kind: ItemKind::Status(update), .. }) => {
            let words = match &update.status {
                Status::Failed { title, detail, .. } => vec![title.clone(), detail.clone()],
                Status::Other(word) => vec![word.clone()],
                Status::Sent | Status::Delivered | Status::Read | Status::Played => Vec::new(),
            };
            [words, update.opaque.iter().cloned().collect()].concat()
        }
        Ok(_) => Vec::new(),
        Err(poison) => vec![poison.pointer.clone(), poison.detail.clone()],
    }
}

fn holds_the_laws(body: &[u8]) -> Result<(), TestCaseError> {
    let (webhook, words) = (parse(body), routing_words(body));
    prop_assert_eq!(webhook.is_ok(), words.is_some());
    let (Ok(webhook), Some(words)) = (webhook, words) else { return Ok(()) };
    for item in &webhook.items {
        match item.as_ref().map(|item| &item.kind) {
            Ok(ItemKind::Status(_)) => prop_assert!(words.statuses),
            Ok(ItemKind::Message(_)) => prop_assert!(words.messages),
            Ok(ItemKind::Error(_)) => prop_assert!(words.account),
            Ok(ItemKind::Field { .. }) | Err(_) => prop_assert!(words.key() != "none"),
        }
        prop_assert!(kept_texts(item).iter().all(|text| !text.contains('\0')));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_have_an_answer(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        holds_the_laws(&body)?;
    }

    #[test]
    fn any_json_of_known_words_has_an_answer(body in any_body()) {
        holds_the_laws(&body)?;
    }

    #[test]
    fn a_cut_or_flipped_body_has_an_answer(
        body in any_body(), cut in any::<prop::sample::Index>(), flip in 0..=255_u8,
    ) {
        let mut body = body;
        let place = cut.index(body.len());
        body[place] ^= flip;
        holds_the_laws(&body)?;
        holds_the_laws(&body[..place])?;
    }

    #[test]
    fn good_statuses_are_all_found_whatever_stands_between_them(
        others in proptest::collection::vec(any_json(), 0..12),
    ) {
        let good = json!({"id": "wamid.GOOD=", "status": "read", "timestamp": "1790000000"});
        let count = others.len() + 1;
        let mut statuses = vec![good.clone()];
        for other in others {
            statuses.extend([other, good.clone()]);
        }
        let value = json!({"metadata": {"phone_number_id": "200"}, "statuses": statuses});
        let change = json!({"field": "messages", "value": value});
        let body = json!({"entry": [{"id": "1", "changes": [change]}]});

        let items = parse(body.to_string().as_bytes()).unwrap().items;

        let found = items.iter().flatten().filter(|item| {
            matches!(&item.kind, ItemKind::Status(update) if update.wamid.as_str() == "wamid.GOOD=")
        });
        prop_assert_eq!(found.count(), count);
        prop_assert_eq!(items.len(), statuses.len());
    }

    #[test]
    fn any_answer_to_a_management_call_is_read_or_refused(body in any_answer()) {
        let body = body.to_string();
        // A list may pass for any of them; the client takes objects alone.
        let read = [
            serde_json::from_str::<PhoneNumber>(&body).is_ok(),
            serde_json::from_str::<Waba>(&body).is_ok(),
            serde_json::from_str::<HealthStatus>(&body).is_ok(),
            serde_json::from_str::<Page<MessageTemplate>>(&body).is_ok(),
            serde_json::from_str::<Page<SubscribedApp>>(&body).is_ok(),
            serde_json::from_str::<TokenInfoResponse>(&body).is_ok(),
        ];
        let is_list = !body.starts_with('{');
        prop_assert!(is_list || read.iter().all(|read| *read));
        let _: Result<IssuedToken, _> = serde_json::from_str(&body);
        if let Ok(refusal) = serde_json::from_str::<ErrorResponse>(&body) {
            let told = explain(&refusal.error.into_failure(400));
            prop_assert!(!told.cause.is_empty() && !told.remedy.is_empty());
        }
    }

    #[test]
    fn any_failure_is_explained(
        status in any::<Option<u16>>(), code in any::<Option<i32>>(),
        subcode in any::<Option<i32>>(), title in any::<String>(),
    ) {
        let detail = format!("Object with ID '{title}");
        let failure =
            ApiFailure { http_status: status, code, subcode, title, detail, ..ApiFailure::default() };
        let told = explain(&failure);
        prop_assert!(!told.cause.is_empty() && !told.remedy.is_empty());
    }
}
