use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use domain::ids::TenantId;
use graph_api::client::{GraphClient, RawAnswer};
use graph_api::error::ApiFailure;
use secrecy::SecretString;
use store::acting_for;
use store::connections::open_token;
use store::senders::{self, Node, Reach};

use crate::api::Api;
use crate::error::ApiError;

/// Asks Meta about a node with the token of the tenant's connection, and hands on what it answers.
///
/// # Errors
/// `NoSuchNode` when the tenant has no such number or account, `MetaAway` when no answer came.
pub(crate) async fn pass_on(
    api: &Api,
    tenant_id: TenantId,
    (node, node_id): (Node, &str),
    call: impl AsyncFnOnce(&GraphClient, &SecretString) -> Result<RawAnswer, ApiFailure>,
) -> Result<HttpResponse, ApiError> {
    let token = token(api, tenant_id, node, node_id).await?.ok_or(ApiError::NoSuchNode)?;
    let answer = call(&api.graph, &token).await.map_err(ApiError::MetaAway)?;
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

/// The token of the connection that reaches the node; `None` when the tenant has no such node.
async fn token(
    api: &Api,
    tenant_id: TenantId,
    node: Node,
    node_id: &str,
) -> Result<Option<SecretString>, ApiError> {
    let reach = own(api, tenant_id, node_id).await?;
    let Some(reach) = reach.filter(|reach| reach.node == node) else { return Ok(None) };
    Ok(Some(open_token(&api.vault, reach.connection_id, &reach.sealed_token)?))
}
