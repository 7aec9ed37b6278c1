//! The free-form types but interactive ones: text, media, location, contacts, reaction.
//!
//! Source: Meta's message pages for each type.

use super::field::{Object, Read};
use crate::errors::GraphError;

const BODY: usize = 4_096;
const CAPTION: usize = 1_024;
const MOST_CONTACTS: usize = 257;

/// Text: a body of at most 4,096 characters.
pub(crate) fn text(text: &Object<'_>) -> Read<()> {
    text.required_text("body", BODY).map(drop)
}

/// Media by id or by link, never both; a caption where the type has one.
pub(crate) fn media(kind: &str, media: &Object<'_>) -> Read<()> {
    match (media.id("id")?, media.get("link")) {
        (Some(_), None) => {}
        (None, Some(_)) => media.required_link("link")?,
        (None, None) => {
            return Err(GraphError::missing(&format!(
                "{} or {}",
                media.path("id"),
                media.path("link")
            )));
        }
        (Some(_), Some(_)) => {
            return Err(GraphError::invalid(format!("{kind} takes either id or link, not both")));
        }
    }
    let caption = media.text("caption", CAPTION)?;
    if caption.is_some() && matches!(kind, "audio" | "sticker") {
        return Err(GraphError::parameter(&format!(
            "Unexpected key \"caption\" on param \"{kind}\"."
        )));
    }
    media.text("filename", 240).map(drop)
}

/// A place on earth.
pub(crate) fn location(location: &Object<'_>) -> Read<()> {
    location.required_number("latitude", -90.0, 90.0)?;
    location.required_number("longitude", -180.0, 180.0)?;
    location.text("name", 1_000)?;
    location.text("address", 1_000).map(drop)
}

/// One to 257 contact cards, each with a formatted name and one more part of it.
pub(crate) fn contacts(message: &Object<'_>) -> Read<()> {
    for contact in message.counted_objects("contacts", 1, MOST_CONTACTS)? {
        let name = contact.required_object("name")?;
        name.required_text("formatted_name", 1_000)?;
        let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
        if !parts.iter().any(|part| name.get(part).is_some()) {
            return Err(GraphError::invalid(format!(
                "{} needs at least one of {} beside formatted_name",
                contact.path("name"),
                parts.join(", ")
            )));
        }
        for list in ["phones", "emails", "addresses", "urls"] {
            contact.objects(list)?;
        }
        contact.object("org")?;
    }
    Ok(())
}

/// A reaction to a message; an empty emoji takes it back.
pub(crate) fn reaction(reaction: &Object<'_>) -> Read<()> {
    reaction.required_text("message_id", 512)?;
    match reaction.text("emoji", 64)? {
        Some(_) => Ok(()),
        None => Err(GraphError::missing(&reaction.path("emoji"))),
    }
}
