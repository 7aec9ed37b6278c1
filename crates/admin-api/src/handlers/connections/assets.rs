use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};
use domain::ids::ConnectionId;
use store::{acting_for, connections};

use super::connection_id;
use crate::api::Api;
use crate::connections::{By, Refused};
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::assets::AssetsView;
/// List granted assets
///
/// WABAs and numbers under the connection, as Meta last told. `granted` is false where the
/// grant has lapsed.
#[utoipa::path(
    tag = "connections",
    operation_id = "listAssets",
    security(("api_key" = ["connections:read"])),
    params(("connection_id" = Uuid, Path, description = "The id of the connection.")),
    responses(
        (status = 200, description = "The assets.", body = AssetsView),
        (status = 404, description = "The tenant has no such connection.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/connections/{connection_id}/assets")]
pub(crate) async fn assets(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<AssetsView>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsRead).await?.by();
    let connection_id = connection_id(&request)?;

    Ok(Json(stored(&api, by, connection_id).await?))
}

/// What lies under a connection now.
pub(super) async fn stored(
    api: &Api,
    by: By,
    connection_id: ConnectionId,
) -> Result<AssetsView, ApiError> {
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    let found = connections::find(&acting, by.tenant_id, connection_id).await?;
    found.ok_or(Refused::Missing)?;
    let (wabas, numbers) = connections::assets(&acting, connection_id).await?;
    Ok(AssetsView::new(wabas, &numbers))
}
