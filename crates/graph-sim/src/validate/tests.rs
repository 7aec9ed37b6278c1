use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scenario::OpenNumber;

fn number() -> NumberSpec {
    OpenNumber::default().number("200")
}

fn checked(body: &Value) -> Result<Command, GraphError> {
    check(body.to_string().as_bytes(), &number(), &Scenario::default())
}

fn message(kind: &str, content: &Value) -> Value {
    json!({"messaging_product": "whatsapp", "to": "+14155550101", "type": kind, kind: content})
}

fn code(kind: &str, content: &Value) -> i32 {
    checked(&message(kind, content)).map_or_else(|error| error.code, |_| 0)
}

fn templates() -> Scenario {
    let templates = json!({"templates": [
        {"name": "order_ready", "language": "en_US", "category": "marketing", "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hi {{1}}, order {{2}}"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}, {"type": "URL", "url": "https://x.test/{{1}}"}]}]},
        {"name": "named", "language": "en", "parameter_format": "NAMED", "components": [
            {"type": "BODY", "text": "Hi {{first_name}}"}]},
        {"name": "paused", "language": "en", "status": "PAUSED"},
        {"name": "disabled", "language": "en", "status": "DISABLED"},
        {"name": "pending", "language": "en", "status": "PENDING"}]});
    Scenario::parse(templates.to_string().as_bytes()).unwrap()
}

fn template_code(name: &str, language: &str, components: &Value) -> i32 {
    let template = json!({"name": name, "language": {"code": language}, "components": components});
    let body = message("template", &template).to_string();
    check(body.as_bytes(), &number(), &templates()).map_or_else(|error| error.code, |_| 0)
}

#[test]
fn a_message_is_understood() {
    let mut body = message("text", &json!({"body": "Hello", "preview_url": false}));
    body["biz_opaque_callback_data"] = json!("t7:1");

    let Ok(Command::Send(send)) = checked(&body) else { panic!("refused") };

    assert_eq!(send.to, To::Phone("14155550101".to_owned()));
    assert_eq!(
        (send.kind, send.category, send.opaque.as_deref()),
        ("text", "service", Some("t7:1"))
    );
}

#[test]
fn every_free_form_type_passes_when_it_is_right() {
    let contact = json!([{"name": {"formatted_name": "Ada L", "first_name": "Ada"}, "phones": [{"phone": "+1"}]}]);
    for (kind, content) in [
        ("text", json!({"body": "x".repeat(4_096)})),
        ("image", json!({"id": "1", "caption": "x"})),
        ("video", json!({"link": "https://x.test/v.mp4"})),
        ("audio", json!({"id": 12, "voice": true})),
        ("document", json!({"id": "1", "filename": "a.pdf"})),
        ("sticker", json!({"id": "1"})),
        ("location", json!({"latitude": "51.5", "longitude": -0.1, "name": "here"})),
        ("contacts", contact),
        ("reaction", json!({"message_id": "wamid.x", "emoji": ""})),
    ] {
        assert_eq!(code(kind, &content), 0, "{kind}");
    }
}

#[test]
fn what_is_missing_wrong_or_too_long_has_its_own_code() {
    for (kind, content, expected) in [
        ("text", json!({}), 131_008),
        ("text", json!({"body": "x".repeat(4_097)}), 100),
        ("text", json!({"body": 7}), 100),
        ("text", json!("hello"), 100),
        ("image", json!({}), 131_008),
        ("image", json!({"id": "1", "link": "https://x.test"}), 131_009),
        ("image", json!({"link": "ftp://x.test"}), 131_009),
        ("image", json!({"id": "1", "caption": "x".repeat(1_025)}), 100),
        ("audio", json!({"id": "1", "caption": "x"}), 100),
        ("location", json!({"latitude": 91, "longitude": 0}), 131_009),
        ("location", json!({"latitude": 1}), 131_008),
        ("contacts", json!([]), 131_009),
        ("contacts", json!([{"name": {"formatted_name": "Ada"}}]), 131_009),
        ("reaction", json!({"message_id": "wamid.x"}), 131_008),
        ("poll", json!({}), 100),
    ] {
        assert_eq!(code(kind, &content), expected, "{kind} {content}");
    }
}

#[test]
fn the_envelope_is_checked() {
    for (body, expected) in [
        (json!({}), 100),
        (json!({"messaging_product": "telegram"}), 100),
        (json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}), 131_008),
        (json!({"messaging_product": "whatsapp", "to": "home", "text": {"body": "x"}}), 131_009),
        (
            json!({"messaging_product": "whatsapp", "to": "+15550001111", "text": {"body": "x"}}),
            131_021,
        ),
        (
            json!({"messaging_product": "whatsapp", "recipient": "nobody", "text": {"body": "x"}}),
            131_009,
        ),
        (
            json!({"messaging_product": "whatsapp", "to": "+14155550101", "recipient_type": "crowd"}),
            100,
        ),
        (json!({"messaging_product": "whatsapp", "to": "+14155550101", "type": "text"}), 131_008),
        (
            json!({"messaging_product": "whatsapp", "to": "+14155550101", "text": {"body": "x"},
            "biz_opaque_callback_data": "x".repeat(513)}),
            100,
        ),
    ] {
        assert_eq!(checked(&body).map_or_else(|error| error.code, |_| 0), expected, "{body}");
    }
}

#[test]
fn a_person_may_be_named_by_an_id_and_a_number_wins_over_it() {
    let mut body =
        json!({"messaging_product": "whatsapp", "recipient": "US.1A2B3C", "text": {"body": "x"}});
    let Ok(Command::Send(by_id)) = checked(&body) else { panic!("refused") };
    body["to"] = json!("+14155550101");
    let Ok(Command::Send(by_number)) = checked(&body) else { panic!("refused") };

    assert_eq!(by_id.to, To::User("US.1A2B3C".to_owned()));
    assert_eq!(by_number.to, To::Phone("14155550101".to_owned()));
}

#[test]
fn marking_as_read_is_a_command_of_its_own() {
    let body = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN=",
        "typing_indicator": {"type": "text"}});

    assert_eq!(checked(&body), Ok(Command::MarkRead { message_id: "wamid.IN=".to_owned() }));
}

#[test]
fn interactive_messages_keep_their_limits() {
    let button = |title: &str| json!({"type": "reply", "reply": {"id": title, "title": title}});
    let reply = |buttons: Value| json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}});
    let rows = |count: usize| -> Value {
        (0..count)
            .map(|row| json!({"id": row.to_string(), "title": "row"}))
            .collect::<Vec<_>>()
            .into()
    };
    let list = |sections: Value| json!({"type": "list", "body": {"text": "?"}, "action": {"button": "Choose", "sections": sections}});
    for (content, expected) in [
        (reply(json!([button("Yes"), button("No"), button("Later")])), 0),
        (reply(json!([])), 131_009),
        (reply(json!([button("1"), button("2"), button("3"), button("4")])), 131_009),
        (reply(json!([button("Yes"), button("Yes")])), 131_009),
        (reply(json!([button(&"x".repeat(21))])), 131_009),
        (json!({"type": "button", "action": {"buttons": [button("Yes")]}}), 131_008),
        (list(json!([{"rows": rows(10)}])), 0),
        (list(json!([{"rows": rows(11)}])), 131_009),
        (list(json!([{"title": "a", "rows": rows(1)}, {"rows": rows(1)}])), 131_008),
        (
            json!({"type": "cta_url", "body": {"text": "?"}, "action": {"name": "cta_url",
            "parameters": {"display_text": "Open", "url": "https://x.test"}}}),
            0,
        ),
        (
            json!({"type": "location_request_message", "body": {"text": "?"}, "action": {"name": "send_location"}}),
            0,
        ),
        (
            json!({"type": "flow", "body": {"text": "?"}, "action": {"name": "flow",
            "parameters": {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Go"}}}),
            0,
        ),
        (
            json!({"type": "flow", "body": {"text": "?"}, "action": {"name": "flow",
            "parameters": {"flow_message_version": "3", "flow_cta": "Go"}}}),
            131_009,
        ),
        (json!({"type": "quiz", "body": {"text": "?"}, "action": {}}), 100),
    ] {
        assert_eq!(code("interactive", &content), expected, "{content}");
    }
}

#[test]
fn any_template_of_the_right_shape_passes_when_none_is_listed() {
    let otp = json!({"name": "otp", "language": {"code": "en"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "123456"}]}]});

    assert_eq!(code("template", &otp), 0);
    assert_eq!(code("template", &json!({"name": "otp"})), 131_008);
    assert_eq!(code("template", &json!({"language": {"code": "en"}})), 131_008);
}

#[test]
fn a_listed_template_is_held_against_the_send() {
    let header = json!({"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]});
    let body = |texts: &[&str]| {
        let texts: Vec<Value> =
            texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
        json!({"type": "body", "parameters": texts})
    };
    let button = json!({"type": "button", "sub_type": "url", "index": 1, "parameters": [{"type": "text", "text": "a"}]});
    let named = |name: &str| json!([{"type": "body", "parameters": [{"type": "text", "parameter_name": name, "text": "Ada"}]}]);
    for (name, language, components, expected) in [
        ("order_ready", "en_US", json!([header, body(&["Ada", "A-17"]), button]), 0),
        ("order_ready", "en_US", json!([header, body(&["Ada"]), button]), 132_000),
        ("order_ready", "en_US", json!([body(&["Ada", "A-17"]), button]), 132_012),
        ("order_ready", "en_US", json!([header, body(&["Ada", "A\n17"]), button]), 132_012),
        ("order_ready", "en_US", json!([header, body(&["Ada", "A-17"])]), 131_008),
        ("order_ready", "en", json!([]), 132_001),
        ("unknown", "en", json!([]), 132_001),
        ("pending", "en", json!([]), 132_001),
        ("paused", "en", json!([]), 132_015),
        ("disabled", "en", json!([]), 132_016),
        ("named", "en", named("first_name"), 0),
        ("named", "en", named("name"), 132_012),
    ] {
        assert_eq!(template_code(name, language, &components), expected, "{name} {components}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop_oneof![
        Just("whatsapp"),
        Just("to"),
        Just("type"),
        Just("text"),
        Just("template"),
        Just("interactive"),
        Just("components"),
        Just("parameters"),
        Just("body"),
        Just("action"),
        Just("button"),
        Just("language"),
        Just("code"),
        Just("name"),
        Just("messaging_product"),
        Just("contacts"),
        Just("sections"),
        Just("é\u{0}"),
    ]
    .prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        Just(json!("+14155550101")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = check(&bytes, &number(), &templates());
    }

    #[test]
    fn no_json_makes_it_panic(kind in prop::sample::select(TYPES), content in any_json(), to in ".{0,20}") {
        let body = json!({"messaging_product": "whatsapp", "to": to, "type": kind, kind: content});
        let _ = check(body.to_string().as_bytes(), &number(), &templates());
    }
}
