use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, post};

use super::assets::stored;
use super::connection_id;
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::{CallProblems, ReadProblems};
use crate::problem::Problem;
use crate::view::assets::AssetsView;
/// Refresh granted assets
///
/// Reads all accounts of the connection from Meta: a number that was added there is added here,
/// and what is not granted any more is marked.
#[utoipa::path(
    tag = "connections",
    operation_id = "refreshAssets",
    security(("api_key" = ["connections:write"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    responses(
        (status = 200, description = "The assets, as Meta told now.", body = AssetsView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "The connection has no access token.", body = Problem,
         content_type = "application/problem+json"),
        (status = 422, description = "Meta refuses the access token.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
        CallProblems,
    ),
)]
#[post("/v1/connections/{connection_id}/assets/refresh")]
pub(crate) async fn refresh(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<AssetsView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;

    api.connections.refresh(by, connection_id).await?;
    Ok(Json(stored(&api, by, connection_id).await?))
}
