use proptest::prelude::*;
use serde_json::json;

use super::*;

fn notification() -> EnqueueNotification {
    EnqueueNotification {
        tenant: "acme".to_owned(),
        idempotency_key: Some("order-7".to_owned()),
        body: json!({
            "from": "106540352242922",
            "to": "+14155550100",
            "lane": "urgent",
            "on_unknown": "retry",
            "expires_at": "2026-01-02T03:04:05Z",
            "biz_opaque_callback_data": "7",
            "text": {"body": "Hello"},
        }),
    }
}

#[test]
fn the_bytes_of_a_notification_never_change() {
    let golden = b"\x0a\x04acme\
                   \x12\x07order-7\
                   \x1a\x0f106540352242922\
                   \x22\x0c+14155550100\
                   \x30\x01\
                   \x38\x02\
                   \x42\x06\x08\xa5\xeb\xdc\xca\x06\
                   \x52\x017\
                   \x5a\x19{\"text\":{\"body\":\"Hello\"}}";
    assert_eq!(
        notification().encode().escape_ascii().to_string(),
        golden.escape_ascii().to_string()
    );
    assert_eq!(EnqueueNotification::decode(golden), Ok(notification()));
}

#[test]
fn both_forms_end_in_the_same_value() {
    let notification = notification();

    let from_protobuf = decode_notify(Some(PROTOBUF), &notification.encode());
    let from_json = decode_notify(Some(JSON), &notification.encode_json());

    assert_eq!(from_protobuf, Ok(notification.clone()));
    assert_eq!(from_json, Ok(notification));
}

#[test]
fn without_a_known_content_type_the_first_byte_decides() {
    let notification = notification();

    for content_type in [None, Some(""), Some("text/plain")] {
        assert_eq!(decode_notify(content_type, &notification.encode()), Ok(notification.clone()));
        assert_eq!(
            decode_notify(content_type, &notification.encode_json()),
            Ok(notification.clone()),
        );
    }
}

#[test]
fn a_content_type_may_have_parameters_and_capitals() {
    let notification = notification();

    let spaced = [b"  ", &notification.encode_json()[..]].concat();
    let decoded = decode_notify(Some("Application/JSON; charset=utf-8"), &spaced);

    assert_eq!(decoded, Ok(notification));
}

#[test]
fn a_field_given_twice_is_refused_by_name() {
    let wire = wire::EnqueueNotification {
        tenant: "acme".to_owned(),
        to: "+14155550100".to_owned(),
        message_json: r#"{"to":"+14155550101"}"#.to_owned(),
        ..Default::default()
    };

    let error = EnqueueNotification::decode(&wire.encode_to_vec()).unwrap_err();

    assert_eq!(error, ContractError::Twice { field: "to" });
}

#[test]
fn a_notification_without_tenant_or_message_is_refused_by_name() {
    let no_tenant = EnqueueNotification { tenant: String::new(), ..notification() };
    let no_message = wire::EnqueueNotification { tenant: "acme".to_owned(), ..Default::default() };

    let missing_tenant = Err(ContractError::Missing { field: "tenant" });
    assert_eq!(EnqueueNotification::decode(&no_tenant.encode()), missing_tenant);
    assert_eq!(EnqueueNotification::decode_json(&no_tenant.encode_json()), missing_tenant);
    assert_eq!(
        EnqueueNotification::decode(&no_message.encode_to_vec()),
        Err(ContractError::Missing { field: "message_json" }),
    );
}

#[test]
fn a_field_from_a_later_version_is_ignored_in_protobuf() {
    let later = [&notification().encode()[..], b"\x9a\x06\x02hi"].concat();

    assert_eq!(EnqueueNotification::decode(&later), Ok(notification()));
}

#[test]
fn a_lane_of_a_later_version_is_refused_not_guessed() {
    let wire = wire::EnqueueNotification {
        tenant: "acme".to_owned(),
        lane: 9,
        message_json: "{}".to_owned(),
        ..Default::default()
    };

    let error = EnqueueNotification::decode(&wire.encode_to_vec()).unwrap_err();

    assert_eq!(error.to_string(), "field lane must be urgent, normal or bulk");
}

#[test]
fn an_impossible_instant_is_refused() {
    let wire = wire::EnqueueNotification {
        tenant: "acme".to_owned(),
        expires_at: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
        message_json: "{}".to_owned(),
        ..Default::default()
    };

    let error = EnqueueNotification::decode(&wire.encode_to_vec()).unwrap_err();

    assert!(matches!(error, ContractError::Invalid { field: "expires_at", .. }), "{error}");
}

#[test]
fn no_error_shows_content() {
    let bodies: [&[u8]; 4] = [
        br#"{"tenant":"acme","to":"+14155550100""#,
        br#"{"tenant":14155550100}"#,
        br#"["14155550100"]"#,
        b"\x0a\xff14155550100",
    ];
    for body in bodies {
        for content_type in [PROTOBUF, JSON] {
            let error = decode_notify(Some(content_type), body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("1415"), "{error:?}");
        }
    }
    assert!(!format!("{:?}", notification()).contains("1415"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_field() -> impl Strategy<Value = (String, Value)> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "from",
            "to",
            "recipient",
            "lane",
            "on_unknown",
            "expires_at",
            "not_before",
            "biz_opaque_callback_data",
            "type",
            "text",
        ])
        .prop_map(str::to_owned),
        "[a-z_]{1,12}",
    ];
    let value = prop_oneof![
        any_json(),
        prop::sample::select(vec![
            "",
            "bulk",
            "fail",
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.25Z",
            "2026-01-02T03:04:05.250000Z",
            "2026-01-02T04:04:05+01:00",
            "2016-12-31T23:59:60Z",
        ])
        .prop_map(Value::from),
    ];
    (name, value)
}

prop_compose! {
    fn any_notification()(
        tenant in ".+",
        idempotency_key in prop::option::of(".+"),
        fields in prop::collection::vec(any_field(), 0..10),
    ) -> EnqueueNotification {
        let mut object: Map<String, Value> = fields.into_iter().collect();
        object.remove("tenant");
        object.remove("idempotency_key");
        EnqueueNotification { tenant, idempotency_key, body: Value::Object(object) }
    }
}

proptest! {
    #[test]
    fn every_notification_reads_back_as_itself_in_both_forms(notification in any_notification()) {
        prop_assert_eq!(EnqueueNotification::decode(&notification.encode()), Ok(notification.clone()));
        prop_assert_eq!(
            EnqueueNotification::decode_json(&notification.encode_json()),
            Ok(notification),
        );
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(content_type: Option<String>, bytes: Vec<u8>) {
        let _ = decode_notify(content_type.as_deref(), &bytes);
        let _ = decode_notify(Some(JSON), &bytes);
        let _ = decode_notify(Some(PROTOBUF), &bytes);
    }

    #[test]
    fn no_damage_makes_the_decoder_panic(
        notification in any_notification(),
        at: usize,
        byte: u8,
    ) {
        for encoded in [notification.encode(), notification.encode_json()] {
            let mut damaged = encoded.to_vec();
            let index = at % damaged.len();
            damaged[index] = byte;

            let _ = decode_notify(None, &damaged);
        }
    }
}
