use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get};
use store::{acting_for, audit};

use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::callers::{AuditLine, AuditLog};
use crate::{query, schema};

/// Read the audit log, newest first
///
/// What was done for the tenant and by whom; a line is written in the transaction of what it tells
/// of, and never changed. Of a key's use there is one line for each day. Pages are taken by key.
#[utoipa::path(
    tag = "callers",
    operation_id = "readAuditLog",
    security(("api_key" = ["audit:read"])),
    params(schema::AuditParameters),
    responses(
        (status = 200, description = "A page.", body = AuditLog),
        (status = 400, description = "A parameter is wrong or unknown.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/audit-log")]
pub(crate) async fn audit_log(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<AuditLog>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::AuditRead).await?;
    let (filter, limit) = query::audit::page(request.query_string())?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let rows = audit::list(&acting, tenant_id, &filter, query::one_more(limit)).await?;
    let (rows, next) = query::cut(rows, limit, |row| row.audit_id.as_uuid());
    Ok(Json(AuditLog { data: rows.into_iter().map(AuditLine::from).collect(), next }))
}
