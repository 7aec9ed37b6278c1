use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use domain::ids::{MessageId, PhoneNumberId};
use graph_api::client::GraphPath;
use store::senders::Node;

use super::{phone_number_id, respond, traceparent};
use crate::api::Api;
use crate::auth::Identity;
use crate::body;
use crate::enqueue::{Answer, Batch};
use crate::error::ApiError;
use crate::graph::{Asking, Post, pass_on, sent};
use crate::idempotency::Claim;
use crate::keys::Scope;
use crate::openapi::GraphProblems;
use crate::schema::{GraphMessage, GraphSent};

/// Send a message, as to the Cloud API
///
/// For clients written for Meta's Cloud API: base URL and token are all that changes, the token being
/// an API key. The message is queued, limited and followed like every other; the answer has Meta's
/// shape with our `message_id` as the id. Meta's wamid is told by `GET /v1/messages/{message_id}`.
///
/// A body with `"status": "read"` (mark as read, typing indicator) goes to Meta at once, and is answered
/// by Meta.
#[utoipa::path(
    tag = "graph",
    operation_id = "graphMessages",
    security(("api_key" = ["messages:write"])),
    params(
        ("version" = String, Path, description = "A version of the Graph API, such as `v25.0`."),
        ("phone_number_id" = String, Path, description = "The number that sends."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
         description = "As for `POST /v1/messages`."),
    ),
    request_body(
        content = GraphMessage,
        description = "At most 1 MiB.",
        example = json!({
            "messaging_product": "whatsapp",
            "to": "+14155552671",
            "type": "text",
            "text": {"body": "Your table is ready."},
        }),
    ),
    responses(
        (status = 200, description = "The message is stored and on its way.", body = GraphSent),
        GraphProblems,
    ),
)]
#[post(r"/{version:v\d+\.\d+}/{phone_number_id:\d+}/messages")]
pub(crate) async fn graph_messages(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesWrite).await?;
    let from: PhoneNumberId = phone_number_id(&request)?;
    let body = body::read(&request, payload, body::MESSAGE_BYTES).await?;
    let claim = Claim::of(&request, tenant_id, &body)?;

    let now = runtime::now();
    let body = serde_json::from_slice(&body).map_err(|error| ApiError::unreadable(&error))?;
    let message = match Post::read(body, &from, now).map_err(ApiError::WrongFields)? {
        Post::Message(message) => message,
        Post::Receipt(receipt) => {
            let path: GraphPath =
                format!("{from}/messages").parse().map_err(|_| ApiError::NoSuchNode)?;
            let node = (Node::PhoneNumber, from.as_str());
            return pass_on(&api, tenant_id, node, async |Asking { graph, token, .. }| {
                graph.post(&path, receipt, token).await
            })
            .await;
        }
    };
    let (input, recipient) = (message.input, message.enqueue.recipient.clone());
    let trace = traceparent(&request);
    let batch = Batch::new(vec![Ok(message.enqueue)], tenant_id, trace.as_deref(), now);
    let answer = |items: Vec<Result<MessageId, ApiError>>| match items.as_slice() {
        [Ok(message_id)] => {
            Ok(Answer::new(StatusCode::OK.as_u16(), sent(&input, &recipient, *message_id)))
        }
        // All that an insert can refuse is the sender.
        _ => Err(ApiError::NoSuchNode),
    };
    Ok(respond(&api.enqueue(batch, claim.as_ref(), now, answer).await?))
}
