use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};
use store::{acting_for, app_secrets, connections};

use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::view::connections::{ConnectionList, ConnectionView};
/// List connections
///
/// All connections of the tenant, the oldest first; none of their secrets.
#[utoipa::path(
    tag = "connections",
    operation_id = "listConnections",
    security(("api_key" = ["connections:read"])),

    responses(
        (status = 200, description = "The connections.", body = ConnectionList),
        ReadProblems,
    ),
)]
#[get("/v1/connections")]
pub(crate) async fn list(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<ConnectionList>, ApiError> {
    let by = api.authorize(&request, Scope::ConnectionsRead).await?.by();

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    let mut data = Vec::new();
    for row in connections::list(&acting, by.tenant_id).await? {
        let secrets = app_secrets::marks(&acting, row.connection_id, runtime::now()).await?;
        data.push(ConnectionView::new(row, secrets, &api.public_url));
    }
    Ok(Json(ConnectionList { data }))
}
