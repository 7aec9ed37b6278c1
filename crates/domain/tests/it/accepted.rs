//! Every kind of message that Meta takes is taken here, and written back as Meta wants it.

use domain::content;
use serde_json::{Value, json};

/// Messages that come back exactly as they were written.
pub(crate) fn messages() -> Vec<Value> {
    let contents = [free_form(), buttons_and_lists(), requests(), commerce(), templates()];
    contents.into_iter().flatten().collect()
}

fn free_form() -> Vec<Value> {
    vec![
        json!({"type": "text", "text": {"body": "Hello", "preview_url": false}}),
        json!({"type": "text", "text": {"body": "שלום مرحبا 👋🏽"}}),
        json!({"type": "image", "image": {"id": "9001", "caption": "A house"}}),
        json!({"type": "image", "image": {"link": "https://example.com/a.jpg?x=1"}}),
        json!({"type": "video", "video": {"link": "http://example.com/a.mp4", "caption": "c"}}),
        json!({"type": "audio", "audio": {"id": "9002", "voice": true}}),
        json!({"type": "document", "document": {"id": "9003", "caption": "c", "filename": "a.pdf"}}),
        json!({"type": "sticker", "sticker": {"id": "9004"}}),
        json!({"type": "location", "location": {
            "latitude": 32.08, "longitude": -34.78, "name": "Office", "address": "1 Main St"}}),
        json!({"type": "contacts", "contacts": [{
            "name": {"formatted_name": "Ada Lovelace", "first_name": "Ada"},
            "phones": [{"phone": "+1 (650) 555-1234", "type": "CELL", "wa_id": "16505551234"}],
            "emails": [{"email": "ada@example.com", "type": "WORK"}],
            "addresses": [{"street": "1 Hacker Way", "city": "Menlo Park", "state": "CA",
                "zip": "94025", "country": "United States", "country_code": "us", "type": "HOME"}],
            "org": {"company": "Engines", "department": "Analysis", "title": "Countess"},
            "urls": [{"url": "https://example.com", "type": "WORK"}],
            "birthday": "1815-12-10"}]}),
        json!({"type": "reaction", "reaction": {"message_id": "wamid.AAA=", "emoji": "👨‍👩‍👧‍👦"}}),
        json!({"type": "reaction", "reaction": {"message_id": "wamid.AAA=", "emoji": ""}}),
    ]
}

fn interactive(interactive: &Value) -> Value {
    json!({"type": "interactive", "interactive": interactive})
}

fn buttons_and_lists() -> Vec<Value> {
    let headers = [
        json!({"type": "text", "text": "Head", "sub_text": "Below"}),
        json!({"type": "image", "image": {"id": "1"}}),
        json!({"type": "video", "video": {"link": "https://example.com/a.mp4"}}),
        json!({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}),
    ];
    let with_header = headers.iter().map(|header| {
        interactive(&json!({"type": "button", "header": header, "body": {"text": "Choose"},
            "footer": {"text": "Foot"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "a", "title": "Yes"}},
                {"type": "reply", "reply": {"id": "b", "title": "No"}}]}}))
    });
    let others = [
        json!({"type": "list", "header": {"type": "text", "text": "Head"},
            "body": {"text": "Choose"}, "action": {"button": "Open", "sections": [
                {"title": "One", "rows": [{"id": "1", "title": "A", "description": "first"}]},
                {"title": "Two", "rows": [{"id": "2", "title": "B"}]}]}}),
        json!({"type": "cta_url", "body": {"text": "Look"}, "action": {"name": "cta_url",
            "parameters": {"display_text": "Open", "url": "https://example.com/x"}}}),
        json!({"type": "carousel", "body": {"text": "Look"}, "action": {"cards": [
            {"card_index": 0, "type": "cta_url",
                "header": {"type": "image", "image": {"link": "https://example.com/a.jpg"}},
                "body": {"text": "one\ntwo\nthree"}, "action": {"name": "cta_url",
                    "parameters": {"display_text": "Open", "url": "https://example.com"}}},
            {"card_index": 1, "type": "cta_url",
                "header": {"type": "video", "video": {"link": "https://example.com/a.mp4"}},
                "action": {"name": "cta_url",
                    "parameters": {"display_text": "Open", "url": "https://example.com"}}}]}}),
        json!({"type": "carousel", "body": {"text": "Look"}, "action": {"cards": [
            quick_reply_card(0), quick_reply_card(1)]}}),
    ];
    with_header.chain(others.iter().map(interactive)).collect()
}

fn quick_reply_card(index: u8) -> Value {
    json!({"card_index": index, "type": "cta_url",
        "header": {"type": "image", "image": {"id": "1"}},
        "action": {"buttons": [
            {"type": "quick_reply", "quick_reply": {"id": "a", "title": "Yes"}}]}})
}

fn requests() -> Vec<Value> {
    let requests = [
        json!({"type": "flow", "body": {"text": "Book"}, "action": {"name": "flow", "parameters": {
            "flow_message_version": "3", "flow_id": "77", "flow_cta": "Book a table",
            "flow_token": "t", "flow_action": "navigate", "mode": "draft",
            "flow_action_payload": {"screen": "FIRST", "data": {"name": null, "n": [1, 2.5]}}}}}),
        json!({"type": "flow", "body": {"text": "Book"}, "action": {"name": "flow", "parameters": {
            "flow_message_version": "3", "flow_name": "book", "flow_cta": "Book",
            "flow_action": "data_exchange"}}}),
        json!({"type": "location_request_message", "body": {"text": "Where?"},
            "action": {"name": "send_location"}}),
        json!({"type": "address_message", "body": {"text": "Where to?"}, "action": {
            "name": "address_message", "parameters": {"country": "IN",
                "values": {"name": "Ada", "in_pin_code": "400063"},
                "saved_addresses": [{"id": "1", "value": {"city": "Mumbai"}}],
                "validation_errors": {"in_pin_code": "no"}}}}),
        json!({"type": "call_permission_request", "body": {"text": "May we?"},
            "action": {"name": "call_permission_request"}}),
        json!({"type": "voice_call", "body": {"text": "Call us"}, "action": {"name": "voice_call",
            "parameters": {"display_text": "Call", "ttl_minutes": 43200, "payload": "p"}}}),
        json!({"type": "request_contact_info", "body": {"text": "Your number?"},
            "action": {"name": "request_contact_info"}}),
    ];
    requests.iter().map(interactive).collect()
}

fn commerce() -> Vec<Value> {
    let product_card = |index: u8| {
        json!({"card_index": index, "type": "product",
            "action": {"catalog_id": "5", "product_retailer_id": "p"}})
    };
    let commerce = [
        json!({"type": "product", "footer": {"text": "f"},
            "action": {"catalog_id": "5", "product_retailer_id": "p"}}),
        json!({"type": "product_list", "header": {"type": "text", "text": "Head"},
            "body": {"text": "b"}, "action": {"catalog_id": "5", "sections": [
                {"title": "s", "product_items": [{"product_retailer_id": "p"}]}]}}),
        json!({"type": "catalog_message", "body": {"text": "b"}, "action": {
            "name": "catalog_message",
            "parameters": {"thumbnail_product_retailer_id": "p"}}}),
        json!({"type": "carousel", "body": {"text": "b"},
            "action": {"cards": [product_card(0), product_card(1)]}}),
        json!({"type": "order_details", "header": {"type": "image", "anything": [1]},
            "body": {"text": "b"}, "action": {"name": "review_and_pay", "parameters": {"x": 1}}}),
        json!({"type": "order_status", "body": {"text": "b"},
            "action": {"name": "review_order", "parameters": {"reference_id": "r"}}}),
    ];
    commerce.iter().map(interactive).collect()
}

fn template(components: &Value) -> Value {
    json!({"type": "template", "template": {
        "name": "order_ready", "language": {"code": "en_US"}, "components": components}})
}

fn templates() -> Vec<Value> {
    let header_parameters = [
        json!({"type": "text", "text": "Ada", "parameter_name": "first_name"}),
        json!({"type": "image", "image": {"id": "1"}}),
        json!({"type": "video", "video": {"id": "1"}}),
        json!({"type": "gif", "gif": {"id": "1"}}),
        json!({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}),
        json!({"type": "location", "location": {"latitude": 1.5, "longitude": 2.5, "name": "n",
            "address": "a"}}),
        json!({"type": "product", "product": {"catalog_id": "5", "product_retailer_id": "p"}}),
    ];
    let headers = header_parameters
        .iter()
        .map(|parameter| template(&json!([{"type": "header", "parameters": [parameter]}])));
    let bare = json!({"type": "template", "template": {
        "name": "hello", "language": {"code": "en", "policy": "deterministic"}}});
    headers.chain([bare, bodies(), buttons(), offer()]).chain(card_templates()).collect()
}

fn bodies() -> Value {
    template(&json!([
        {"type": "body", "parameters": [
            {"type": "text", "text": "Ada"},
            {"type": "currency", "currency": {
                "fallback_value": "$1", "code": "USD", "amount_1000": 1000}},
            {"type": "date_time", "date_time": {
                "fallback_value": "25 December", "year": 2026, "calendar": "GREGORIAN"}}]},
        {"type": "footer", "parameters": [
            {"type": "text", "parameter_name": "a", "text": "x"}]}
    ]))
}

fn buttons() -> Value {
    template(&json!([
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [
            {"type": "payload", "payload": "STOP"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [
            {"type": "text", "text": "A-17"}]},
        {"type": "button", "sub_type": "copy_code", "index": "2", "parameters": [
            {"type": "coupon_code", "coupon_code": "25OFF"}]},
        {"type": "button", "sub_type": "catalog", "index": "3", "parameters": [
            {"type": "action", "action": {"thumbnail_product_retailer_id": "p"}}]},
        {"type": "button", "sub_type": "mpm", "index": "4", "parameters": [
            {"type": "action", "action": {"thumbnail_product_retailer_id": "p", "sections": [
                {"title": "s", "product_items": [{"product_retailer_id": "p"}]}]}}]},
        {"type": "button", "sub_type": "flow", "index": "5", "parameters": [
            {"type": "action", "action": {
                "flow_token": "t", "flow_action_data": {"a": null}}}]},
        {"type": "button", "sub_type": "voice_call", "index": "6", "parameters": [
            {"type": "ttl_minutes", "ttl_minutes": 100},
            {"type": "payload", "payload": "p"}]},
        {"type": "button", "sub_type": "order_details", "index": "7", "parameters": [
            {"type": "action", "action": {"order_details": {"reference_id": "r"}}}]},
        {"type": "button", "sub_type": "request_contact_info", "index": "8"},
        {"type": "button", "sub_type": "spm", "index": "9"}
    ]))
}

fn offer() -> Value {
    template(&json!([
        {"type": "limited_time_offer", "parameters": [{"type": "limited_time_offer",
            "limited_time_offer": {"expiration_time_ms": 1_798_761_600_000_i64}}]},
        {"type": "tap_target_configuration", "parameters": [{"type": "tap_target_configuration",
            "tap_target_configuration": [{"url": "https://example.com", "title": "t"}]}]},
        {"type": "order_status", "parameters": [{"type": "order_status",
            "order_status": {"reference_id": "r", "order": {"status": "shipped"}}}]}
    ]))
}

fn card_templates() -> Vec<Value> {
    let card = |index: u8| {
        json!({"card_index": index, "components": [
            {"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]},
            {"type": "body", "parameters": [{"type": "text", "text": "x"}]},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": [
                {"type": "text", "text": "x"}]}]})
    };
    let ten: Vec<Value> = (0..10).map(card).collect();
    vec![
        template(&json!([{"type": "carousel", "cards": [card(0), card(1)]}])),
        template(&json!([{"type": "carousel", "cards": ten}])),
    ]
}

#[test]
fn every_kind_of_message_is_taken_and_written_back_as_it_was() {
    for message in messages() {
        let content = content::parse(&message).unwrap_or_else(|errors| {
            panic!("{errors:?} in {message}");
        });

        assert_eq!(content.to_json(), message);
        assert_eq!(content.kind(), message["type"]);
    }
}

#[test]
fn reading_what_was_written_gives_the_same_content() {
    for message in messages() {
        let content = content::parse(&message).unwrap();

        assert!(content::parse(&content.to_json()).unwrap() == content, "{message}");
    }
}

#[test]
fn the_type_is_inferred_from_the_only_content_object() {
    for message in messages() {
        let mut without_type = message.clone();
        without_type.as_object_mut().unwrap().remove("type");

        assert_eq!(content::parse(&without_type).unwrap().to_json(), message);
    }
}

#[test]
fn other_ways_to_write_the_same_are_put_into_normal_form() {
    let button = |sub_type: &str, index: Value| {
        template(&json!([{"type": "BUTTON", "sub_type": sub_type, "index": index,
            "parameters": [{"type": "TEXT", "text": "x"}]}]))
    };
    let normal = template(&json!([{"type": "button", "sub_type": "url", "index": "0",
        "parameters": [{"type": "text", "text": "x"}]}]));
    let cases = [
        (button("URL", json!(0)), normal.clone()),
        (button("url", json!("0")), normal),
        (
            json!({"location": {"latitude": "32.5", "longitude": 34, "name": null}}),
            json!({"type": "location", "location": {"latitude": 32.5, "longitude": 34.0}}),
        ),
    ];
    for (written, normal) in cases {
        assert_eq!(content::parse(&written).unwrap().to_json(), normal);
    }
}

#[test]
fn debug_output_shows_nothing_of_a_message() {
    let content = content::parse(&json!({"text": {"body": "secret"}})).unwrap();

    assert_eq!(format!("{content:?}"), "Content(text, redacted)");
}
