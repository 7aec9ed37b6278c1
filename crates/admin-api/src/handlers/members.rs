//! Who acts for the tenant.

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use domain::field::Object;
use domain::ids::MemberId;
use domain::role::Role;
use identity::Verifier;
use store::acting_for;

use super::connections::{read, take};
use crate::api::Api;
use crate::auth::Identity;
use crate::callers::Refused;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::members::{self, NewMember};
use crate::openapi::{ChangeProblems, ReadProblems};
use crate::problem::Problem;
use crate::schema::{MemberRequest, RoleRequest};
use crate::view::callers::{MemberList, MemberView};

const FIELDS: [&str; 4] = ["issuer", "subject", "email", "role"];

/// List members, the oldest first
#[utoipa::path(
    tag = "callers",
    operation_id = "listMembers",
    security(("api_key" = ["members:read"])),
    responses(
        (status = 200, description = "All of them.", body = MemberList),
        ReadProblems,
    ),
)]
#[get("/v1/members")]
pub(crate) async fn list(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<MemberList>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MembersRead).await?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let rows = store::members::list(&acting, tenant_id).await?;
    Ok(Json(MemberList { data: rows.into_iter().map(MemberView::from).collect(), next: None }))
}

/// Add a member
///
/// By the `subject` of their tokens, or by an address: then whoever first comes with a token that
/// says the provider has verified this address is bound to it. The role may stand for no scope that
/// the caller lacks.
#[utoipa::path(
    tag = "callers",
    operation_id = "addMember",
    security(("api_key" = ["members:write"])),
    request_body(content = MemberRequest),
    responses(
        (status = 201, description = "The member.", body = MemberView),
        (status = 409, description = "They are a member already.", body = Problem,
         content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[post("/v1/members")]
pub(crate) async fn add(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let caller = api.authorize(&request, Scope::MembersWrite).await?;
    let body = read(&request, payload).await?;
    let new = take(&body, &FIELDS, |object| new_member(object, api.tokens.as_ref()))?;
    caller.may_give(new.role)?;

    let by = caller.by();
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    let member = members::add(&acting, by, new, runtime::now()).await?;
    acting.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Created().json(MemberView::from(member)))
}

/// Give a member another role
///
/// It may stand for no scope that the caller lacks. It counts everywhere within seconds.
#[utoipa::path(
    tag = "callers",
    operation_id = "changeMember",
    security(("api_key" = ["members:write"])),
    params(("member_id" = Uuid, Path, description = "The id that the list shows.")),
    request_body(content = RoleRequest),
    responses(
        (status = 200, description = "The member.", body = MemberView),
        (status = 404, description = "The tenant has no such member.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "They are the last owner.", body = Problem,
         content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[patch("/v1/members/{member_id}")]
pub(crate) async fn change(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<MemberView>, ApiError> {
    let caller = api.authorize(&request, Scope::MembersWrite).await?;
    let member_id = member_id(&request)?;
    let body = read(&request, payload).await?;
    let role = take(&body, &["role"], role)?;
    caller.may_give(role)?;

    let by = caller.by();
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    members::change(&acting, by, member_id, Some(role), runtime::now()).await?;
    let member = store::members::find(&acting, by.tenant_id, member_id).await?;
    acting.commit().await.map_err(store::Error::from)?;
    Ok(Json(member.ok_or(Refused::NoSuchMember)?.into()))
}

/// Remove a member
///
/// They are refused everywhere within seconds.
#[utoipa::path(
    tag = "callers",
    operation_id = "removeMember",
    security(("api_key" = ["members:write"])),
    params(("member_id" = Uuid, Path, description = "The id that the list shows.")),
    responses(
        (status = 204, description = "They are a member no more."),
        (status = 404, description = "The tenant has no such member.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "They are the last owner.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[delete("/v1/members/{member_id}")]
pub(crate) async fn remove(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let by = api.authorize(&request, Scope::MembersWrite).await?.by();
    let member_id = member_id(&request)?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    members::change(&acting, by, member_id, None, runtime::now()).await?;
    acting.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::NoContent().finish())
}

impl Identity {
    /// Nobody gives what they have not.
    fn may_give(&self, role: Role) -> Result<(), ApiError> {
        Scope::of_role(role).into_iter().try_for_each(|scope| self.must_hold(scope))
    }
}

fn member_id(request: &HttpRequest) -> Result<MemberId, ApiError> {
    let text = request.match_info().query("member_id");
    text.parse().map_err(|_| Refused::NoSuchMember.into())
}

fn new_member(object: &mut Object<'_>, tokens: Option<&Verifier>) -> Option<NewMember> {
    let issuer: Option<String> = match tokens {
        Some(tokens) if object.raw("issuer").is_none() => Some(tokens.issuer().to_owned()),
        _ => object.required("issuer"),
    };
    let (subject, email) = (object.optional("subject"), object.optional("email"));
    let role = role(object);
    let new = NewMember { issuer: issuer?, subject, email, role: role? };
    if let Err((field, detail)) = new.check() {
        object.refuse(field, detail);
    }
    Some(new)
}

fn role(object: &mut Object<'_>) -> Option<Role> {
    let word: String = object.required("role")?;
    word.parse()
        .map_err(|error: domain::role::UnknownRole| object.refuse("role", error.to_string()))
        .ok()
}
