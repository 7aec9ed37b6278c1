use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use domain::delivery::DeliveryStatus;
use domain::field::FieldError;
use domain::ids::MessageId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::{problem, schema};

/// What a notification is answered, whether it worked or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notified {
    /// What happened and, where something has to be done, what; for a person.
    #[schema(example = "The message is queued.")]
    pub(crate) message: String,
    /// What exactly is wrong; null when nothing is.
    #[schema(required)]
    pub(crate) error: Option<String>,
    /// The message, for `GET /v1/messages/{message_id}`; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub(crate) message_id: Option<MessageId>,
    /// Where the message stands; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::delivery_status)]
    pub(crate) delivery_status: Option<DeliveryStatus>,
}

impl Notified {
    pub(crate) fn queued(message_id: MessageId) -> Self {
        Self {
            message: "The message is queued.".to_owned(),
            error: None,
            message_id: Some(message_id),
            delivery_status: Some(DeliveryStatus::Queued),
        }
    }
}

/// A refusal of ours in this form: 400, 401 or 500, as its callers know them.
pub(crate) fn refusal(error: &ApiError) -> HttpResponse {
    let row = error.row();
    let mut response = HttpResponse::build(match row.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StatusCode::UNAUTHORIZED,
        status if status.is_server_error() => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    });
    if let Some(challenge) = problem::challenge(error) {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    let message = match error {
        ApiError::WrongFields(fields) => sentence(&in_words(fields)),
        other => sentence(&other.to_string()),
    };
    let error = Some(format!("{}: {}", row.name, row.title));
    response.json(Notified { message, error, message_id: None, delivery_status: None })
}

/// The fields as the caller wrote them, and what is allowed there.
fn in_words(fields: &[FieldError]) -> String {
    let fields = fields.iter().map(|field| {
        let name = field.pointer.trim_start_matches('/').replace('/', ".");
        let name = if name.is_empty() { "the body" } else { &name };
        format!("{name} {}", field.detail)
    });
    fields.collect::<Vec<_>>().join("; ")
}

/// With a full stop.
pub(super) fn sentence(words: &str) -> String {
    format!("{}.", words.trim_end_matches('.'))
}
