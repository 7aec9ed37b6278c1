use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, put};
use chrono::TimeDelta;
use domain::field::Object;

use super::{connection_id, read, secret, take, view};
use crate::api::Api;
use crate::connections::AppSecret;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ChangeProblems;
use crate::problem::Problem;
use crate::schema::AppSecretRequest;
use crate::view::connections::ConnectionView;
const HOURS: &str = "old_valid_for_hours";
const DEFAULT_HOURS: u32 = 24;

/// Meta repeats a webhook for 7 days at most, so no old secret is of use for longer
/// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started>).
const MOST_HOURS: u32 = 7 * 24;

/// Give another app secret
///
/// The secret before proves webhooks for `old_valid_for_hours` more, so that nothing is lost
/// while Meta changes over.
#[utoipa::path(
    tag = "connections",
    operation_id = "putAppSecret",
    security(("api_key" = ["connections:write"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    request_body(content = AppSecretRequest),
    responses(
        (status = 200, description = "The connection, with the new secret.", body = ConnectionView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "The connection goes through the platform's app.",
         body = Problem, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[put("/v1/connections/{connection_id}/app-secret")]
pub(crate) async fn put_app_secret(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<ConnectionView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;
    let body = read(&request, payload).await?;
    let (app_secret, old_valid_for) = take(&body, &["app_secret", HOURS], rotation)?;

    api.connections.set_app_secret(by, connection_id, &app_secret, old_valid_for).await?;
    Ok(Json(view(&api, by, connection_id).await?))
}

fn rotation(object: &mut Object<'_>) -> Option<(AppSecret, TimeDelta)> {
    let app_secret = secret(object, "app_secret", AppSecret::parse);
    let hours = object.optional(HOURS).unwrap_or(DEFAULT_HOURS);
    if hours > MOST_HOURS {
        object.refuse(HOURS, format!("must be a whole number from 0 to {MOST_HOURS}"));
        return None;
    }
    Some((app_secret?, TimeDelta::hours(hours.into())))
}
