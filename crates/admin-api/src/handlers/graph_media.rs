use std::pin::pin;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use futures::future::{Either, select};
use graph_api::client::{GraphPath, Upload};
use store::senders::Node;

use super::phone_number_id;
use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::graph::{Asking, UploadHead, feed, pass_on, pieces};
use crate::keys::Scope;
use crate::openapi::GraphProblems;

/// Upload a medium, as to the Cloud API
///
/// A form as Meta takes it: `messaging_product`, `type` and `file`. It is handed on to Meta as it arrives,
/// with the tenant's own token, and answered as Meta answers: `id` is the medium's, for sends.
#[utoipa::path(
    tag = "graph",
    operation_id = "graphUpload",
    security(("api_key" = ["messages:write"])),
    params(
        ("version" = String, Path, description = "A version of the Graph API, such as `v25.0`."),
        ("phone_number_id" = String, Path, description = "The number that will send it."),
    ),
    request_body(content = Object, content_type = "multipart/form-data",
                 description = "At most 101 MiB."),
    responses(
        (status = 200, description = "Meta's answer.", body = Object),
        GraphProblems,
    ),
)]
#[post(r"/{version:v\d+\.\d+}/{phone_number_id:\d+}/media")]
pub(crate) async fn graph_media(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesWrite).await?;
    let number = phone_number_id(&request)?;
    let UploadHead { content_type, length } = UploadHead::read(&request)?;
    let path: GraphPath = format!("{number}/media").parse().map_err(|_| ApiError::NoSuchNode)?;

    let (to, body) = pieces();
    let upload = Upload { content_type, length, body };
    let node = (Node::PhoneNumber, number.as_str());
    let calling = pass_on(&api, tenant_id, node, async |Asking { graph, token, .. }| {
        graph.upload(&path, upload, token).await
    });
    match select(pin!(feed(payload, to)), pin!(calling)).await {
        Either::Left((fed, calling)) => {
            fed?;
            calling.await
        }
        // Meta has answered before it had all.
        Either::Right((answer, _)) => answer,
    }
}
