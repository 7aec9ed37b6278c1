use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::content::{self, Content};
use crate::field::{FieldError, Object, Pointer};
use crate::ids::{MessageId, Wamid};
use crate::recipient::Recipient;

/// What goes to Meta, whoever it goes to: the content and what Meta lets stand beside it.
#[derive(Clone, PartialEq)]
pub struct MessageObject {
    /// What the message says.
    pub content: Content,
    /// The message it replies to: Meta's `context.message_id`.
    pub reply_to: Option<Wamid>,
    /// The identity the recipient must still have, else Meta answers 137000: Meta's
    /// `recipient_identity_key_hash`.
    pub identity_key_hash: Option<String>,
}

impl MessageObject {
    /// Takes the parts out of a request; errors are noted there.
    pub(super) fn take(object: &mut Object<'_>) -> Option<Self> {
        let context: Option<Context> = object.optional("context");
        let identity_key_hash = object.optional("recipient_identity_key_hash");
        let content = content::take(object)?;
        if context.is_some() && matches!(content, Content::Reaction(_)) {
            object
                .refuse("context", "must not stand in a reaction, which names its message itself");
        }
        let reply_to = context.map(|context| context.message_id);
        Some(Self { content, reply_to, identity_key_hash })
    }

    /// Reads what `to_json` wrote.
    ///
    /// # Errors
    ///
    /// When the value is not one that `to_json` wrote.
    pub fn from_stored(stored: &Value) -> Result<Self, Vec<FieldError>> {
        let mut object = Object::open(stored, &Pointer::ROOT)?;
        let whole = Self::take(&mut object);
        object.finish(whole)
    }

    /// The form in which the message is stored: Meta's body in normal form without
    /// `messaging_product`, the recipient and `biz_opaque_callback_data`.
    pub fn to_json(&self) -> Value {
        let mut stored = self.content.to_json();
        if let Some(wamid) = &self.reply_to {
            stored["context"] = json!({ "message_id": wamid.as_str() });
        }
        if let Some(hash) = &self.identity_key_hash {
            stored["recipient_identity_key_hash"] = json!(hash);
        }
        stored
    }

    /// The whole body of the request to Meta.
    pub fn send_body(&self, recipient: &Recipient, message_id: MessageId) -> Value {
        send_body(&self.to_json(), recipient.as_text(), message_id)
    }
}

impl fmt::Debug for MessageObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageObject").field("content", &self.content).finish_non_exhaustive()
    }
}

/// The whole body of the request to Meta, made of the stored form without reading it.
///
/// `recipient` is `+E.164` or a business-scoped user id. `message_id` goes along as
/// `biz_opaque_callback_data`, the same for every attempt, so that Meta's echo resolves a message
/// whose answer was lost.
pub fn send_body(stored: &Value, recipient: &str, message_id: MessageId) -> Value {
    let mut body = stored.as_object().cloned().unwrap_or_default();
    let mut add = |key: &str, value: &str| body.insert(key.to_owned(), value.into());
    add("messaging_product", "whatsapp");
    add("recipient_type", "individual");
    add(if recipient.starts_with('+') { "to" } else { "recipient" }, recipient);
    add("biz_opaque_callback_data", &message_id.to_string());
    Value::Object(body)
}

/// Meta's `context` object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    message_id: Wamid,
}
