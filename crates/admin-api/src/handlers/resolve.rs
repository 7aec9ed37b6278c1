use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, post};
use domain::delivery::Resolution;
use domain::field::Object;
use store::messages::Resolve;

use super::connections::{read, take};
use super::message_id;
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ChangeProblems;
use crate::problem::Problem;
use crate::resolve::{Reason, say};
use crate::schema::ResolveRequest;
use crate::view::Accepted;

/// Say what became of a message whose fate is unknown
///
/// `sent`: it went out, and is `accepted`. `not_sent`: it did not; it is `queued` again and goes out
/// now, or is `expired` if its deadline has passed. `failed`: it is given up. It stands in the
/// timeline as the word of a person. What Meta reports outweighs it, whichever comes first.
#[utoipa::path(
    tag = "messages",
    operation_id = "resolveMessage",
    security(("api_key" = ["messages:resolve"])),
    params(("message_id" = Uuid, Path, description = "The id that the enqueue answered.")),
    request_body(content = ResolveRequest),
    responses(
        (status = 200, description = "It stands as was said.", body = Accepted),
        (status = 404, description = "The tenant has no such message.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "Its fate is not unknown; `delivery_status` says where it \
                                      stands.",
         body = Problem, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[post("/v1/messages/{message_id}/resolve")]
pub(crate) async fn resolve(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<Accepted>, ApiError> {
    let by = api.authorize(&request, Scope::MessagesResolve).await?.by();
    let message_id = message_id(&request)?;
    let body = read(&request, payload).await?;
    let (resolution, reason) = take(&body, &["as", "reason"], said)?;

    match say(&api.db, by, message_id, resolution, reason).await? {
        Resolve::Resolved(delivery_status) => Ok(Json(Accepted { message_id, delivery_status })),
        Resolve::Stands(status) => Err(ApiError::Known(status)),
        Resolve::Missing => Err(ApiError::NoSuchMessage),
    }
}

fn said(object: &mut Object<'_>) -> Option<(Resolution, Option<Reason>)> {
    let resolution: Option<Resolution> = object.required("as");
    let text: Option<String> = object.optional("reason");
    let reason = text.map(|text| Reason::parse(&text)).transpose();
    let reason = reason.map_err(|detail| object.refuse("reason", detail)).ok()?;
    Some((resolution?, reason))
}
