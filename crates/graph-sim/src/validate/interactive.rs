//! Interactive messages: header, body, footer, and the action of each type with its limits.
//!
//! Source: Meta's pages for interactive messages; where they disagree, the larger limit passes.

use std::collections::HashSet;

use super::content::media;
use super::field::{Object, Read};
use crate::errors::GraphError;

const TYPES: &[&str] = &[
    "button",
    "list",
    "cta_url",
    "location_request_message",
    "flow",
    "product",
    "product_list",
    "catalog_message",
    "carousel",
    "address_message",
    "call_permission_request",
    "voice_call",
    "request_contact_info",
    "order_details",
    "order_status",
];
const BODY: usize = 1_024;
const LIST_BODY: usize = 4_096;
const FOOTER: usize = 60;
const HEADER: usize = 60;
const BUTTON_TITLE: usize = 20;
const BUTTON_ID: usize = 256;

/// Checks an interactive message.
pub(crate) fn interactive(message: &Object<'_>) -> Read<()> {
    let kind = message.required_word("type", TYPES)?;
    header(message, kind)?;
    body(message, kind)?;
    if let Some(footer) = message.object("footer")? {
        footer.required_text("text", FOOTER)?;
    }
    let action = message.required_object("action")?;
    match kind {
        "button" => buttons(&action),
        "list" => list(&action),
        "cta_url" => cta_url(&action),
        "flow" => flow(&action),
        "voice_call" => voice_call(&action),
        "location_request_message" => named(&action, "send_location"),
        "product" => {
            action.required_id("catalog_id")?;
            action.required_id("product_retailer_id").map(drop)
        }
        "product_list" => products(&action),
        "carousel" => carousel(&action),
        "address_message"
        | "call_permission_request"
        | "catalog_message"
        | "request_contact_info" => named(&action, kind),
        _ => Ok(()),
    }
}

fn header(message: &Object<'_>, kind: &str) -> Read<()> {
    let Some(header) = message.object("header")? else {
        let required = kind == "product_list";
        return if required { Err(GraphError::missing(&message.path("header"))) } else { Ok(()) };
    };
    if matches!(kind, "product" | "carousel") {
        return Err(GraphError::invalid(format!(
            "{} is not allowed for type {kind}",
            message.path("header")
        )));
    }
    let of = header.required_word("type", &["text", "image", "video", "document"])?;
    if matches!(kind, "list" | "product_list") && of != "text" {
        return Err(GraphError::invalid(format!(
            "{} must be text for type {kind}",
            message.path("header")
        )));
    }
    match of {
        "text" => header.required_text("text", HEADER).map(drop),
        _ => media(of, &header.required_object(of)?),
    }
}

fn body(message: &Object<'_>, kind: &str) -> Read<()> {
    let most = if kind == "list" { LIST_BODY } else { BODY };
    match message.object("body")? {
        Some(body) => body.required_text("text", most).map(drop),
        None if kind == "product" => Ok(()),
        None => Err(GraphError::missing(&message.path("body"))),
    }
}

fn buttons(action: &Object<'_>) -> Read<()> {
    let mut titles = HashSet::new();
    let mut ids = HashSet::new();
    for button in action.counted_objects("buttons", 1, 3)? {
        button.required_word("type", &["reply"])?;
        let reply = button.required_object("reply")?;
        if !ids.insert(short(&reply, "id", BUTTON_ID)?)
            || !titles.insert(short(&reply, "title", BUTTON_TITLE)?)
        {
            return Err(GraphError::invalid("Duplicate button id or title"));
        }
    }
    Ok(())
}

fn list(action: &Object<'_>) -> Read<()> {
    short(action, "button", BUTTON_TITLE)?;
    let sections = action.counted_objects("sections", 1, 10)?;
    let several = sections.len() > 1;
    let mut ids = HashSet::new();
    for section in &sections {
        if several || section.get("title").is_some() {
            short(section, "title", 24)?;
        }
        for row in section.counted_objects("rows", 1, 10)? {
            short(&row, "title", 24)?;
            if row.get("description").is_some_and(|description| description != "") {
                short(&row, "description", 72)?;
            }
            if !ids.insert(short(&row, "id", 200)?) {
                return Err(GraphError::invalid("Duplicate row id"));
            }
        }
    }
    if ids.len() > 10 {
        return Err(GraphError::invalid("Total row count exceed max allowed count: 10"));
    }
    Ok(())
}

fn cta_url(action: &Object<'_>) -> Read<()> {
    named(action, "cta_url")?;
    let parameters = action.required_object("parameters")?;
    short(&parameters, "display_text", BUTTON_TITLE)?;
    parameters.required_link("url")
}

fn flow(action: &Object<'_>) -> Read<()> {
    named(action, "flow")?;
    let parameters = action.required_object("parameters")?;
    parameters.required_id("flow_message_version")?;
    short(&parameters, "flow_cta", 30)?;
    parameters.word("flow_action", &["navigate", "data_exchange"])?;
    parameters.word("mode", &["draft", "published"])?;
    match (parameters.id("flow_id")?, parameters.id("flow_name")?) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        _ => Err(GraphError::invalid("Exactly one of flow_id and flow_name is required")),
    }
}

fn voice_call(action: &Object<'_>) -> Read<()> {
    named(action, "voice_call")?;
    if let Some(parameters) = action.object("parameters")? {
        if parameters.get("display_text").is_some() {
            short(&parameters, "display_text", BUTTON_TITLE)?;
        }
        if parameters.get("ttl_minutes").is_some() {
            parameters.required_number("ttl_minutes", 1.0, 43_200.0)?;
        }
    }
    Ok(())
}

fn products(action: &Object<'_>) -> Read<()> {
    action.required_id("catalog_id")?;
    let mut items = 0;
    for section in action.counted_objects("sections", 1, 10)? {
        items += section.counted_objects("product_items", 1, 30)?.len();
    }
    if items > 30 {
        Err(GraphError::invalid("Total product count exceed max allowed count: 30"))
    } else {
        Ok(())
    }
}

fn carousel(action: &Object<'_>) -> Read<()> {
    let cards = action.counted_objects("cards", 2, 10)?;
    let mut kinds = HashSet::new();
    for card in &cards {
        card.required_number("card_index", 0.0, 9.0)?;
        kinds.insert(card.required_word("type", &["cta_url", "product", "button"])?);
        card.required_object("action")?;
    }
    if kinds.len() > 1 {
        Err(GraphError::invalid("All cards must be of the same type"))
    } else {
        Ok(())
    }
}

fn named(action: &Object<'_>, name: &'static str) -> Read<()> {
    action.required_word("name", &[name]).map(drop)
}

/// A text that must be there, with Meta's words for its length: 131009.
fn short<'a>(object: &Object<'a>, key: &str, most: usize) -> Read<&'a str> {
    let text =
        object.text(key, usize::MAX)?.ok_or_else(|| GraphError::missing(&object.path(key)))?;
    if (1..=most).contains(&text.chars().count()) {
        return Ok(text);
    }
    let path = object.path(key);
    Err(GraphError::invalid(format!("{path} length invalid. Min length: 1, Max length: {most}")))
}
