use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};

use super::connection_id;
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::connections::DiagnosisView;
/// Diagnose a connection
///
/// Runs every check behind the common symptoms, at Meta and in our own rows: each says what it
/// saw and what to do. Changes nothing.
#[utoipa::path(
    tag = "connections",
    operation_id = "diagnoseConnection",
    security(("api_key" = ["connections:read"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    responses(
        (status = 200, description = "What each check found.", body = DiagnosisView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/connections/{connection_id}/diagnosis")]
pub(crate) async fn diagnosis(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<DiagnosisView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsRead).await?.by();
    let connection_id = connection_id(&request)?;

    Ok(Json(api.connections.diagnose(by, connection_id).await?.into()))
}
