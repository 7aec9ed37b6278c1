//! What is wrong with a message is said with the place of the wrong field.

use domain::content;
use serde_json::{Value, json};

fn pointers(message: &Value) -> Vec<String> {
    match content::parse(message) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.pointer).collect(),
    }
}

fn assert_refused(cases: &[(Value, &str)]) {
    for (message, pointer) in cases {
        assert_eq!(pointers(message), [*pointer], "{message}");
    }
}

#[test]
fn the_outer_object_names_one_kind_and_holds_its_content() {
    assert_refused(&[
        (json!("text"), ""),
        (json!([]), ""),
        (json!({}), "/type"),
        (json!({"type": "poem", "poem": {}}), "/type"),
        (json!({"type": 1, "text": {"body": "x"}}), "/type"),
        (json!({"type": "text"}), "/text"),
        (json!({"type": "text", "text": null}), "/text"),
        (json!({"text": {"body": "x"}, "image": {"id": "1"}}), "/type"),
        (json!({"type": "text", "text": {"body": "x"}, "image": {"id": "1"}}), "/image"),
    ]);
}

#[test]
fn text() {
    assert_refused(&[
        (json!({"text": "x"}), "/text"),
        (json!({"text": ["x", false]}), "/text"),
        (json!({"text": {}}), "/text/body"),
        (json!({"text": {"body": ""}}), "/text/body"),
        (json!({"text": {"body": 5}}), "/text/body"),
        (json!({"text": {"body": "x", "preview_url": "yes"}}), "/text/preview_url"),
        (json!({"text": {"body": "x", "a/b": 1}}), "/text/a~1b"),
    ]);
}

#[test]
fn media() {
    for kind in ["image", "video", "audio", "document", "sticker"] {
        let at = |field: &str| format!("/{kind}/{field}");
        let cases = [
            (json!({}), at("id")),
            (json!({"id": "1", "link": "https://example.com/a"}), at("id")),
            (json!({"id": ""}), at("id")),
            (json!({"link": "ftp://example.com/a"}), at("link")),
            (json!({"link": "example.com/a"}), at("link")),
            (json!({"link": "https://"}), at("link")),
            (json!({"id": "1", "alt": "x"}), at("alt")),
        ];
        for (object, pointer) in cases {
            let message = json!({ kind: object });
            assert_eq!(pointers(&message), [pointer], "{message}");
        }
    }
    assert_refused(&[
        (json!({"audio": {"id": "1", "caption": "x"}}), "/audio/caption"),
        (json!({"sticker": {"id": "1", "caption": "x"}}), "/sticker/caption"),
        (json!({"image": {"id": "1", "filename": "x"}}), "/image/filename"),
    ]);
}

#[test]
fn location() {
    assert_refused(&[
        (json!({"location": {"latitude": 1}}), "/location/longitude"),
        (json!({"location": {"latitude": 90.1, "longitude": 0}}), "/location/latitude"),
        (json!({"location": {"latitude": 0, "longitude": "-180.5"}}), "/location/longitude"),
        (json!({"location": {"latitude": "north", "longitude": 0}}), "/location/latitude"),
        (json!({"location": {"latitude": "NaN", "longitude": 0}}), "/location/latitude"),
        (json!({"location": {"latitude": "inf", "longitude": 0}}), "/location/latitude"),
        (json!({"location": {"latitude": true, "longitude": 0}}), "/location/latitude"),
    ]);
}

#[test]
fn contacts() {
    let name = json!({"formatted_name": "A B", "first_name": "A"});
    assert_refused(&[
        (json!({"contacts": []}), "/contacts"),
        (json!({"contacts": {}}), "/contacts"),
        (json!({"contacts": [{}]}), "/contacts/0/name"),
        (json!({"contacts": [{"name": {"formatted_name": "A"}}]}), "/contacts/0/name"),
        (
            json!({"contacts": [{"name": name}, {"name": {"first_name": "A"}}]}),
            "/contacts/1/name/formatted_name",
        ),
        (
            json!({"contacts": [{"name": name, "phones": [{"phone": "1"}, {"wa_id": "1"}]}]}),
            "/contacts/0/phones/1/phone",
        ),
        (json!({"contacts": [{"name": name, "birthday": "1815-13-10"}]}), "/contacts/0/birthday"),
    ]);
}

#[test]
fn reaction() {
    assert_refused(&[
        (json!({"reaction": {"emoji": "👍"}}), "/reaction/message_id"),
        (json!({"reaction": {"message_id": "", "emoji": "👍"}}), "/reaction/message_id"),
        (json!({"reaction": {"message_id": "wamid.A"}}), "/reaction/emoji"),
        (json!({"reaction": {"message_id": "wamid.A", "emoji": "ok"}}), "/reaction/emoji"),
    ]);
}

fn assert_interactive_refused(cases: &[(Value, &str)]) {
    for (interactive, pointer) in cases {
        let message = json!({"interactive": interactive});
        assert_eq!(pointers(&message), [format!("/interactive{pointer}")], "{message}");
    }
}

#[test]
fn interactive() {
    let body = json!({"text": "b"});
    assert_interactive_refused(&[
        (json!("button"), ""),
        (json!({"body": body}), "/type"),
        (json!({"type": "poll", "body": body}), "/type"),
        (json!({"type": 7, "body": body}), "/type"),
        (json!({"type": "button", "body": body}), "/action"),
        (json!({"type": "location_request_message", "action": {"name": "send_location"}}), "/body"),
        (
            json!({"type": "location_request_message", "body": body, "action": {"name": "x"}}),
            "/action/name",
        ),
        (
            json!({"type": "location_request_message", "body": {"text": "b", "x": 1},
                "action": {"name": "send_location"}}),
            "/body/x",
        ),
        (
            json!({"type": "product", "header": {"type": "text", "text": "h"},
                "action": {"catalog_id": "1", "product_retailer_id": "p"}}),
            "/header",
        ),
        (json!({"type": "order_details", "body": body, "action": []}), "/action"),
    ]);
}

#[test]
fn interactive_headers() {
    let with_header = |header: Value| {
        json!({"type": "cta_url", "header": header, "body": {"text": "b"}, "action": {
            "name": "cta_url", "parameters": {"display_text": "d", "url": "https://a.b"}}})
    };
    assert_interactive_refused(&[
        (with_header(json!({})), "/header/type"),
        (with_header(json!({"type": "poem"})), "/header/type"),
        (with_header(json!({"type": "text"})), "/header/text"),
        (with_header(json!({"type": "text", "text": ""})), "/header/text"),
        (with_header(json!({"type": "image", "text": "x"})), "/header/text"),
        (with_header(json!({"type": "image", "image": {"link": "x"}})), "/header/image/link"),
        (with_header(json!({"type": "image", "image": {"caption": "x"}})), "/header/image/caption"),
    ]);
}

#[test]
fn reply_buttons() {
    let button =
        |id: &str, title: &str| json!({"type": "reply", "reply": {"id": id, "title": title}});
    let buttons =
        |list: Value| json!({"type": "button", "body": {"text": "b"}, "action": {"buttons": list}});
    assert_interactive_refused(&[
        (buttons(json!([])), "/action/buttons"),
        (
            buttons(json!([
                button("1", "a"),
                button("2", "b"),
                button("3", "c"),
                button("4", "d")
            ])),
            "/action/buttons",
        ),
        (buttons(json!([button("1", "a"), button("2", "a")])), "/action/buttons"),
        (buttons(json!([button("1", "a"), button("1", "b")])), "/action/buttons"),
        (buttons(json!([button("1", "a"), button("2", "")])), "/action/buttons/1/reply/title"),
        (
            buttons(json!([{"type": "url", "reply": {"id": "1", "title": "a"}}])),
            "/action/buttons/0/type",
        ),
        (
            buttons(json!([{"type": "reply", "reply": {"id": "1"}}])),
            "/action/buttons/0/reply/title",
        ),
    ]);
}

#[test]
fn lists() {
    let row = |id: &str| json!({"id": id, "title": "t"});
    let rows: Vec<Value> = (0..11).map(|id| row(&id.to_string())).collect();
    let list = |sections: Value| {
        json!({"type": "list", "body": {"text": "b"},
            "action": {"button": "Open", "sections": sections}})
    };
    assert_interactive_refused(&[
        (list(json!([])), "/action/sections"),
        (list(json!([{"rows": rows}])), "/action/sections"),
        (list(json!([{"rows": []}])), "/action/sections/0/rows"),
        (list(json!([{"rows": [row("1"), row("1")]}])), "/action/sections"),
        (
            list(json!([{"title": "a", "rows": [row("1")]}, {"rows": [row("2")]}])),
            "/action/sections",
        ),
        (list(json!([{"rows": [{"id": "1"}]}])), "/action/sections/0/rows/0/title"),
        (
            json!({"type": "list", "header": {"type": "image", "image": {"id": "1"}},
                "body": {"text": "b"},
                "action": {"button": "Open", "sections": [{"rows": [row("1")]}]}}),
            "/header",
        ),
    ]);
}

#[test]
fn flows_calls_and_addresses() {
    let flow = |parameters: Value| {
        json!({"type": "flow", "body": {"text": "b"},
            "action": {"name": "flow", "parameters": parameters}})
    };
    let with_id = |mut parameters: Value| {
        parameters["flow_message_version"] = json!("3");
        parameters["flow_cta"] = json!("Go");
        flow(parameters)
    };
    assert_interactive_refused(&[
        (
            flow(json!({"flow_message_version": "2", "flow_id": "1", "flow_cta": "Go"})),
            "/action/parameters/flow_message_version",
        ),
        (with_id(json!({})), "/action/parameters/flow_id"),
        (with_id(json!({"flow_id": "1", "flow_name": "n"})), "/action/parameters/flow_id"),
        (with_id(json!({"flow_id": "1", "mode": "live"})), "/action/parameters/mode"),
        (with_id(json!({"flow_id": "1", "flow_action": "go"})), "/action/parameters/flow_action"),
        (
            with_id(json!({"flow_id": "1", "flow_action_payload": {"data": []}})),
            "/action/parameters/flow_action_payload/data",
        ),
        (
            json!({"type": "voice_call", "body": {"text": "b"}, "action": {"name": "voice_call",
                "parameters": {"display_text": "Call", "ttl_minutes": 43_201}}}),
            "/action/parameters/ttl_minutes",
        ),
        (
            json!({"type": "address_message", "body": {"text": "b"}, "action": {
                "name": "address_message", "parameters": {"country": "India"}}}),
            "/action/parameters/country",
        ),
    ]);
}

#[test]
fn products_and_carousels() {
    let item = json!({"product_retailer_id": "p"});
    let products = |sections: Value| {
        json!({"type": "product_list", "header": {"type": "text", "text": "h"},
            "body": {"text": "b"}, "action": {"catalog_id": "1", "sections": sections}})
    };
    let sixteen = json!({"title": "t", "product_items": vec![item.clone(); 16]});
    let card = |index: u8, catalog: &str| {
        json!({"type": "product", "card_index": index,
            "action": {"catalog_id": catalog, "product_retailer_id": "p"}})
    };
    let media_card = |index: u8, body: &str, action: &Value| {
        json!({"type": "cta_url", "card_index": index, "body": {"text": body}, "action": action,
            "header": {"type": "image", "image": {"id": "1"}}})
    };
    let link = json!({"name": "cta_url", "parameters": {"display_text": "d", "url": "http://a.b"}});
    let cards = |cards: Value| json!({"type": "carousel", "body": {"text": "b"}, "action": {"cards": cards}});
    let quick = json!({"buttons": [
        {"type": "quick_reply", "quick_reply": {"id": "a", "title": "Yes"}}]});
    assert_interactive_refused(&[
        (products(json!([sixteen, sixteen])), "/action/sections"),
        (products(json!([{"product_items": []}])), "/action/sections/0/product_items"),
        (
            json!({"type": "product_list", "body": {"text": "b"}, "action": {
                "catalog_id": "1", "sections": [{"product_items": [item]}]}}),
            "/header",
        ),
        (cards(json!([card(0, "1")])), "/action/cards"),
        (cards(json!([card(0, "1"), card(0, "1")])), "/action/cards"),
        (cards(json!([card(0, "1"), card(1, "2")])), "/action/cards"),
        (cards(json!([card(0, "1"), card(10, "1")])), "/action/cards/1/card_index"),
        (cards(json!([card(0, "1"), media_card(1, "b", &link)])), "/action/cards"),
        (cards(json!([media_card(0, "b", &quick), media_card(1, "b", &link)])), "/action/cards"),
        (
            cards(json!([media_card(0, "b", &link), media_card(1, "a\nb\nc\nd", &link)])),
            "/action/cards/1/body",
        ),
        (
            cards(json!([media_card(0, "b", &json!({})), media_card(1, "b", &link)])),
            "/action/cards/0/action",
        ),
        (cards(json!([{"type": "video", "card_index": 0}])), "/action/cards/0/type"),
    ]);
}

fn assert_template_refused(cases: &[(Value, &str)]) {
    for (components, pointer) in cases {
        let message = json!({"template": {
            "name": "n", "language": {"code": "en"}, "components": components}});
        assert_eq!(pointers(&message), [format!("/template/components{pointer}")], "{message}");
    }
}

#[test]
fn templates() {
    assert_refused(&[
        (json!({"template": {"language": {"code": "en"}}}), "/template/name"),
        (json!({"template": {"name": "Order", "language": {"code": "en"}}}), "/template/name"),
        (json!({"template": {"name": "n"}}), "/template/language"),
        (json!({"template": {"name": "n", "language": "en"}}), "/template/language"),
        (json!({"template": {"name": "n", "language": {"code": "e"}}}), "/template/language/code"),
        (
            json!({"template": {"name": "n", "language": {"code": "en", "policy": "fallback"}}}),
            "/template/language/policy",
        ),
        (
            json!({"template": {"name": "n", "language": {"code": "en"}, "namespace": "x"}}),
            "/template/namespace",
        ),
    ]);
}

#[test]
fn components() {
    let text = json!({"type": "text", "text": "x"});
    let named = json!({"type": "text", "text": "x", "parameter_name": "a"});
    assert_template_refused(&[
        (json!({}), ""),
        (json!([{}]), "/0/type"),
        (json!([{"type": "poem"}]), "/0/type"),
        (json!([{"type": "body"}, {"type": "body"}]), ""),
        (json!([{"type": "body", "parameters": [text, named]}]), "/0/parameters"),
        (json!([{"type": "body", "parameters": [named, named]}]), "/0/parameters"),
        (json!([{"type": "body", "parameters": {}}]), "/0/parameters"),
        (json!([{"type": "body", "index": 0}]), "/0/index"),
        (json!([{"type": "body", "parameters": [{"type": "text"}]}]), "/0/parameters/0/text"),
        (
            json!([{"type": "body", "parameters": [text, {"type": "text", "text": ""}]}]),
            "/0/parameters/1/text",
        ),
        (
            json!([{"type": "body", "parameters": [
                {"type": "text", "text": "x", "parameter_name": "First Name"}]}]),
            "/0/parameters/0/parameter_name",
        ),
        (
            json!([{"type": "body", "parameters": [{"type": "image", "image": {"id": "1"}}]}]),
            "/0/parameters/0/type",
        ),
        (
            json!([{"type": "body", "parameters": [{"type": "currency", "currency": {
                "fallback_value": "$1", "code": "usd", "amount_1000": 1}}]}]),
            "/0/parameters/0/currency/code",
        ),
        (
            json!([{"type": "body", "parameters": [{"type": "currency", "currency": {
                "fallback_value": "$1", "code": "USD", "amount_1000": "1"}}]}]),
            "/0/parameters/0/currency/amount_1000",
        ),
        (
            json!([{"type": "header", "parameters": [
                {"type": "document", "document": {"id": "1", "caption": "x"}}]}]),
            "/0/parameters/0/document/caption",
        ),
        (
            json!([{"type": "limited_time_offer", "parameters": [{"type": "limited_time_offer",
                "limited_time_offer": {"expiration_time_ms": 1_798_761_600}}]}]),
            "/0/parameters/0/limited_time_offer/expiration_time_ms",
        ),
    ]);
}

#[test]
fn template_buttons() {
    let url = |index: Value| {
        json!({"type": "button", "sub_type": "url", "index": index,
            "parameters": [{"type": "text", "text": "x"}]})
    };
    let button = |sub_type: &str, parameters: Value| json!([{"type": "button", "sub_type": sub_type, "index": 0, "parameters": parameters}]);
    assert_template_refused(&[
        (json!([{"type": "button", "index": 0}]), "/0/sub_type"),
        (json!([{"type": "button", "sub_type": "call", "index": 0}]), "/0/sub_type"),
        (json!([{"type": "button", "sub_type": "url"}]), "/0/index"),
        (json!([url(json!(10))]), "/0/index"),
        (json!([url(json!("10"))]), "/0/index"),
        (json!([url(json!(-1))]), "/0/index"),
        (json!([url(json!("+1"))]), "/0/index"),
        (json!([url(json!("0")), url(json!(0))]), ""),
        (button("url", json!([])), "/0/parameters"),
        (button("quick_reply", json!([{"type": "text", "text": "x"}])), "/0/parameters"),
        (button("flow", json!([{"type": "payload", "payload": "x"}])), "/0/parameters"),
        (
            button("flow", json!([{"type": "action", "action": {"flow_tokens": "x"}}])),
            "/0/parameters/0/action/flow_tokens",
        ),
        (
            button("copy_code", json!([{"type": "coupon_code", "coupon_code": ""}])),
            "/0/parameters/0/coupon_code",
        ),
    ]);
}

#[test]
fn template_cards() {
    let card = |index: u8| json!({"card_index": index, "components": []});
    let eleven: Vec<Value> = (0..11).map(|index| card(index % 10)).collect();
    let carousel = |cards: Value| json!([{"type": "carousel", "cards": cards}]);
    let inner = |component: Value| json!({"card_index": 1, "components": [component]});
    assert_template_refused(&[
        (carousel(json!([card(0)])), "/0/cards"),
        (carousel(json!([card(0), card(0)])), "/0/cards"),
        (carousel(json!([card(0), card(10)])), "/0/cards/1/card_index"),
        (
            carousel(json!([card(0), inner(json!({"type": "carousel", "cards": []}))])),
            "/0/cards/1/components/0/type",
        ),
        (
            carousel(json!([
                card(0),
                inner(json!({"type": "header", "parameters": [
                {"type": "image", "image": {"link": "x"}}]}))
            ])),
            "/0/cards/1/components/0/parameters/0/image/link",
        ),
    ]);
    let too_many = json!({"template": {"name": "n", "language": {"code": "en"},
        "components": carousel(json!(eleven))}});
    assert!(pointers(&too_many).contains(&"/template/components/0/cards".to_owned()));
}

#[test]
fn all_broken_limits_of_one_object_are_told_at_once() {
    let message = json!({"interactive": {"type": "button", "body": {"text": ""},
        "footer": {"text": ""}, "action": {"buttons": []}}});

    let wanted =
        ["/interactive/action/buttons", "/interactive/body/text", "/interactive/footer/text"];
    assert_eq!(pointers(&message), wanted);
}

#[test]
fn an_error_says_what_is_allowed_and_never_what_was_written() {
    let cases = [
        (json!({"text": {"body": ["secret"]}}), "must be a string"),
        (
            json!({"text": {"body": "x", "preview_url": "secret, expected "}}),
            "must be true or false",
        ),
        (json!({"text": "secret"}), "must be an object"),
        (json!({"contacts": "secret"}), "must be a list"),
        (
            json!({"text": {"body": "x", "secret": 1}}),
            "is not a field of this object; its fields are body, preview_url",
        ),
        (
            json!({"interactive": {"type": "flow", "body": {"text": "b"}, "action": {
                "name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "1",
                    "flow_cta": "c", "mode": "secret"}}}}),
            "must be one of draft, published",
        ),
        (
            json!({"template": {"name": "n", "language": {"code": "en"}, "components": [
                {"type": "carousel", "cards": [{"card_index": -1, "components": []}]}]}}),
            "must be a whole number that is not negative",
        ),
        (json!({"image": {"link": "secret"}}), "must be an absolute http or https URL"),
        (json!({"text": {"body": ""}}), "must not be empty"),
    ];
    for (message, detail) in cases {
        let errors = content::parse(&message).unwrap_err();

        assert_eq!(errors[0].detail, detail);
        assert!(!errors[0].detail.contains("secret"));
    }
}
