use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use domain::delivery::DeliveryStatus;
use domain::enqueue::Enqueue;
use domain::ids::MessageId;
use serde_json::json;

use super::{respond, traceparent};
use crate::api::Api;
use crate::auth::Identity;
use crate::body;
use crate::enqueue::{Answer, Batch};
use crate::error::ApiError;
use crate::idempotency::Claim;
use crate::keys::Scope;
use crate::openapi::EnqueueProblems;
use crate::schema::MessageRequest;
use crate::view::Accepted;

/// Enqueue a message
///
/// Takes Meta's own message object, so that a body written for the Cloud API works as it stands,
/// with `from` and a few fields of ours beside it. The answer comes as soon as the message is safely
/// stored; what becomes of it is told by `GET /v1/messages/{message_id}`.
///
/// 400 is a body that is no JSON; 422 is JSON in which fields are wrong, all of them listed.
#[utoipa::path(
    tag = "messages",
    operation_id = "enqueueMessage",
    security(("api_key" = ["messages:write"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
         description = "Makes repeating safe, per tenant, for 24 hours: the same request is \
                        answered the same without being done again. Visible ASCII characters."),
    ),
    request_body(
        content = MessageRequest,
        description = "At most 1 MiB.",
        examples(
            ("text" = (
                summary = "A text, possible within 24 hours after the person has written",
                value = json!({
                    "from": "106540352242922",
                    "to": "+14155552671",
                    "type": "text",
                    "text": {"body": "Your table is ready.", "preview_url": false},
                }),
            )),
            ("template" = (
                summary = "A template: a one-time password in the urgent lane",
                value = json!({
                    "from": "106540352242922",
                    "to": "+14155552671",
                    "lane": "urgent",
                    "type": "template",
                    "template": {
                        "name": "login_code",
                        "language": {"code": "en_US"},
                        "components": [
                            {"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
                            {
                                "type": "button",
                                "sub_type": "url",
                                "index": "0",
                                "parameters": [{"type": "text", "text": "123456"}],
                            },
                        ],
                    },
                }),
            )),
        ),
    ),
    responses(
        (status = 202, description = "The message is stored and on its way.", body = Accepted,
         headers(("Idempotent-Replayed" = String,
                  description = "`true` when this is the answer to an earlier request with the \
                                 same key."))),
        EnqueueProblems,
    ),
)]
#[post("/v1/messages")]
pub(crate) async fn enqueue(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesWrite).await?;
    let body = body::read(&request, payload, body::MESSAGE_BYTES).await?;
    let claim = Claim::of(&request, tenant_id, &body)?;

    let now = runtime::now();
    let body = serde_json::from_slice(&body).map_err(|error| ApiError::unreadable(&error))?;
    let enqueue = Enqueue::parse(&body, now).map_err(ApiError::WrongFields);
    let trace = traceparent(&request);
    let batch = Batch::new(vec![enqueue], tenant_id, trace.as_deref(), now);
    let answer = api.enqueue(batch, claim.as_ref(), now, answer).await?;
    Ok(respond(&answer))
}

fn answer(items: Vec<Result<MessageId, ApiError>>) -> Result<Answer, ApiError> {
    let mut answer = Err(ApiError::NoSuchMessage);
    for item in items {
        let accepted = Accepted { message_id: item?, delivery_status: DeliveryStatus::Queued };
        answer = Ok(Answer::new(202, json!(accepted)));
    }
    answer
}
