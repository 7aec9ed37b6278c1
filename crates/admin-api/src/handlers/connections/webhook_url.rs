use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, post};

use super::{connection_id, view};
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::connections::ConnectionView;
/// Make a new webhook URL
///
/// The old one leads nowhere from now on: set the new one in the app's dashboard at once.
#[utoipa::path(
    tag = "connections",
    operation_id = "renewWebhookUrl",
    security(("api_key" = ["connections:write"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    responses(
        (status = 200, description = "The connection, with the new URL.", body = ConnectionView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "The connection goes through the platform's app.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/connections/{connection_id}/webhook-url")]
pub(crate) async fn webhook_url(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<ConnectionView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;

    api.connections.renew_webhook_url(by, connection_id).await?;
    Ok(Json(view(&api, by, connection_id).await?))
}
