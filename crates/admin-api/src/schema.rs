//! What requests look like, for the API document. Bodies are read by `domain`, which says where
//! each field is wrong; a test keeps the two from drifting apart.

mod callers;
mod connections;
mod webhook_events;

pub(crate) use self::callers::{
    ApiKeyRequest, AuditParameters, MemberRequest, NotificationParameters, RoleRequest, role,
    role_or_null, scopes,
};
pub(crate) use self::connections::{
    AccessTokenRequest, AppSecretRequest, LabelRequest, OwnAppRequest, VerifyTokenRequest,
};
pub(crate) use self::webhook_events::{ReplayRequest, WebhookEventParameters};

use chrono::{DateTime, Utc};
use domain::delivery::{DeliveryStatus, Resolution};
use domain::lane::{Lane, OnUnknown, WaitingReason};
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};

/// A message to send: Meta's message object and a few fields of ours. Exactly one content object,
/// named as its `type`. Fields that are not listed are refused.
///
/// The content objects are Meta's own, as described at
/// <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>, and are checked
/// against Meta's limits.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `domain` reads")]
pub(crate) struct MessageRequest {
    /// The `phone_number_id` of the number to send from.
    #[schema(example = "106540352242922", pattern = "^[0-9]{1,32}$")]
    from: String,
    /// The phone number of the recipient: `+` and E.164 digits, or digits that are a valid
    /// international number. Required unless `recipient` is given; wins over it.
    #[schema(example = "+14155552671")]
    to: Option<String>,
    /// The business-scoped user id of the recipient.
    recipient: Option<String>,
    /// Meta's type of message; may be left out, since there is only one content object.
    #[schema(example = "text")]
    r#type: Option<String>,
    /// Plain text: `body`, at most 4,096 characters, and `preview_url`.
    text: Option<Object>,
    /// A picture: `id` or `link`, and `caption`.
    image: Option<Object>,
    /// A film: `id` or `link`, and `caption`.
    video: Option<Object>,
    /// A sound or a voice message: `id` or `link`.
    audio: Option<Object>,
    /// A file: `id` or `link`, `caption` and `filename`.
    document: Option<Object>,
    /// A sticker: `id` or `link`.
    sticker: Option<Object>,
    /// A place: `latitude`, `longitude`, `name` and `address`.
    location: Option<Object>,
    /// Address-book cards.
    contacts: Option<Vec<Object>>,
    /// An emoji on an earlier message: `message_id` and `emoji`.
    reaction: Option<Object>,
    /// Buttons, lists, flows, products and the like.
    interactive: Option<Object>,
    /// An approved template: `name`, `language` and `components`.
    template: Option<Object>,
    /// The message that is replied to: `message_id`, a wamid.
    context: Option<Object>,
    /// The lane it goes through, `normal` when not given.
    #[schema(schema_with = lane)]
    lane: Option<Lane>,
    /// What to do when Meta's answer to the send is lost: wait for proof (`hold`), send again
    /// (`retry`; it may then arrive twice), or give up (`fail`). Default `retry` for the lane
    /// `urgent`, else `hold`.
    #[schema(schema_with = on_unknown)]
    on_unknown: Option<OnUnknown>,
    /// After this the message is not sent: RFC 3339 or Unix seconds, at most 30 days ahead. Default
    /// 10 minutes in the lane `urgent`, else 7 days.
    expires_at: Option<DateTime<Utc>>,
    /// Not to be sent before this; default at once.
    not_before: Option<DateTime<Utc>>,
    /// A value of the caller's own, stored and shown; Meta does not get it. At most 512 characters.
    biz_opaque_callback_data: Option<String>,
    /// Meta's check that the recipient is still the same person.
    recipient_identity_key_hash: Option<String>,
    /// `whatsapp`; may be left out.
    messaging_product: Option<String>,
    /// `individual`; may be left out.
    recipient_type: Option<String>,
}

/// Messages to send.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `body::items` reads")]
pub(crate) struct BatchRequest {
    /// The messages, each as for a single request.
    #[schema(min_items = 1, max_items = 1000)]
    messages: Vec<MessageRequest>,
}

/// What became of a message whose fate is unknown.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::resolve` reads")]
pub(crate) struct ResolveRequest {
    /// `sent`: it went out. `not_sent`: it did not, and shall. `failed`: it is given up.
    #[schema(schema_with = resolution)]
    r#as: String,
    /// How you know; shown in the timeline. At most 500 characters.
    #[schema(example = "the customer has it on their phone")]
    reason: Option<String>,
}

/// A template to send to one person.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes what `notify::request` reads")]
pub(crate) struct NotifyRequest {
    /// The recipient with calling code; spaces, dashes and brackets do not matter, and `00` stands for
    /// `+`. Without it the message goes to `WHATSAPP_DEFAULT_RECIPIENT`, if that is set.
    #[schema(example = "+972546800360")]
    phone_number: Option<String>,
    /// The name of an approved template.
    #[schema(example = "jaspers_market_image_cta_v1")]
    template_name: String,
    /// The code of one of its languages, exactly as in WhatsApp Manager.
    #[schema(example = "en_US")]
    language_code: String,
    /// What fills the header, as in Meta's message object: `{"type": "image", "image": {"link"}}`, also
    /// `video`, `document` and `text`; by itself or as the only entry of a list.
    header_parameters: Option<Object>,
    /// What fills the places of the body, in their order: `{"type": "text", "text"}`, also `currency`
    /// and `date_time`.
    template_parameters: Option<Vec<Object>>,
    /// The `phone_number_id` of the number to send from; needed when there are several.
    #[schema(example = "106540352242922")]
    from: Option<String>,
}

/// A message for the Cloud API: Meta's message object, checked as for `POST /v1/messages`; the number that
/// sends stands in the path. Or a receipt: `status` and `message_id`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `graph::send` reads")]
pub(crate) struct GraphMessage {
    /// `whatsapp`.
    messaging_product: String,
    /// The phone number of the recipient.
    #[schema(example = "+14155552671")]
    to: Option<String>,
    /// Meta's type of message; the object of that name stands beside it.
    #[schema(example = "text")]
    r#type: Option<String>,
    /// `read`, in a receipt.
    status: Option<String>,
    /// The message that was read, in a receipt.
    message_id: Option<String>,
    /// `{"type": "text"}`, in a receipt: an answer is being written.
    typing_indicator: Option<Object>,
}

/// Meta's answer to a send.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `graph::send` writes")]
pub(crate) struct GraphSent {
    /// `whatsapp`.
    messaging_product: String,
    /// The recipient: `input` as it was written, and `wa_id` or `user_id`.
    contacts: Vec<Object>,
    /// One message: `id`, our message id, and `message_status`.
    messages: Vec<Object>,
}

/// Meta's shape of an error.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `graph::refusal` writes")]
pub(crate) struct GraphError {
    /// `message`, `type`, `code`, `error_subcode`, `error_data` with `details`, and `fbtrace_id`.
    error: Object,
}

/// Which messages a list shows. Another parameter is refused.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `query::page` reads")]
pub(crate) struct ListParameters {
    /// How many messages a page holds, default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u8>,
    /// `next` of the page before; to be sent with the same filters.
    cursor: Option<String>,
    /// Only in this state.
    #[param(schema_with = delivery_status)]
    status: Option<DeliveryStatus>,
    /// Only from the number with this `phone_number_id`.
    from: Option<String>,
    /// Only to this phone number or business-scoped user id.
    to: Option<String>,
    /// Only through this lane.
    #[param(schema_with = lane)]
    lane: Option<Lane>,
    /// Only accepted at or after this instant (RFC 3339, compared by the millisecond).
    created_from: Option<DateTime<Utc>>,
    /// Only accepted before this instant.
    created_until: Option<DateTime<Utc>>,
}

pub(crate) fn lane() -> Object {
    let meaning = "The queue it goes through: a full one never starves the one before it.";
    words(meaning, Lane::ALL.iter().map(|word| word.as_str())).build()
}

pub(crate) fn on_unknown() -> Object {
    let meaning = "What to do when Meta's answer to the send is lost: wait for proof (`hold`), send \
                   again (`retry`; it may then arrive twice), or give up (`fail`). Default `retry` \
                   in the lane `urgent`, else `hold`.";
    words(meaning, OnUnknown::ALL.iter().map(|word| word.as_str())).build()
}

pub(crate) fn waiting_reason() -> Object {
    let words = words("Why it waits.", WaitingReason::ALL.iter().map(|word| word.as_str()));
    words.build()
}

pub(crate) fn waiting_reason_or_null() -> Object {
    let meaning = "Why it waits; null when it does not, or only for its turn.";
    let reasons = WaitingReason::ALL.iter().map(|word| Value::from(word.as_str()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(reasons.chain([Value::Null]).collect::<Vec<_>>()))
        .description(Some(meaning))
        .build()
}

pub(crate) fn delivery_status() -> Object {
    let meaning = "Where the message stands.";
    words(meaning, DeliveryStatus::ALL.iter().map(|word| word.as_str())).build()
}

pub(crate) fn resolution() -> Object {
    let meaning = "What a person says became of the message.";
    words(meaning, Resolution::ALL.iter().map(|word| word.as_str())).build()
}

fn words(meaning: &str, words: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .enum_values(Some(words.collect::<Vec<_>>()))
        .description(Some(meaning))
}
