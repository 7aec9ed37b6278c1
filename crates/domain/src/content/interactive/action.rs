//! What can be tapped: buttons and requests.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::field::{distinct, ensure, entries, exactly, http_url, one_of_two};
use crate::lane::words;

/// 1 to 3 reply buttons.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct ReplyButtons {
    /// The buttons; no two with the same title or id.
    #[garde(
        dive,
        custom(entries(1, 3)),
        custom(distinct("title", |button: &ReplyButton| button.reply.title.clone())),
        custom(distinct("id", |button: &ReplyButton| button.reply.id.clone()))
    )]
    pub buttons: Vec<ReplyButton>,
}

/// A button that answers with its id.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct ReplyButton {
    /// `reply`.
    #[garde(custom(exactly("reply")))]
    pub r#type: String,
    /// The button itself.
    #[garde(dive)]
    pub reply: Reply,
}

/// What a tapped button answers.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Comes back in the webhook: 1 to 256 characters.
    #[garde(length(chars, min = 1, max = 256))]
    pub id: String,
    /// Stands on the button: 1 to 20 characters.
    #[garde(length(chars, min = 1, max = 20))]
    pub title: String,
}

/// A button that opens a URL.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct CtaUrlAction {
    /// `cta_url`.
    #[garde(custom(exactly("cta_url")))]
    pub name: String,
    /// The button itself.
    #[garde(dive)]
    pub parameters: CtaUrl,
}

/// What a URL button shows and opens.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct CtaUrl {
    /// Stands on the button: 1 to 20 characters.
    #[garde(length(chars, min = 1, max = 20))]
    pub display_text: String,
    /// What it opens: http or https.
    #[garde(custom(http_url))]
    pub url: String,
}

/// A button that opens a form.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct FlowAction {
    /// `flow`.
    #[garde(custom(exactly("flow")))]
    pub name: String,
    /// The button itself.
    #[garde(dive)]
    pub parameters: Flow,
}

words!(
    /// How a form begins.
    FlowStart {
        /// On a screen that the message names.
        Navigate = "navigate",
        /// On a screen that the business's endpoint names.
        DataExchange = "data_exchange",
    }
);

words!(
    /// Which edition of a form opens.
    FlowMode {
        /// The one being worked on.
        Draft = "draft",
        /// The one in use.
        Published = "published",
    }
);

/// What a flow button shows and opens.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Flow {
    /// `3`.
    #[garde(custom(exactly("3")))]
    pub flow_message_version: String,
    /// The form by its id.
    #[garde(custom(one_of_two("flow_id and flow_name", &self.flow_name)))]
    pub flow_id: Option<String>,
    /// The form by its name.
    pub flow_name: Option<String>,
    /// Stands on the button: 1 to 30 characters.
    #[garde(length(chars, min = 1, max = 30))]
    pub flow_cta: String,
    /// The business's own name for this use of the form.
    pub flow_token: Option<String>,
    /// How the form begins.
    pub flow_action: Option<FlowStart>,
    /// Where it begins and with what.
    pub flow_action_payload: Option<FlowPayload>,
    /// Which edition opens.
    pub mode: Option<FlowMode>,
}

/// Where a form begins and with what.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FlowPayload {
    /// The first screen.
    pub screen: Option<String>,
    /// Its data, as the form defines them.
    pub data: Option<Map<String, Value>>,
}

/// Asks where the person is.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct SendLocation {
    /// `send_location`.
    #[garde(custom(exactly("send_location")))]
    pub name: String,
}

/// Asks for permission to call.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct RequestCallPermission {
    /// `call_permission_request`.
    #[garde(custom(exactly("call_permission_request")))]
    pub name: String,
}

/// Asks for the phone number.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct RequestContactInfo {
    /// `request_contact_info`.
    #[garde(custom(exactly("request_contact_info")))]
    pub name: String,
}

/// A button that calls the business.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct VoiceCallAction {
    /// `voice_call`.
    #[garde(custom(exactly("voice_call")))]
    pub name: String,
    /// The button itself.
    #[garde(dive)]
    pub parameters: Option<VoiceCall>,
}

/// What a call button shows.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct VoiceCall {
    /// Stands on the button: 1 to 20 characters.
    #[garde(length(chars, min = 1, max = 20))]
    pub display_text: Option<String>,
    /// How long the button works: 1 to 43,200 minutes; Meta's default is 10,080.
    #[garde(range(min = 1, max = 43_200))]
    pub ttl_minutes: Option<u32>,
    /// Comes back in the webhook of the call.
    pub payload: Option<String>,
}

/// Asks for a postal address.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct AddressAction {
    /// `address_message`.
    #[garde(custom(exactly("address_message")))]
    pub name: String,
    /// The form itself.
    #[garde(dive)]
    pub parameters: AddressForm,
}

/// The form for a postal address.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct AddressForm {
    /// The country as two capital letters, `IN`.
    #[garde(custom(two_letters))]
    pub country: String,
    /// What the fields already hold.
    pub values: Option<Map<String, Value>>,
    /// Addresses to choose from.
    pub saved_addresses: Option<Vec<Map<String, Value>>>,
    /// What was wrong with the fields the last time.
    pub validation_errors: Option<Map<String, Value>>,
}

fn two_letters(text: &str, _: &()) -> garde::Result {
    let is_country = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    ensure(is_country, || "must be a country as two capital letters".to_owned())
}
