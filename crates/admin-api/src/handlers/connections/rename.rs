use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, patch};

use super::{connection_id, label, read, take, view};
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ChangeProblems;
use crate::problem::Problem;
use crate::schema::LabelRequest;
use crate::view::connections::ConnectionView;
/// Rename a connection
///
/// Gives it another label. Credentials have routes of their own.
#[utoipa::path(
    tag = "connections",
    operation_id = "renameConnection",
    security(("api_key" = ["connections:write"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    request_body(content = LabelRequest),
    responses(
        (status = 200, description = "The connection.", body = ConnectionView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[patch("/v1/connections/{connection_id}")]
pub(crate) async fn rename(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<ConnectionView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;
    let body = read(&request, payload).await?;
    let label = take(&body, &["label"], label)?;

    api.connections.rename(by, connection_id, &label).await?;
    Ok(Json(view(&api, by, connection_id).await?))
}
