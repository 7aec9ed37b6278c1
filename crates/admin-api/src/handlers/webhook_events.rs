//! What Meta has posted.

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, get, post};
use chrono::{DateTime, Utc};
use domain::field::Object;
use domain::ids::EventId;
use store::acting_for;
use store::webhook_events::{self, Stretch};

use super::connections::{read, take};
use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::openapi::{ChangeProblems, ReadProblems};
use crate::problem::Problem;
use crate::schema::{ReplayRequest, WebhookEventParameters};
use crate::scope::Scope;
use crate::view::webhook_events::{Replay, WebhookEvent, WebhookEventList};
use crate::{cursor, query};

/// List what Meta has posted, newest first
///
/// Every POST that concerns the tenant, repeats and refused ones too; of the last 24 hours, if
/// nothing else is asked. Bodies are never shown: they hold what people write and their numbers.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "listWebhookEvents",
    security(("api_key" = ["webhooks:read"])),
    params(WebhookEventParameters),
    responses(
        (status = 200, description = "A page.", body = WebhookEventList),
        (status = 400, description = "A parameter is wrong or unknown.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/webhook-events")]
pub(crate) async fn list(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<WebhookEventList>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::WebhooksRead).await?;
    let page = query::webhook_events::page(request.query_string(), runtime::now())?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let limit = query::one_more(page.limit);
    let rows = webhook_events::list(&acting, tenant_id, &page.filter, limit).await?;
    let (rows, next) = query::cut(rows, page.limit, |row| row.event_id.as_uuid());
    Ok(Json(WebhookEventList { data: rows.into_iter().map(WebhookEvent::from).collect(), next }))
}

/// Show one POST of Meta's
///
/// All that is known of it, but for its body.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "getWebhookEvent",
    security(("api_key" = ["webhooks:read"])),
    params(("event_id" = Uuid, Path, description = "The id that the list tells.")),
    responses(
        (status = 200, description = "The POST.", body = WebhookEvent),
        (status = 404, description = "No such POST concerns the tenant.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/webhook-events/{event_id}")]
pub(crate) async fn get(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<WebhookEvent>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::WebhooksRead).await?;
    let event_id = event_id(&request)?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let found = webhook_events::find(&acting, tenant_id, event_id).await?;
    Ok(Json(found.ok_or(ApiError::NoSuchWebhookEvent)?.into()))
}

/// Replay one POST of Meta's
///
/// Its stored body is read once more by today's code, within what its signature proved. Doing it
/// again changes nothing. One that was refused is never replayed.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "replayWebhookEvent",
    security(("api_key" = ["webhooks:write"])),
    params(("event_id" = Uuid, Path, description = "The id that the list tells.")),
    responses(
        (status = 200, description = "It is on its way.", body = Replay),
        (status = 404, description = "No such POST concerns the tenant.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "It was refused, or nothing in it is the tenant's any more.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/webhook-events/{event_id}/replay")]
pub(crate) async fn replay_one(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<Replay>, ApiError> {
    let by = api.authorize(&request, Scope::WebhooksWrite).await?.by();

    api.replayer.one(by, event_id(&request)?).await?;
    Ok(Json(Replay { replayed: 1, next: None }))
}

/// Replay what Meta has posted in a stretch of time
///
/// The oldest first, at most 500 at a call: with `next` as `cursor` the same stretch goes on. What
/// was refused is left out.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "replayWebhookEvents",
    security(("api_key" = ["webhooks:write"])),
    request_body(content = ReplayRequest, example = json!({
        "since": "2026-01-02T03:00:00Z", "until": "2026-01-02T04:00:00Z",
    })),
    responses(
        (status = 200, description = "They are on their way.", body = Replay),
        ChangeProblems,
    ),
)]
#[post("/v1/webhook-events/replay")]
pub(crate) async fn replay_stretch(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<Replay>, ApiError> {
    let by = api.authorize(&request, Scope::WebhooksWrite).await?.by();
    let body = read(&request, payload).await?;
    let stretch = take(&body, &["since", "until", "cursor"], stretch)?;

    let replayed = api.replayer.between(by, stretch).await?;
    let next = replayed.next.map(|last| cursor::encode(last.as_uuid()));
    Ok(Json(Replay { replayed: replayed.events, next }))
}

fn event_id(request: &HttpRequest) -> Result<EventId, ApiError> {
    request.match_info().query("event_id").parse().map_err(|_| ApiError::NoSuchWebhookEvent)
}

fn stretch(object: &mut Object<'_>) -> Option<Stretch> {
    let since: Option<String> = object.required("since");
    let until: Option<String> = object.optional("until");
    let cursor: Option<String> = object.optional("cursor");
    let since = since.and_then(|text| instant(object, "since", &text));
    let until = match until {
        Some(text) => instant(object, "until", &text),
        None => Some(runtime::now()),
    };
    let after = match cursor {
        Some(text) => {
            let last = query::before(&text).map_err(|detail| object.refuse("cursor", detail));
            Some(last.ok().map(EventId::from_uuid)?)
        }
        None => None,
    };
    Some(Stretch { since: since?, until: until?, after })
}

fn instant(object: &mut Object<'_>, field: &str, text: &str) -> Option<DateTime<Utc>> {
    query::instant(text).map_err(|detail| object.refuse(field, detail)).ok()
}
