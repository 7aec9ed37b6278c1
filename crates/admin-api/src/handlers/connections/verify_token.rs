use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, put};

use super::{connection_id, read, secret, take};
use crate::api::Api;
use crate::connections::VerifyToken;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ChangeProblems;
use crate::problem::Problem;
use crate::schema::VerifyTokenRequest;
use crate::view::connections::VerifyTokenView;
const FIELD: &str = "verify_token";

/// Give another verify token
///
/// The one that is given; or with an empty object a new one, which is shown this once.
#[utoipa::path(
    tag = "connections",
    operation_id = "putVerifyToken",
    security(("api_key" = ["connections:write"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    request_body(content = VerifyTokenRequest),
    responses(
        (status = 200, description = "The token, if we made it.", body = VerifyTokenView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "The connection goes through the platform's app.",
         body = Problem, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[put("/v1/connections/{connection_id}/verify-token")]
pub(crate) async fn put_verify_token(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<VerifyTokenView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;
    let body = read(&request, payload).await?;
    let given = take(&body, &[FIELD], |object| match object.raw(FIELD) {
        None => Some(None),
        Some(_) => secret(object, FIELD, VerifyToken::parse).map(Some),
    })?;

    let made = api.connections.set_verify_token(by, connection_id, given.as_ref()).await?;
    Ok(Json(VerifyTokenView { verify_token: made }))
}
