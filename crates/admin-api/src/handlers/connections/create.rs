use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use domain::field::Object;
use secrecy::ExposeSecret;

use super::{label, read, secret, take, view};
use crate::api::Api;
use crate::connections::{AccessToken, AppSecret, OwnApp, VerifyToken};
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ChangeProblems;
use crate::problem::Problem;
use crate::schema::OwnAppRequest;
use crate::view::connections::CreatedView;
const FIELDS: [&str; 7] =
    ["label", "app_id", "app_secret", "waba_id", "phone_number_id", "access_token", "verify_token"];

/// Connect an own app
///
/// Meta is asked at once. When it bears out that the token reaches the WABA, that the number
/// belongs to it and that the app has this secret, the connection is `ACTIVE` and its numbers
/// can send. Else it is stored as `NEEDS_ATTENTION`, `doubt` says why, and a claim keeps nobody
/// else from the number: mend it and test it.
#[utoipa::path(
    tag = "connections",
    operation_id = "createConnection",
    security(("api_key" = ["connections:write"])),

    request_body(content = OwnAppRequest),
    responses(
        (status = 201, description = "The connection is stored; `status` says whether it can be used.", body = CreatedView),
        (status = 409, description = "The WABA or the number is connected elsewhere.",
         body = Problem, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[post("/v1/connections")]
pub(crate) async fn create(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let body = read(&request, payload).await?;
    let own_app = take(&body, &FIELDS, own_app)?;

    let created = api.connections.create(by, &own_app).await?;
    let connection = view(&api, by, created.connection_id).await?;
    Ok(HttpResponse::Created().json(CreatedView::new(connection, created)))
}

fn own_app(object: &mut Object<'_>) -> Option<OwnApp> {
    let label = label(object);
    let app_id = object.required("app_id");
    let waba_id = object.required("waba_id");
    let phone_number_id = object.required("phone_number_id");
    let app_secret = secret(object, "app_secret", AppSecret::parse);
    let access_token = secret(object, "access_token", AccessToken::parse);
    let verify_token = match object.raw("verify_token") {
        None => Some(None),
        Some(_) => secret(object, "verify_token", VerifyToken::parse).map(Some),
    };
    if let (Some(app_secret), Some(Some(verify_token))) = (&app_secret, &verify_token)
        && verify_token.is(app_secret.secret().expose_secret())
    {
        let detail = "is the App Secret; choose a word of your own, and give it to Meta beside the \
                      callback URL";
        object.refuse("verify_token", detail);
    }
    Some(OwnApp {
        label: label?,
        app_id: app_id?,
        app_secret: app_secret?,
        waba_id: waba_id?,
        phone_number_id: phone_number_id?,
        access_token: access_token?,
        verify_token: verify_token?,
    })
}
