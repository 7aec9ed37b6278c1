use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, Utc};
use domain::enqueue::Enqueue;
use domain::ids::MessageId;
use serde_json::json;
use serde_json::value::RawValue;

use super::{respond, traceparent};
use crate::api::Api;
use crate::auth::Identity;
use crate::body;
use crate::enqueue::{Answer, Batch};
use crate::error::ApiError;
use crate::idempotency::Claim;
use crate::keys::Scope;
use crate::metrics::Entrance;
use crate::openapi::EnqueueProblems;
use crate::problem::Problem;
use crate::schema::BatchRequest;
use crate::view::{ItemResult, Results};

/// Enqueue up to 1,000 messages
///
/// Every item is judged by itself: one that is wrong gets its problem, and the others are
/// enqueued. The pointers of a problem are those of its item.
///
/// With an `Idempotency-Key` the answer is kept when at least one item was accepted.
#[utoipa::path(
    tag = "messages",
    operation_id = "enqueueBatch",
    security(("api_key" = ["messages:write"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
         description = "As for a single message; the key stands for the whole batch."),
    ),
    request_body(content = BatchRequest, description = "At most 16 MiB."),
    responses(
        (status = 200, description = "What became of each item.", body = Results,
         headers(("Idempotent-Replayed" = String,
                  description = "`true` when this is the answer to an earlier request with the \
                                 same key."))),
        EnqueueProblems,
    ),
)]
#[post("/v1/messages/batch")]
pub(crate) async fn enqueue_batch(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesWrite).await?;
    let body = body::read(&request, payload, body::BATCH_BYTES).await?;
    let claim = Claim::of(&request, tenant_id, &body)?;

    let now = runtime::now();
    let items = body::items(&body)?;
    let requests = items.into_iter().map(|item| parse(item, now)).collect();
    let trace = traceparent(&request);
    let batch = Batch::new(requests, tenant_id, trace.as_deref(), now);
    let answer = api.enqueue(batch, claim.as_ref(), now, |items| Ok(answer(&api, items))).await?;
    Ok(respond(&answer))
}

fn parse(item: &RawValue, now: DateTime<Utc>) -> Result<Enqueue, ApiError> {
    let body = serde_json::from_str(item.get()).map_err(|error| ApiError::unreadable(&error))?;
    Enqueue::parse(&body, now).map_err(ApiError::WrongFields)
}

fn answer(api: &Api, items: Vec<Result<MessageId, ApiError>>) -> Answer {
    let results = items.into_iter().enumerate().map(|(index, item)| match item {
        Ok(message_id) => ItemResult::Accepted { index, message_id },
        Err(error) => {
            api.metrics.refused(Entrance::Http, error.row().name);
            ItemResult::Refused { index, error: Problem::of(&error, None) }
        }
    });
    Answer::new(200, json!(Results { results: results.collect() }))
}
