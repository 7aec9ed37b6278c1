use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use domain::ids::{TenantId, WabaId};
use graph_api::client::{GraphClient, RawAnswer};
use graph_api::error::ApiFailure;
use secrecy::SecretString;
use store::acting_for;
use store::connections::open_token;
use store::senders::{self, Node, Reach};

use crate::api::Api;
use crate::error::ApiError;

/// Meta, to be asked about one node with the token of its connection.
pub(crate) struct Asking<'a> {
    pub(crate) graph: &'a GraphClient,
    pub(crate) token: &'a SecretString,
    /// The account that the node is, or lies under.
    pub(crate) waba_id: &'a WabaId,
}

/// Asks Meta about a node with the token of the tenant's connection, and hands on what it answers.
///
/// # Errors
/// `NoSuchNode` when the tenant has no such number or account, `TooManyCalls` when none is left,
/// `MetaAway` when no answer came.
pub(crate) async fn pass_on(
    api: &Api,
    tenant_id: TenantId,
    (node, node_id): (Node, &str),
    call: impl AsyncFnOnce(Asking<'_>) -> Result<RawAnswer, ApiFailure>,
) -> Result<HttpResponse, ApiError> {
    let reach = own(api, tenant_id, node_id).await?.filter(|reach| reach.node == node);
    let Reach { waba_id, own_app_id, connection_id, sealed_token, .. } =
        reach.ok_or(ApiError::NoSuchNode)?;
    let token = open_token(&api.vault, connection_id, &sealed_token)?;
    let of_own_app = own_app_id.map(|app_id| api.graph.of_app(&app_id));
    let graph = of_own_app.as_ref().unwrap_or(&api.graph);
    let answer = call(Asking { graph, token: &token, waba_id: &waba_id }).await?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    Ok(HttpResponse::build(status).content_type(ContentType::json()).body(answer.body))
}

/// What a tenant has under one of Meta's ids.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn own(
    api: &Api,
    tenant_id: TenantId,
    node_id: &str,
) -> Result<Option<Reach>, ApiError> {
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    Ok(senders::reach(&acting, tenant_id, node_id).await?)
}
