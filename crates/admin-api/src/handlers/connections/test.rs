use actix_web::web::{Data, Json, Query};
use actix_web::{HttpRequest, post};
use domain::ids::PhoneNumberId;

use super::connection_id;
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::{CallProblems, ReadProblems};
use crate::problem::{Fault, Problem};
use crate::view::connections::TestView;
/// Test a connection
///
/// Asks Meta for one of its numbers with the stored token. A failure is a 200 too: `ok` is
/// false, `cause` says what is wrong and `remedy` what to do. A claim that Meta bears out is
/// met, success makes the connection `ACTIVE`, and a refusal makes it need attention.
#[utoipa::path(
    tag = "connections",
    operation_id = "testConnection",
    security(("api_key" = ["connections:write"])),
    params(
        ("connection_id" = Uuid, Path, description = "The id of the connection."),
        ("phone_number_id" = Option<String>, Query,
         description = "The number to ask for; default its first."),
    ),
    responses(
        (status = 200, description = "What the test found.", body = TestView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        (status = 400, description = "A parameter is wrong or unknown.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
        CallProblems,
    ),
)]
#[post("/v1/connections/{connection_id}/test")]
pub(crate) async fn test(api: Data<Api>, request: HttpRequest) -> Result<Json<TestView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsWrite).await?.by();
    let connection_id = connection_id(&request)?;
    let number = number(request.query_string())?;

    let report = api.connections.test(by, connection_id, number.as_ref()).await?;
    Ok(Json(report.into()))
}

fn number(query: &str) -> Result<Option<PhoneNumberId>, ApiError> {
    const NAME: &str = "phone_number_id";
    let wrong = |name: &str, detail: &str| {
        let parameter = Some(name.chars().take(100).collect());
        let fault = Fault { pointer: None, parameter, detail: detail.to_owned() };
        ApiError::WrongParameters(vec![fault])
    };
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| wrong("", "cannot be read"))?;
    let mut number = None;
    for (name, value) in pairs.into_inner() {
        if name != NAME {
            return Err(wrong(&name, "is not a parameter here; the only one is phone_number_id"));
        }
        number = Some(value.parse().map_err(|_| wrong(NAME, "must be 1 to 32 digits"))?);
    }
    Ok(number)
}
