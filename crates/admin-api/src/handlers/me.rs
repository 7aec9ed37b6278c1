use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};
use store::tenants;

use crate::api::Api;
use crate::error::ApiError;
use crate::openapi::ReadProblems;
use crate::view::callers::{ActsFor, Me};

/// Show who is calling, for whom they may act, and what they may do
///
/// Needs no scope: whoever is known may ask.
#[utoipa::path(
    tag = "callers",
    operation_id = "getMe",
    security(("api_key" = [])),
    responses((status = 200, description = "The caller.", body = Me), ReadProblems),
)]
#[get("/v1/me")]
pub(crate) async fn me(api: Data<Api>, request: HttpRequest) -> Result<Json<Me>, ApiError> {
    let identities = api.identities(&request).await?;

    let client = api.db.client().await?;
    let ids: Vec<_> = identities.iter().map(|identity| identity.tenant_id).collect();
    let names = tenants::names(&client, &ids).await?;
    let acts_for = identities.iter().map(|identity| {
        let name = names.get(&identity.tenant_id).cloned().unwrap_or_default();
        ActsFor::new(identity, name)
    });
    Ok(Json(Me { acts_for: acts_for.collect() }))
}
