use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use domain::ids::{MessageId, PhoneNumberId, TenantId};
use serde_json::json;
use store::{acting_for, messages, senders};

use super::{respond, traceparent};
use crate::api::Api;
use crate::auth::Identity;
use crate::body;
use crate::enqueue::{Answer, Batch};
use crate::error::ApiError;
use crate::idempotency::Claim;
use crate::keys::Scope;
use crate::notify::{Notification, Notified, patience, verdict};
use crate::schema::NotifyRequest;

/// How many numbers are named to a caller who has to choose one.
const NAMED: i64 = 10;

/// Send a template to one person
///
/// A template in a few fields. The phone number may be written as people do (spaces, dashes,
/// brackets, `00`), and must have its calling code. The answer comes when the message is safely
/// stored; with `wait` it comes when Meta has answered, and at the latest after that time, then with
/// 200 and where the message stands.
///
/// Every answer has the form `{"message", "error"}` and one of the statuses 200, 400, 401 and 500.
/// 401 is a missing or wrong API key, or an access token that Meta does not take (any more).
#[utoipa::path(
    tag = "notify",
    operation_id = "notify",
    security(("api_key" = ["messages:write"])),
    params(
        ("wait" = Option<String>, Query,
         description = "Waits for Meta's answer: `true` (30 seconds) or seconds from 1 to 30."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
         description = "As for `POST /v1/messages`."),
    ),
    request_body(
        content = NotifyRequest,
        description = "At most 1 MiB.",
        example = json!({
            "phoneNumber": "+972546800360",
            "templateName": "jaspers_market_image_cta_v1",
            "languageCode": "en_US",
            "headerParameters": {
                "type": "image", "image": {"link": "https://example.com/image.jpg"},
            },
            "templateParameters": [{"type": "text", "text": "Variable #1"}],
        }),
    ),
    responses(
        (status = 200, description = "It is queued; or, with `wait`, what Meta has answered.",
         body = Notified),
        (status = 400, description = "The request or the message is wrong; `message` says what to do.",
         body = Notified),
        (status = 401, description = "The API key is missing or wrong, or Meta takes the access \
                                      token no more.", body = Notified),
        (status = 500, description = "Trouble of ours, of Meta's, or of the WhatsApp account.",
         body = Notified),
    ),
)]
#[post("/v1/whatsapp/notify")]
pub(crate) async fn notify(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesWrite).await?;
    let body = body::read(&request, payload, body::MESSAGE_BYTES).await?;
    let patience = patience(request.query_string())?;
    let claim = Claim::of(&request, tenant_id, &body)?;

    let now = runtime::now();
    let body = serde_json::from_slice(&body).map_err(|error| ApiError::unreadable(&error))?;
    let notification =
        Notification::read(&body, api.default_recipient.as_ref()).map_err(ApiError::WrongFields)?;
    let from = match &notification.from {
        Some(from) => from.clone(),
        None => only_number(&api, tenant_id).await?,
    };
    let enqueue = notification.enqueue(&from, now).map_err(ApiError::WrongFields)?;
    let trace = traceparent(&request);
    let batch = Batch::new(vec![Ok(enqueue)], tenant_id, trace.as_deref(), now);
    let mut answer = api.enqueue(batch, claim.as_ref(), now, queued).await?;
    if let (Some(patience), Some(message_id)) = (patience, message_of(&answer)) {
        api.watch.settled(message_id, patience).await;
        let (status, notified) = what_became(&api, tenant_id, message_id).await?;
        answer = Answer { status, body: json!(notified), ..answer };
    }
    Ok(respond(&answer))
}

fn queued(items: Vec<Result<MessageId, ApiError>>) -> Result<Answer, ApiError> {
    let item = items.into_iter().next().unwrap_or(Err(ApiError::NoSuchMessage));
    Ok(Answer::new(StatusCode::OK.as_u16(), json!(Notified::queued(item?))))
}

/// The message that was answered, perhaps to an earlier request.
fn message_of(answer: &Answer) -> Option<MessageId> {
    answer.body.get("messageId")?.as_str()?.parse().ok()
}

/// The number of a tenant that has only one.
async fn only_number(api: &Api, tenant_id: TenantId) -> Result<PhoneNumberId, ApiError> {
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let numbers = senders::numbers_of(&acting, tenant_id, NAMED).await?;
    match numbers.as_slice() {
        [number] => Ok(number.clone()),
        [] => {
            Err(ApiError::field("/from", "cannot be chosen: there is no number to send from yet"))
        }
        numbers => {
            let numbers: Vec<&str> = numbers.iter().map(PhoneNumberId::as_str).collect();
            let detail = format!(
                "is required, since there are several numbers to send from; it is the \
                 phone_number_id of one, such as {}",
                numbers.join(", ")
            );
            Err(ApiError::field("/from", detail))
        }
    }
}

async fn what_became(
    api: &Api,
    tenant_id: TenantId,
    message_id: MessageId,
) -> Result<(u16, Notified), ApiError> {
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let found = messages::find(&acting, tenant_id, message_id).await?;
    let message = found.ok_or(ApiError::NoSuchMessage)?;
    let number = &message.summary.phone_number_id;
    let blocked = senders::blocked_reason(&acting, tenant_id, number).await?;
    Ok(verdict(&message, blocked.as_deref()))
}
