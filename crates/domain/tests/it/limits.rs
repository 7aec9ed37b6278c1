//! A text of exactly its limit is taken, one character more is refused at its own place. Characters
//! are counted, not bytes.

use domain::content;
use serde_json::{Value, json};

/// Puts a text of `length` characters, several bytes each, into the only `"{}"` of a message.
fn filled(message: &Value, length: usize) -> Value {
    let text = "ש".repeat(length);
    serde_json::from_str(&message.to_string().replace("{}", &text)).unwrap()
}

fn interactive(kind: &str, body: &str, rest: &Value) -> Value {
    let mut interactive = json!({"type": kind, "body": {"text": body}});
    interactive.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    json!({"interactive": interactive})
}

fn button(id: &str, title: &str) -> Value {
    json!({"action": {"buttons": [{"type": "reply", "reply": {"id": id, "title": title}}]}})
}

fn list(button: &str, section: &str, id: &str, title: &str, description: &str) -> Value {
    json!({"action": {"button": button, "sections": [{"title": section, "rows": [
        {"id": id, "title": title, "description": description}]}]}})
}

fn cases() -> Vec<(Value, usize, &'static str)> {
    let link = |text: &str| {
        json!({"action": {"name": "cta_url",
            "parameters": {"display_text": text, "url": "https://a.b"}}})
    };
    let flow = json!({"action": {"name": "flow", "parameters": {
        "flow_message_version": "3", "flow_id": "1", "flow_cta": "{}"}}});
    let template = |component: &Value| json!({"template": {"name": "n", "language": {"code": "en"}, "components": [component]}});
    let coupon = json!({"type": "button", "sub_type": "copy_code", "index": 0, "parameters": [
        {"type": "coupon_code", "coupon_code": "{}"}]});
    let text = json!({"type": "body", "parameters": [{"type": "text", "text": "{}"}]});
    let mut footer = link("d");
    footer["footer"] = json!({"text": "{}"});
    let mut header = link("d");
    header["header"] = json!({"type": "text", "text": "{}"});
    vec![
        (json!({"text": {"body": "{}"}}), 4096, "/text/body"),
        (json!({"image": {"id": "1", "caption": "{}"}}), 1024, "/image/caption"),
        (json!({"video": {"id": "1", "caption": "{}"}}), 1024, "/video/caption"),
        (json!({"document": {"id": "1", "caption": "{}"}}), 1024, "/document/caption"),
        (interactive("button", "{}", &button("1", "t")), 1024, "/interactive/body/text"),
        (
            interactive("button", "b", &button("{}", "t")),
            256,
            "/interactive/action/buttons/0/reply/id",
        ),
        (
            interactive("button", "b", &button("1", "{}")),
            20,
            "/interactive/action/buttons/0/reply/title",
        ),
        (interactive("list", "{}", &list("o", "s", "1", "t", "d")), 4096, "/interactive/body/text"),
        (
            interactive("list", "b", &list("{}", "s", "1", "t", "d")),
            20,
            "/interactive/action/button",
        ),
        (
            interactive("list", "b", &list("o", "{}", "1", "t", "d")),
            24,
            "/interactive/action/sections/0/title",
        ),
        (
            interactive("list", "b", &list("o", "s", "{}", "t", "d")),
            200,
            "/interactive/action/sections/0/rows/0/id",
        ),
        (
            interactive("list", "b", &list("o", "s", "1", "{}", "d")),
            24,
            "/interactive/action/sections/0/rows/0/title",
        ),
        (
            interactive("list", "b", &list("o", "s", "1", "t", "{}")),
            72,
            "/interactive/action/sections/0/rows/0/description",
        ),
        (
            interactive("cta_url", "b", &link("{}")),
            20,
            "/interactive/action/parameters/display_text",
        ),
        (interactive("cta_url", "b", &footer), 60, "/interactive/footer/text"),
        (interactive("cta_url", "b", &header), 60, "/interactive/header/text"),
        (interactive("flow", "b", &flow), 30, "/interactive/action/parameters/flow_cta"),
        (template(&coupon), 20, "/template/components/0/parameters/0/coupon_code"),
        (template(&text), 32_768, "/template/components/0/parameters/0/text"),
    ]
}

#[test]
fn a_text_of_its_limit_is_taken_and_one_character_more_is_refused() {
    for (message, limit, pointer) in cases() {
        let taken = content::parse(&filled(&message, limit));
        let errors = content::parse(&filled(&message, limit + 1)).unwrap_err();

        assert!(taken.is_ok(), "{pointer}: {taken:?}");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].pointer, pointer);
        assert_eq!(errors[0].detail, format!("must have at most {limit} characters"));
    }
}

#[test]
fn a_list_of_its_limit_is_taken_and_one_entry_more_is_refused() {
    let contact = json!({"name": {"formatted_name": "A", "first_name": "A"}});
    let contacts = |count: usize| json!({"contacts": vec![contact.clone(); count]});

    assert!(content::parse(&contacts(257)).is_ok());
    let errors = content::parse(&contacts(258)).unwrap_err();
    assert_eq!((errors[0].pointer.as_str(), errors.len()), ("/contacts", 1));
    assert_eq!(errors[0].detail, "must have 1 to 257 entries");
}
