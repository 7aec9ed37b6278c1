//! A request to send: Meta's message object and the fields beside it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::enqueue::send_body;
use domain::enqueue::{DEFAULT_LIFE, DEFAULT_LIFE_URGENT, Enqueue, LONGEST_LIFE, MessageObject};
use domain::ids::MessageId;
use domain::lane::{Lane, OnUnknown};
use serde_json::{Value, json};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 123_456_789).unwrap()
}

fn request(fields: &Value) -> Value {
    let mut request = json!({"from": "106540352242922", "to": "+14155550101",
        "text": {"body": "Hello"}});
    for (key, value) in fields.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

fn pointers(request: &Value) -> Vec<String> {
    match Enqueue::parse(request, now()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.pointer).collect(),
    }
}

#[test]
fn a_request_with_only_the_necessary_gets_the_defaults() {
    let enqueue = Enqueue::parse(&request(&json!({})), now()).unwrap();

    assert_eq!(enqueue.from.as_str(), "106540352242922");
    assert_eq!(enqueue.recipient.as_text(), "+14155550101");
    assert_eq!((enqueue.lane, enqueue.on_unknown), (Lane::Normal, OnUnknown::Hold));
    assert_eq!(enqueue.expires_at.timestamp(), (now() + DEFAULT_LIFE).timestamp());
    assert_eq!(enqueue.expires_at.timestamp_subsec_nanos(), 123_456_000);
    assert_eq!((enqueue.not_before, enqueue.client_data), (None, None));
}

#[test]
fn the_urgent_lane_lives_short_and_retries() {
    let enqueue = Enqueue::parse(&request(&json!({"lane": "urgent"})), now()).unwrap();

    assert_eq!((enqueue.lane, enqueue.on_unknown), (Lane::Urgent, OnUnknown::Retry));
    assert_eq!(enqueue.expires_at.timestamp(), (now() + DEFAULT_LIFE_URGENT).timestamp());
}

#[test]
fn a_payload_of_the_cloud_api_is_taken_as_it_stands() {
    let whole = request(&json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "type": "text",
        "context": {"message_id": "wamid.AAA="}, "biz_opaque_callback_data": "t7:1",
        "recipient_identity_key_hash": "h=", "from": 106_540_352_242_922_u64,
        "on_unknown": "fail", "lane": "bulk",
    }));

    let enqueue = Enqueue::parse(&whole, now()).unwrap();

    assert_eq!(enqueue.from.as_str(), "106540352242922");
    assert_eq!(enqueue.client_data.as_deref(), Some("t7:1"));
    assert_eq!(enqueue.message.reply_to.as_ref().unwrap().as_str(), "wamid.AAA=");
    assert_eq!((enqueue.lane, enqueue.on_unknown), (Lane::Bulk, OnUnknown::Fail));
}

#[test]
fn every_wrong_field_is_told_at_its_place() {
    let cases = [
        (json!({"from": null}), "/from"),
        (json!({"from": "+14155550101"}), "/from"),
        (json!({"from": 1.5}), "/from"),
        (json!({"from": -1}), "/from"),
        (json!({"to": null}), "/to"),
        (json!({"to": "054-123-4567"}), "/to"),
        (json!({"to": 14_155_550_101_u64}), "/to"),
        (json!({"to": null, "recipient": "+14155550101"}), "/recipient"),
        (json!({"messaging_product": "sms"}), "/messaging_product"),
        (json!({"recipient_type": "group"}), "/recipient_type"),
        (json!({"recipient_type": "crowd"}), "/recipient_type"),
        (json!({"type": "image"}), "/image"),
        (json!({"text": {"body": ""}}), "/text/body"),
        (json!({"context": {}}), "/context/message_id"),
        (json!({"context": {"message_id": ""}}), "/context/message_id"),
        (json!({"context": {"message_id": "a", "from": "b"}}), "/context/from"),
        (json!({"lane": "slow"}), "/lane"),
        (json!({"on_unknown": 1}), "/on_unknown"),
        (json!({"category": "utility"}), "/category"),
        (json!({"messaging_account_id": "1"}), "/messaging_account_id"),
        (json!({"biz_opaque_callback_data": "x".repeat(513)}), "/biz_opaque_callback_data"),
        (json!({"subject": "x"}), "/subject"),
        (json!({"text": {"body": "a\u{0}b"}}), "/text/body"),
        (json!({"biz_opaque_callback_data": "\u{0}"}), "/biz_opaque_callback_data"),
    ];
    for (fields, pointer) in cases {
        let wrong = request(&fields);
        let told = pointers(&wrong);
        assert!(told.contains(&pointer.to_owned()), "{pointer} is not among {told:?}");
    }
    assert_eq!(pointers(&json!("text")), [""]);
    assert_eq!(pointers(&json!({})), ["/from", "/to", "/type"]);
    assert!(pointers(&request(&json!({"biz_opaque_callback_data": "é".repeat(512)}))).is_empty());
}

#[test]
fn the_phone_number_wins_over_the_business_scoped_id() {
    let both = request(&json!({"recipient": "US.1A2B"}));
    let only_id = request(&json!({"to": null, "recipient": "US.1A2B"}));

    assert_eq!(Enqueue::parse(&both, now()).unwrap().recipient.as_text(), "+14155550101");
    assert_eq!(Enqueue::parse(&only_id, now()).unwrap().recipient.as_text(), "US.1A2B");
}

#[test]
fn a_reaction_is_no_reply() {
    let reaction = json!({"from": "1", "to": "+14155550101", "context": {"message_id": "wamid.A"},
        "reaction": {"message_id": "wamid.A", "emoji": "👍"}});

    assert_eq!(pointers(&reaction), ["/context"]);
}

#[test]
fn a_deadline_lies_in_the_future_and_within_thirty_days() {
    let latest = now() + LONGEST_LIFE;
    let seconds = now().timestamp();
    let taken = [
        json!((now() + TimeDelta::seconds(1)).to_rfc3339()),
        json!(latest.to_rfc3339()),
        json!(seconds + 1),
        json!("2026-09-22T10:00:00+03:00"),
    ];
    for expires_at in taken {
        let request = request(&json!({"expires_at": expires_at}));
        assert!(pointers(&request).is_empty(), "{expires_at}");
    }
    let refused = [
        json!(now().to_rfc3339()),
        json!((latest + TimeDelta::seconds(1)).to_rfc3339()),
        json!(seconds),
        json!(0),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1.5),
        json!("tomorrow"),
        json!("2026-09-22T10:00:00"),
        json!(true),
    ];
    for expires_at in refused {
        let request = request(&json!({"expires_at": expires_at}));
        assert_eq!(pointers(&request), ["/expires_at"], "{expires_at}");
    }
}

#[test]
fn a_schedule_lies_before_the_deadline_and_moves_the_default_one() {
    let due = DateTime::from_timestamp(now().timestamp() + 3600, 0).unwrap();
    let at = |due: DateTime<Utc>| json!({"not_before": due.to_rfc3339()});

    let scheduled = Enqueue::parse(&request(&at(due)), now()).unwrap();
    assert_eq!(scheduled.not_before, Some(due));
    assert_eq!(scheduled.expires_at, due + DEFAULT_LIFE);

    let past = Enqueue::parse(&request(&at(now() - TimeDelta::days(1))), now()).unwrap();
    assert_eq!(past.not_before, None);

    let late = at(now() + LONGEST_LIFE + TimeDelta::seconds(1));
    assert_eq!(pointers(&request(&late)), ["/not_before"]);
    let mut crossed = at(due);
    crossed["expires_at"] = json!(due.timestamp());
    assert_eq!(pointers(&request(&crossed)), ["/not_before"]);
}

#[test]
fn meta_gets_the_plus_the_recipient_and_our_own_id() {
    let message_id = MessageId::at(now());
    let whole = request(&json!({"context": {"message_id": "wamid.A"},
        "recipient_identity_key_hash": "h=", "to": "1 415 555 0101",
        "biz_opaque_callback_data": "the caller's own"}));
    let enqueue = Enqueue::parse(&whole, now()).unwrap();

    let body = enqueue.message.send_body(&enqueue.recipient, message_id);

    let wanted = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+14155550101",
        "type": "text", "text": {"body": "Hello"}, "context": {"message_id": "wamid.A"},
        "recipient_identity_key_hash": "h=", "biz_opaque_callback_data": message_id.to_string(),
    });
    assert_eq!(body, wanted);
    let to_id = send_body(&enqueue.message.to_json(), "US.1A2B", message_id);
    assert_eq!((&to_id["recipient"], to_id.get("to")), (&json!("US.1A2B"), None));
}

#[test]
fn what_is_stored_reads_back_as_the_same_message() {
    for content in crate::accepted::messages() {
        let mut whole = json!({"from": "1", "to": "+14155550101",
            "recipient_identity_key_hash": "h="});
        whole.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        let message = Enqueue::parse(&whole, now()).unwrap().message;

        assert!(MessageObject::from_stored(&message.to_json()).unwrap() == message, "{content}");
    }
}

#[test]
fn debug_output_shows_neither_the_recipient_nor_the_message() {
    let whole = request(&json!({"biz_opaque_callback_data": "secret", "text": {"body": "secret"}}));

    let shown = format!("{:?}", Enqueue::parse(&whole, now()).unwrap());

    assert!(!shown.contains("secret") && !shown.contains("4155550101"), "{shown}");
}
