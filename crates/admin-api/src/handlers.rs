//! One file for each route.

pub(crate) mod api_keys;
pub(crate) mod audit_log;
pub(crate) mod cancel;
pub(crate) mod connections;
pub(crate) mod docs;
pub(crate) mod enqueue;
pub(crate) mod enqueue_batch;
pub(crate) mod fallback;
pub(crate) mod get;
pub(crate) mod graph_media;
pub(crate) mod graph_messages;
pub(crate) mod graph_read;
pub(crate) mod list;
pub(crate) mod me;
pub(crate) mod members;
pub(crate) mod notifications;
pub(crate) mod notify;
pub(crate) mod resolve;
pub(crate) mod signups;
pub(crate) mod webhook_events;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use domain::ids::{MessageId, PhoneNumberId};

use crate::enqueue::Answer;
use crate::error::ApiError;

/// The message that the path names.
fn message_id(request: &HttpRequest) -> Result<MessageId, ApiError> {
    let text = request.match_info().query("message_id");
    text.parse().map_err(|_| ApiError::NoSuchMessage)
}

/// The number that the path names.
fn phone_number_id(request: &HttpRequest) -> Result<PhoneNumberId, ApiError> {
    let text = request.match_info().query("phone_number_id");
    text.parse().map_err(|_| ApiError::NoSuchNode)
}

/// The trace of the request, for the rows and jobs that it makes.
fn traceparent(request: &HttpRequest) -> Option<String> {
    let sent = || request.headers().get("traceparent")?.to_str().ok();
    crate::trace::current_or(sent())
}

fn respond(answer: &Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if answer.is_replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.json(&answer.body)
}
