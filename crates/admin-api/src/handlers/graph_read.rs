use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::ids::TenantId;
use graph_api::client::GraphPath;
use serde_json::Value;
use store::acting_for;
use store::senders::{self, Node};

use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::graph::{Asking, Pairs, own, pass_on, query};
use crate::keys::Scope;
use crate::openapi::GraphProblems;

/// Read a number, an account or a medium, as from the Cloud API
///
/// Asked of Meta with the tenant's own token, in the version that Waypost is set to, and answered as Meta
/// answers. Only the tenant's own numbers and accounts are found. An id that is neither is taken for
/// that of a medium; it is looked for at `phone_number_id`, or at the tenant's only number.
#[utoipa::path(
    tag = "graph",
    operation_id = "graphNode",
    security(("api_key" = ["messages:read"])),
    params(
        ("version" = String, Path, description = "A version of the Graph API, such as `v25.0`."),
        ("node_id" = String, Path, description = "A phone_number_id, a WABA id or a media id."),
        ("fields" = Option<String>, Query, description = "Names of fields, parted by commas."),
        ("phone_number_id" = Option<String>, Query, description = "The number of a medium."),
    ),
    responses(
        (status = 200, description = "Meta's answer.", body = Object),
        GraphProblems,
    ),
)]
#[get(r"/{version:v\d+\.\d+}/{node_id:\d+}")]
pub(crate) async fn graph_node(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesRead).await?;
    let node_id = request.match_info().query("node_id");
    let pairs = query(request.query_string())?;

    match own(&api, tenant_id, node_id).await? {
        Some(own) => read(&api, tenant_id, own.node, node_id, "", &pairs).await,
        None => medium(&api, tenant_id, node_id, &pairs).await,
    }
}

/// List an account's templates, as from the Cloud API
///
/// Asked of Meta with the tenant's own token, and answered as Meta answers. To page, use the cursors:
/// the addresses in `paging` are Meta's own and want Meta's token.
#[utoipa::path(
    tag = "graph",
    operation_id = "graphTemplates",
    security(("api_key" = ["messages:read"])),
    params(
        ("version" = String, Path, description = "A version of the Graph API, such as `v25.0`."),
        ("node_id" = String, Path, description = "The id of a WhatsApp Business Account."),
        ("fields" = Option<String>, Query, description = "Names of fields, parted by commas."),
        ("name" = Option<String>, Query, description = "Only templates of this name."),
        ("limit" = Option<u32>, Query, description = "How many a page holds."),
        ("after" = Option<String>, Query, description = "The cursor of the page before."),
    ),
    responses(
        (status = 200, description = "Meta's answer.", body = Object),
        GraphProblems,
    ),
)]
#[get(r"/{version:v\d+\.\d+}/{node_id:\d+}/message_templates")]
pub(crate) async fn graph_templates(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    edge(&api, &request, "/message_templates").await
}

/// List an account's numbers, as from the Cloud API
///
/// Asked of Meta with the tenant's own token, and answered as Meta answers.
#[utoipa::path(
    tag = "graph",
    operation_id = "graphPhoneNumbers",
    security(("api_key" = ["messages:read"])),
    params(
        ("version" = String, Path, description = "A version of the Graph API, such as `v25.0`."),
        ("node_id" = String, Path, description = "The id of a WhatsApp Business Account."),
        ("fields" = Option<String>, Query, description = "Names of fields, parted by commas."),
        ("limit" = Option<u32>, Query, description = "How many a page holds."),
        ("after" = Option<String>, Query, description = "The cursor of the page before."),
    ),
    responses(
        (status = 200, description = "Meta's answer.", body = Object),
        GraphProblems,
    ),
)]
#[get(r"/{version:v\d+\.\d+}/{node_id:\d+}/phone_numbers")]
pub(crate) async fn graph_phone_numbers(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    edge(&api, &request, "/phone_numbers").await
}

async fn edge(api: &Api, request: &HttpRequest, edge: &str) -> Result<HttpResponse, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(request, Scope::MessagesRead).await?;
    let node_id = request.match_info().query("node_id");
    let pairs = query(request.query_string())?;
    read(api, tenant_id, Node::Waba, node_id, edge, &pairs).await
}

async fn read(
    api: &Api,
    tenant_id: TenantId,
    node: Node,
    node_id: &str,
    edge: &str,
    pairs: &Pairs,
) -> Result<HttpResponse, ApiError> {
    let path: GraphPath = format!("{node_id}{edge}").parse().map_err(|_| ApiError::NoSuchNode)?;
    pass_on(api, tenant_id, (node, node_id), async |Asking { graph, token, waba_id }| {
        graph.get(Some(waba_id), &path, pairs.iter(), token).await
    })
    .await
}

/// Meta answers a media id only together with the number that it was uploaded to or came in at. What
/// it answers must be a medium: the token may see more than this tenant's.
async fn medium(
    api: &Api,
    tenant_id: TenantId,
    media_id: &str,
    pairs: &Pairs,
) -> Result<HttpResponse, ApiError> {
    let path: GraphPath = media_id.parse().map_err(|_| ApiError::NoSuchNode)?;
    let number = match &pairs.phone_number_id {
        Some(number) => number.clone(),
        None => {
            let mut client = api.db.client().await?;
            let acting = acting_for(&mut client, tenant_id).await?;
            match senders::numbers_of(&acting, tenant_id, 2).await?.as_slice() {
                [number] => number.to_string(),
                _ => return Err(ApiError::NoSuchNode),
            }
        }
    };
    if !pairs.is_empty() {
        return Err(ApiError::NoSuchNode);
    }
    let mut is_medium = true;
    let node = (Node::PhoneNumber, number.as_str());
    let answer = pass_on(api, tenant_id, node, async |Asking { graph, token, .. }| {
        let query = [("phone_number_id", number.as_str())];
        let answer = graph.get(None, &path, query, token).await?;
        is_medium = answer.status != 200 || is_a_medium(&answer.body);
        Ok(answer)
    })
    .await?;
    if is_medium { Ok(answer) } else { Err(ApiError::NoSuchNode) }
}

fn is_a_medium(body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    ["url", "mime_type", "sha256"].iter().all(|field| body[*field].is_string())
}
