use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};

use super::{connection_id, view};
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::connections::ConnectionView;
/// Show a connection
///
/// Secrets are never shown: only their fingerprints and dates.
#[utoipa::path(
    tag = "connections",
    operation_id = "getConnection",
    security(("api_key" = ["connections:read"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    responses(
        (status = 200, description = "The connection.", body = ConnectionView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/connections/{connection_id}")]
pub(crate) async fn show(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<ConnectionView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsRead).await?.by();
    let connection_id = connection_id(&request)?;

    Ok(Json(view(&api, by, connection_id).await?))
}
