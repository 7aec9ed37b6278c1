//! Keys with which services call.

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use domain::field::Object;
use domain::ids::ApiKeyId;
use serde_json::json;
use store::{acting_for, api_keys};

use super::connections::{read, take};
use crate::api::Api;
use crate::auth::Identity;
use crate::callers::Refused;
use crate::error::ApiError;
use crate::keys::{self, Scope};
use crate::openapi::{ChangeProblems, ReadProblems};
use crate::problem::Problem;
use crate::query;
use crate::schema::ApiKeyRequest;
use crate::view::callers::{ApiKeyCreated, ApiKeyList, ApiKeyView};

/// A name is one line.
const LONGEST_NAME: usize = 100;

/// List API keys, newest first, good and revoked ones
#[utoipa::path(
    tag = "callers",
    operation_id = "listApiKeys",
    security(("api_key" = ["keys:read"])),
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses(
        (status = 200, description = "A page.", body = ApiKeyList),
        (status = 400, description = "A parameter is wrong or unknown.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/api-keys")]
pub(crate) async fn list(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<ApiKeyList>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::KeysRead).await?;
    let (mut before, mut limit) = (None, query::DEFAULT_LIMIT);
    query::each(request.query_string(), |name, value| {
        match name {
            "limit" => limit = query::limit(value)?,
            "cursor" => before = Some(ApiKeyId::from_uuid(query::before(value)?)),
            _ => return Err(query::unknown("limit, cursor")),
        }
        Ok(())
    })?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let rows = api_keys::list(&acting, tenant_id, None, before, query::one_more(limit)).await?;
    let (rows, next) = query::cut(rows, limit, |row| row.api_key_id.as_uuid());
    Ok(Json(ApiKeyList { data: rows.into_iter().map(ApiKeyView::from).collect(), next }))
}

/// Make an API key
///
/// The answer is the only one that shows the key. It may be given no scope that its maker lacks:
/// then 403 names it.
#[utoipa::path(
    tag = "callers",
    operation_id = "createApiKey",
    security(("api_key" = ["keys:write"])),
    request_body(content = ApiKeyRequest),
    responses(
        (status = 201, description = "The key, for the only time.", body = ApiKeyCreated),
        ChangeProblems,
    ),
)]
#[post("/v1/api-keys")]
pub(crate) async fn create(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let caller = api.authorize(&request, Scope::KeysWrite).await?;
    let body = read(&request, payload).await?;
    let (name, scopes) = take(&body, &["name", "scopes"], new_key)?;
    for scope in &scopes {
        caller.must_hold(*scope)?;
    }

    let (by, now) = (caller.by(), runtime::now());
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    let made = keys::make(&acting, by, &name, &scopes, now).await?;
    let key = find(&acting, by.tenant_id, made.api_key_id).await?;
    acting.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Created().json(ApiKeyCreated { key: made.key, api_key: key.into() }))
}

/// Revoke an API key
///
/// For good. It is refused everywhere within seconds. Harmless to repeat.
#[utoipa::path(
    tag = "callers",
    operation_id = "revokeApiKey",
    security(("api_key" = ["keys:write"])),
    params(("api_key_id" = Uuid, Path, description = "The id that the list shows.")),
    responses(
        (status = 200, description = "It is revoked.", body = ApiKeyView),
        (status = 404, description = "The tenant has no such key.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[delete("/v1/api-keys/{api_key_id}")]
pub(crate) async fn revoke(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<ApiKeyView>, ApiError> {
    let by = api.authorize(&request, Scope::KeysWrite).await?.by();
    let id = request.match_info().query("api_key_id").parse();
    let api_key_id: ApiKeyId = id.map_err(|_| Refused::NoSuchKey)?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    if api_keys::revoke(&acting, api_key_id, runtime::now()).await?.is_some() {
        by.note(&acting, keys::REVOKED, api_key_id, json!({})).await?;
    }
    let key = find(&acting, by.tenant_id, api_key_id).await?;
    acting.commit().await.map_err(store::Error::from)?;
    Ok(Json(key.into()))
}

async fn find(
    acting: &store::Transaction<'_>,
    tenant_id: domain::ids::TenantId,
    api_key_id: ApiKeyId,
) -> Result<api_keys::Listed, ApiError> {
    let found = api_keys::list(acting, tenant_id, Some(api_key_id), None, 1).await?;
    Ok(found.into_iter().next().ok_or(Refused::NoSuchKey)?)
}

fn new_key(object: &mut Object<'_>) -> Option<(String, Vec<Scope>)> {
    let name: Option<String> = object.required("name");
    let name = name.map(|name| name.trim().to_owned());
    if let Some(name) = &name
        && (!(1..=LONGEST_NAME).contains(&name.chars().count()) || name.contains(char::is_control))
    {
        object.refuse("name", format!("must be one line of 1 to {LONGEST_NAME} characters"));
    }
    let words = object.optional::<Vec<String>>("scopes");
    let scopes = match words.map(|words| words.iter().map(|word| word.parse()).collect()) {
        None => Ok(Scope::OF_A_NEW_KEY.to_vec()),
        Some(scopes) => scopes,
    };
    let scopes: Option<Vec<Scope>> = scopes
        .map_err(|error: keys::UnknownScope| object.refuse("scopes", format!("each {error}")))
        .ok();
    Some((name?, scopes?))
}
