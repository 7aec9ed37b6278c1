use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};
use store::{acting_for, messages};

use super::message_id;
use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::MessageDetails;

/// Show a message and all that happened to it
///
/// The timeline holds the enqueue, each wait with its reason, each attempt with Meta's answer, and
/// each status.
#[utoipa::path(
    tag = "messages",
    operation_id = "getMessage",
    security(("api_key" = ["messages:read"])),
    params(("message_id" = Uuid, Path, description = "The id that the enqueue answered.")),
    responses(
        (status = 200, description = "The message.", body = MessageDetails),
        (status = 404, description = "The tenant has no such message.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/messages/{message_id}")]
pub(crate) async fn get(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<MessageDetails>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesRead).await?;
    let message_id = message_id(&request)?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let message = messages::find(&acting, tenant_id, message_id).await?;
    Ok(Json(message.ok_or(ApiError::NoSuchMessage)?.into()))
}
