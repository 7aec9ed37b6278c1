use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, delete};

use super::{connection_id, view};
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::connections::ConnectionView;
/// Disconnect
///
/// The app hears of its accounts no more, the token is forgotten, messages that are queued
/// wait, and the app's webhooks prove nothing. History stays. A new access token connects it
/// again.
#[utoipa::path(
    tag = "connections",
    operation_id = "disconnect",
    security(("api_key" = ["connections:write"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    responses(
        (status = 200, description = "It is disconnected.", body = ConnectionView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[delete("/v1/connections/{connection_id}")]
pub(crate) async fn disconnect(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<ConnectionView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;

    api.connections.disconnect(by, connection_id).await?;
    Ok(Json(view(&api, by, connection_id).await?))
}
