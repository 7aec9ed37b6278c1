use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, put};
use domain::field::Object;

use super::{connection_id, read, secret, take, view};
use crate::api::Api;
use crate::connections::AccessToken;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::{CallProblems, ChangeProblems};
use crate::problem::Problem;
use crate::schema::AccessTokenRequest;
use crate::view::connections::ConnectionView;
/// Give another access token
///
/// Meta is asked first: a token that does not reach what lies under the connection, or what it
/// claims, is refused, and the old one stays. A good one makes the connection `ACTIVE`, also
/// one that was disconnected, subscribes the app, and what waits is sent.
#[utoipa::path(
    tag = "connections",
    operation_id = "putAccessToken",
    security(("api_key" = ["connections:write"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    request_body(content = AccessTokenRequest),
    responses(
        (status = 200, description = "The connection, with the new token.", body = ConnectionView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "The WABA or the number is connected elsewhere.",
         body = Problem, content_type = "application/problem+json"),
        ChangeProblems,
        CallProblems,
    ),
)]
#[put("/v1/connections/{connection_id}/access-token")]
pub(crate) async fn put_access_token(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<ConnectionView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;
    let body = read(&request, payload).await?;
    let read = |object: &mut Object<'_>| secret(object, "access_token", AccessToken::parse);
    let access_token = take(&body, &["access_token"], read)?;

    api.connections.set_token(by, connection_id, &access_token).await?;
    Ok(Json(view(&api, by, connection_id).await?))
}
