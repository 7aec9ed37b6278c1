//! A button of a template.

use garde::Validate;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::field::{any_case, ensure};
use crate::lane::words;

use super::parameter::ButtonParameter;

words!(
    /// What a button of a template does: Meta's `sub_type`.
    ButtonKind {
        /// Answers with a payload.
        QuickReply = "quick_reply",
        /// Opens a URL whose end is filled in; one-time passwords too.
        Url = "url",
        /// Copies a coupon code.
        CopyCode = "copy_code",
        /// Opens the catalog.
        Catalog = "catalog",
        /// Opens several products.
        Mpm = "mpm",
        /// Opens one product.
        Spm = "spm",
        /// Opens a form.
        Flow = "flow",
        /// Calls the business over WhatsApp.
        VoiceCall = "voice_call",
        /// Opens a bill (India, Brazil).
        OrderDetails = "order_details",
        /// Asks for the phone number of a person who hides it.
        RequestContactInfo = "request_contact_info",
    }
);

/// One button.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Button {
    /// What it does; in any case of letters.
    #[serde(deserialize_with = "any_case")]
    pub sub_type: ButtonKind,
    /// Its place.
    pub index: ButtonIndex,
    /// What fills its places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(dive, custom(fitting(self.sub_type)))]
    pub parameters: Vec<ButtonParameter>,
}

/// The place of a button, 0 to 9. Meta's pages write it as text and as a number; it is sent as text.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct ButtonIndex(u8);

impl ButtonIndex {
    /// 0 to 9.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl From<ButtonIndex> for String {
    fn from(index: ButtonIndex) -> Self {
        index.0.to_string()
    }
}

impl<'de> Deserialize<'de> for ButtonIndex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let index = match Value::deserialize(from)? {
            Value::Number(number) => number.as_u64().and_then(|index| u8::try_from(index).ok()),
            Value::String(text) if text.len() == 1 => text.parse().ok(),
            _ => None,
        };
        match index {
            Some(index @ 0..=9) => Ok(Self(index)),
            _ => Err(D::Error::custom("must be 0 to 9, as text or as a number")),
        }
    }
}

/// A rule: the parameters are those that a button of this kind has.
fn fitting(kind: ButtonKind) -> impl Fn(&Vec<ButtonParameter>, &()) -> garde::Result {
    use ButtonParameter::{Action, CouponCode, Payload, Text, TtlMinutes};
    move |parameters, ()| {
        let fits = match kind {
            ButtonKind::QuickReply => matches!(parameters[..], [Payload { .. }]),
            ButtonKind::Url => matches!(parameters[..], [Text { .. }]),
            ButtonKind::CopyCode => matches!(parameters[..], [CouponCode { .. }]),
            ButtonKind::Catalog | ButtonKind::Mpm | ButtonKind::Spm | ButtonKind::Flow => {
                matches!(parameters[..], [] | [Action { .. }])
            }
            ButtonKind::OrderDetails => matches!(parameters[..], [Action { .. }]),
            ButtonKind::VoiceCall => {
                parameters.iter().all(|one| matches!(one, Payload { .. } | TtlMinutes { .. }))
            }
            ButtonKind::RequestContactInfo => parameters.is_empty(),
        };
        ensure(fits, || format!("a button of sub_type {kind} takes {}", wanted(kind)))
    }
}

const fn wanted(kind: ButtonKind) -> &'static str {
    match kind {
        ButtonKind::QuickReply => "exactly one parameter of type payload",
        ButtonKind::Url => "exactly one parameter of type text",
        ButtonKind::CopyCode => "exactly one parameter of type coupon_code",
        ButtonKind::Catalog | ButtonKind::Mpm | ButtonKind::Spm | ButtonKind::Flow => {
            "at most one parameter, of type action"
        }
        ButtonKind::OrderDetails => "exactly one parameter of type action",
        ButtonKind::VoiceCall => "parameters of type ttl_minutes and payload",
        ButtonKind::RequestContactInfo => "no parameters",
    }
}
