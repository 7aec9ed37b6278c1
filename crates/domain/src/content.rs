//! Meta's message object: what a message says, typed and within Meta's limits.
//!
//! Limits count characters (Unicode scalar values). They are Meta's, from its OpenAPI description
//! v23.0 and the per-type pages under
//! <https://developers.facebook.com/docs/whatsapp/cloud-api/messages>; where these disagree the
//! larger one is allowed, because Meta has the last word and a refusal here has no appeal.

pub mod contacts;
pub mod interactive;
pub mod location;
pub mod media;
pub mod reaction;
pub mod template;
pub mod text;

use std::fmt;

use serde_json::{Map, Value};

use crate::field::{self, FieldError, Object, Pointer};
use crate::lane::words;

use contacts::Contacts;
use interactive::Interactive;
use location::Location;
use media::{Asset, Audio, Captioned, Document};
use reaction::Reaction;
use template::Template;
use text::Text;

words!(
    /// The kind of a message: Meta's `type`, and the name of the field that holds the content.
    Kind {
        /// Plain text.
        Text = "text",
        /// A picture.
        Image = "image",
        /// A film.
        Video = "video",
        /// A sound, or a voice message.
        Audio = "audio",
        /// A file.
        Document = "document",
        /// A sticker.
        Sticker = "sticker",
        /// A place on the map.
        Location = "location",
        /// Address-book cards.
        Contacts = "contacts",
        /// An emoji on an earlier message.
        Reaction = "reaction",
        /// Buttons, lists, flows, products and the like.
        Interactive = "interactive",
        /// An approved template: the only kind allowed outside the service window.
        Template = "template",
    }
);

/// What a message says.
#[derive(Clone, PartialEq)]
pub enum Content {
    /// Plain text.
    Text(Text),
    /// A picture.
    Image(Captioned),
    /// A film.
    Video(Captioned),
    /// A sound, or a voice message.
    Audio(Audio),
    /// A file.
    Document(Document),
    /// A sticker.
    Sticker(Asset),
    /// A place on the map.
    Location(Location),
    /// Address-book cards.
    Contacts(Contacts),
    /// An emoji on an earlier message.
    Reaction(Reaction),
    /// Buttons, lists, flows, products and the like.
    Interactive(Box<Interactive>),
    /// An approved template.
    Template(Template),
}

/// Reads Meta's message object: `{"type": T, T: {…}}`, where `type` may be missing when there is
/// exactly one content object. Fields other than these are not looked at.
///
/// # Errors
///
/// Every wrong field, with its pointer.
pub fn parse(message: &Value) -> Result<Content, Vec<FieldError>> {
    let mut object = Object::open(message, &Pointer::ROOT)?;
    let content = take(&mut object);
    object.finish(content)
}

/// Takes the content out of a message object; errors are noted there.
pub(crate) fn take(object: &mut Object<'_>) -> Option<Content> {
    let kind = kind(object)?;
    let Some(value) = object.raw(kind.as_str()) else {
        object.refuse(kind.as_str(), format!("is required for type {kind}"));
        return None;
    };
    let at = object.pointer(kind.as_str());
    object.keep(read(kind, value, &at))
}

/// The `type`, or else the kind of the only content object.
fn kind(object: &mut Object<'_>) -> Option<Kind> {
    let is_present = |kind: &Kind| object.raw(kind.as_str()).is_some();
    let present: Vec<Kind> = Kind::ALL.iter().copied().filter(is_present).collect();
    let kind = match (object.raw("type"), present.as_slice()) {
        (Some(_), _) => object.optional("type"),
        (None, [kind]) => Some(*kind),
        (None, []) => {
            object.refuse("type", "is required, with the content in the field of that name");
            None
        }
        (None, _) => {
            object.refuse("type", "is required: there is more than one content object");
            None
        }
    }?;
    for other in present.into_iter().filter(|other| *other != kind) {
        object.refuse(other.as_str(), format!("must not stand in a message of type {kind}"));
    }
    Some(kind)
}

fn read(kind: Kind, value: &Value, at: &Pointer) -> Result<Content, Vec<FieldError>> {
    Ok(match kind {
        Kind::Text => Content::Text(field::parse(value, at)?),
        Kind::Image => Content::Image(field::parse(value, at)?),
        Kind::Video => Content::Video(field::parse(value, at)?),
        Kind::Audio => Content::Audio(field::parse(value, at)?),
        Kind::Document => Content::Document(field::parse(value, at)?),
        Kind::Sticker => Content::Sticker(field::parse(value, at)?),
        Kind::Location => Content::Location(field::parse(value, at)?),
        Kind::Contacts => Content::Contacts(field::parse(value, at)?),
        Kind::Reaction => Content::Reaction(field::parse(value, at)?),
        Kind::Interactive => Content::Interactive(Box::new(field::parse(value, at)?)),
        Kind::Template => Content::Template(field::parse(value, at)?),
    })
}

impl Content {
    /// Meta's `type` of this content.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Image(_) => Kind::Image,
            Self::Video(_) => Kind::Video,
            Self::Audio(_) => Kind::Audio,
            Self::Document(_) => Kind::Document,
            Self::Sticker(_) => Kind::Sticker,
            Self::Location(_) => Kind::Location,
            Self::Contacts(_) => Kind::Contacts,
            Self::Reaction(_) => Kind::Reaction,
            Self::Interactive(_) => Kind::Interactive,
            Self::Template(_) => Kind::Template,
        }
        .as_str()
    }

    /// Meta's message object in normal form: `{"type": T, T: {…}}`.
    pub fn to_json(&self) -> Value {
        let content = match self {
            Self::Text(text) => serde_json::to_value(text),
            Self::Image(media) | Self::Video(media) => serde_json::to_value(media),
            Self::Audio(audio) => serde_json::to_value(audio),
            Self::Document(document) => serde_json::to_value(document),
            Self::Sticker(sticker) => serde_json::to_value(sticker),
            Self::Location(location) => serde_json::to_value(location),
            Self::Contacts(contacts) => serde_json::to_value(contacts),
            Self::Reaction(reaction) => serde_json::to_value(reaction),
            Self::Interactive(interactive) => serde_json::to_value(interactive),
            Self::Template(template) => serde_json::to_value(template),
        };
        let content = content.expect("only a map with keys that are no strings has no JSON");
        let kind = self.kind().to_owned();
        Value::Object(Map::from_iter([("type".to_owned(), kind.clone().into()), (kind, content)]))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({}, redacted)", self.kind())
    }
}
