//! Whether Meta would take a request body, and what the simulator needs to know of it.

mod content;
mod field;
mod interactive;
mod template;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::errors::GraphError;
use crate::phone;
use crate::scenario::{NumberSpec, Scenario};
use field::{Object, Read};

const TYPES: &[&str] = &[
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
];

/// What a valid body asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// To send a message.
    Send(Checked),
    /// To mark a received message as read.
    MarkRead {
        /// The received message.
        message_id: String,
    },
}

/// A message that Meta would take.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checked {
    /// Whom it goes to.
    pub(crate) to: To,
    /// The recipient as it was written.
    pub(crate) input: String,
    /// Its `biz_opaque_callback_data`.
    pub(crate) opaque: Option<String>,
    /// Its `type`.
    pub(crate) kind: &'static str,
    /// Whether it is a voice message.
    pub(crate) voice: bool,
    /// The category that its price names.
    pub(crate) category: &'static str,
}

/// Whom a message goes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum To {
    /// A phone number, digits only.
    Phone(String),
    /// A business-scoped user id.
    User(String),
}

impl To {
    /// The digits or the id.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Phone(digits) => digits,
            Self::User(id) => id,
        }
    }
}

/// Checks the bytes of a request body. Whatever cannot be read is, to Meta, a request without parameters.
pub(crate) fn check(
    bytes: &[u8],
    number: &NumberSpec,
    scenario: &Scenario,
) -> Result<Command, GraphError> {
    let body: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let Value::Object(_) = body else {
        return Err(GraphError::parameter("The parameter messaging_product is required."));
    };
    envelope(&Object::of(&body, String::new())?, number, scenario)
}

fn envelope(body: &Object<'_>, number: &NumberSpec, scenario: &Scenario) -> Read<Command> {
    match body.text("messaging_product", 64)? {
        Some("whatsapp") => {}
        Some(_) => {
            return Err(GraphError::parameter(
                "Param messaging_product must be one of {WHATSAPP}.",
            ));
        }
        None => return Err(GraphError::parameter("The parameter messaging_product is required.")),
    }
    if body.word("status", &["read"])?.is_some() {
        return Ok(Command::MarkRead {
            message_id: body.required_text("message_id", 512)?.to_owned(),
        });
    }
    if body.word("recipient_type", &["individual", "group"])? == Some("group") {
        return Err(GraphError::with(
            131_041,
            "Group messages are not enabled for this phone number",
        ));
    }
    let (to, input) = recipient(body, number, scenario)?;
    let opaque = body.text("biz_opaque_callback_data", 512)?.map(str::to_owned);
    if let Some(context) = body.object("context")? {
        context.required_text("message_id", 512)?;
    }
    let kind = kind(body)?;
    let (voice, category) = content(kind, body, number, scenario)?;
    if category == "authentication" && matches!(to, To::User(_)) {
        return Err(GraphError::of(131_062));
    }
    Ok(Command::Send(Checked { to, input, opaque, kind, voice, category }))
}

/// `to` wins over `recipient`.
fn recipient(body: &Object<'_>, number: &NumberSpec, scenario: &Scenario) -> Read<(To, String)> {
    if let Some(written) = body.id("to")? {
        let digits =
            phone::addressed(&written, &number.display_phone_number, scenario.prepend_calling_code)
                .ok_or_else(|| GraphError::invalid("Parameter 'to' is not a valid phone number"))?;
        if digits == number.display_phone_number {
            return Err(GraphError::of(131_021));
        }
        return Ok((To::Phone(digits), written));
    }
    let Some(id) = body.text("recipient", 256)? else { return Err(GraphError::missing("to")) };
    if !is_user_id(id) {
        return Err(GraphError::invalid(
            "Parameter 'recipient' is not a valid business-scoped user id",
        ));
    }
    Ok((To::User(id.to_owned()), id.to_owned()))
}

/// `CC.<1 to 128 letters or digits>` or `CC.ENT.<the same>`.
fn is_user_id(id: &str) -> bool {
    let Some((country, rest)) = id.split_once('.') else { return false };
    let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The `type`, or the one that the only content object tells; text where nothing tells.
fn kind(body: &Object<'_>) -> Read<&'static str> {
    if let Some(kind) = body.word("type", TYPES)? {
        return Ok(kind);
    }
    let mut told = TYPES.iter().copied().filter(|kind| body.get(kind).is_some());
    Ok(told.next().unwrap_or("text"))
}

/// Checks the content; tells whether it is a voice message, and the category of its price.
fn content(
    kind: &'static str,
    body: &Object<'_>,
    number: &NumberSpec,
    scenario: &Scenario,
) -> Read<(bool, &'static str)> {
    if kind == "contacts" {
        content::contacts(body)?;
        return Ok((false, "service"));
    }
    let Some(object) = body.object(kind)? else {
        let details = format!("Parameter '{kind}' is mandatory for type '{kind}'");
        return Err(GraphError::with(131_008, details));
    };
    match kind {
        "text" => content::text(&object)?,
        "location" => content::location(&object)?,
        "reaction" => content::reaction(&object)?,
        "interactive" => interactive::interactive(&object)?,
        "template" => {
            let listed = template::template(&object, &scenario.templates, &number.waba_id)?;
            return Ok((false, listed.map_or("utility", |template| template.category.as_str())));
        }
        _ => content::media(kind, &object)?,
    }
    let voice = kind == "audio" && object.get("voice") == Some(&Value::Bool(true));
    Ok((voice, "service"))
}
