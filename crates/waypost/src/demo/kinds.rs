//! Notifications of several kinds, as a caller writes them.

use serde_json::{Value, json};

/// One of the free-form and template notifications; `nth` chooses the kind.
pub(super) fn notification(nth: usize) -> Value {
    match nth % 12 {
        0..4 => template("order_shipped", &[&format!("A-{nth:05}"), "tomorrow"]),
        4 => text(&format!("Hello! Your parcel A-{nth:05} is at the counter.")),
        5 => json!({ "type": "image", "image": {
            "link": "https://static.example.com/parcel.jpg", "caption": "Your parcel" } }),
        6 => json!({ "type": "document", "document": {
            "link": "https://static.example.com/invoice.pdf", "filename": "invoice.pdf" } }),
        7 => buttons(),
        8 => list(),
        9 => json!({ "type": "location", "location": { "latitude": 52.5163, "longitude": 13.3777,
            "name": "Parcel shop", "address": "Pariser Platz, Berlin" } }),
        10 => json!({ "type": "contacts", "contacts": [{
            "name": { "formatted_name": "Ada Lovelace", "first_name": "Ada" },
            "phones": [{ "phone": "+4930123456", "type": "WORK" }] }] }),
        _ => cta_url(),
    }
}

/// A template that nobody approved.
pub(super) fn unknown_template() -> Value {
    template("never_approved", &["A-00000", "never"])
}

/// A one-time password: it must come, twice rather than never.
pub(super) fn one_time_password(nth: usize) -> Value {
    let mut message = template("login_code", &[&format!("{:06}", nth * 7_919 % 1_000_000)]);
    message["lane"] = json!("urgent");
    message["on_unknown"] = json!("retry");
    message
}

/// A plain text that answers a person's message.
pub(super) fn reply(wamid: &str) -> Value {
    let mut message = text("Thank you for your message. We have it.");
    message["context"] = json!({ "message_id": wamid });
    message
}

/// An emoji on a person's message.
pub(super) fn reaction(wamid: &str) -> Value {
    json!({ "type": "reaction", "reaction": { "message_id": wamid, "emoji": "👍" } })
}

fn text(body: &str) -> Value {
    json!({ "type": "text", "text": { "body": body } })
}

fn template(name: &str, texts: &[&str]) -> Value {
    let parameters = texts.iter().map(|text| json!({ "type": "text", "text": text }));
    let body = json!({ "type": "body", "parameters": parameters.collect::<Vec<_>>() });
    json!({ "type": "template", "template": {
        "name": name, "language": { "code": "en_US" }, "components": [body] } })
}

fn buttons() -> Value {
    let button =
        |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
    json!({ "type": "interactive", "interactive": { "type": "button",
        "body": { "text": "Are you at home tomorrow?" },
        "action": { "buttons": [button("yes", "Yes"), button("no", "No")] } } })
}

fn list() -> Value {
    let row = |id: &str, title: &str| json!({ "id": id, "title": title });
    json!({ "type": "interactive", "interactive": { "type": "list",
        "body": { "text": "When shall we come?" },
        "action": { "button": "Choose a time", "sections": [
            { "title": "Tomorrow", "rows": [row("am", "8 to 12"), row("pm", "12 to 17")] }] } } })
}

fn cta_url() -> Value {
    json!({ "type": "interactive", "interactive": { "type": "cta_url",
        "body": { "text": "Follow your parcel." },
        "action": { "name": "cta_url", "parameters": {
            "display_text": "Follow", "url": "https://shop.example.com/track" } } } })
}
