use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};
use store::{acting_for, messages};

use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::{MessageList, MessageSummary};
use crate::{query, schema};

/// List messages, newest first
///
/// Pages are taken by key: each message comes exactly once, however many are enqueued meanwhile.
#[utoipa::path(
    tag = "messages",
    operation_id = "listMessages",
    security(("api_key" = ["messages:read"])),
    params(schema::ListParameters),
    responses(
        (status = 200, description = "A page.", body = MessageList),
        (status = 400, description = "A parameter is wrong or unknown.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/messages")]
pub(crate) async fn list(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<MessageList>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesRead).await?;
    let page = query::messages::page(request.query_string())?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let limit = query::one_more(page.limit);
    let rows = messages::list(&acting, tenant_id, &page.filter, limit).await?;
    let (rows, next) = query::cut(rows, page.limit, |row| row.message_id.as_uuid());
    Ok(Json(MessageList { data: rows.into_iter().map(MessageSummary::from).collect(), next }))
}
