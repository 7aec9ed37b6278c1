//! Embedded Signup.

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, get, post};
use domain::field::FieldError;
use domain::ids::SignupId;
use ring::digest;
use runtime::env::ExposeSecret;
use serde_json::{Value, json};
use store::audit::{self, Entry};
use store::signups::{self, NewSignup};
use store::{acting_for, signups::Signup};

use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::openapi::EnqueueProblems;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::signup::{Closed, Resume, Run};
use crate::view::signups::{SignupList, SignupRequest, SignupResume, SignupSettings, SignupView};
use crate::{body, query};

/// Show what a page needs to open Meta's signup overlay
#[utoipa::path(
    tag = "signups",
    operation_id = "getSignupSettings",
    security(("api_key" = ["connections:read"])),
    responses(
        (status = 200, description = "The settings.", body = SignupSettings),
        (status = 409, description = "The installation has no platform app.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/signup-settings")]
pub(crate) async fn settings(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<SignupSettings>, ApiError> {
    api.authorize(&request, Scope::ConnectionsRead).await?;
    let platform = api.platform.as_ref().ok_or(ApiError::NoPlatformApp)?;
    Ok(Json(SignupSettings::new(platform, api.graph.version())))
}

/// Connect by Embedded Signup
///
/// Takes the code and the message of the overlay as the browser got them. A code lives for 30
/// seconds, so send it at once. The steps are taken before the answer; one that fails says why and
/// what to do, and is taken again by `resume`. The same code sent twice is one signup. An overlay
/// that was left (CANCEL) is kept with the step at which it was.
#[utoipa::path(
    tag = "signups",
    operation_id = "startSignup",
    security(("api_key" = ["connections:write"])),
    request_body(content = SignupRequest, example = json!({
        "code": "AQBhlXsctMxJYbwbrpybxlo9tLPGy-QAmjBJA06",
        "session_info": {
            "type": "WA_EMBEDDED_SIGNUP", "event": "FINISH", "version": 3,
            "data": {"phone_number_id": "106540352242922", "waba_id": "102290129340398"},
        },
    })),
    responses(
        (status = 200, description = "How far it came.", body = SignupView),
        (status = 409, description = "The installation has no platform app; or the same code is \
                                      being worked on.",
         body = Problem, content_type = "application/problem+json"),
        EnqueueProblems,
    ),
)]
#[post("/v1/signups")]
pub(crate) async fn start(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<SignupView>, ApiError> {
    let caller = api.authorize(&request, Scope::ConnectionsWrite).await?;
    let platform = api.platform.as_ref().ok_or(ApiError::NoPlatformApp)?;
    let closed = read(&request, payload, Closed::parse).await?;

    let (signup_id, is_left) = open(&api, &caller, &closed).await?;
    if is_left {
        return Ok(Json(find(&api, &caller, signup_id).await?.into()));
    }
    let added = (closed.code, closed.pin);
    let signup = Run::to_the_end((&api, platform), &caller, signup_id, added).await?;
    Ok(Json(signup.into()))
}

/// Take the steps of a signup that are still to be taken
///
/// With a new `code` where the first was not exchanged, and with the number's own `pin` where Meta
/// refused the one that was made.
#[utoipa::path(
    tag = "signups",
    operation_id = "resumeSignup",
    security(("api_key" = ["connections:write"])),
    params(("signup_id" = Uuid, Path, description = "The id that its start answered.")),
    request_body(content = SignupResume),
    responses(
        (status = 200, description = "How far it came.", body = SignupView),
        (status = 404, description = "The tenant has no such signup.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "The installation has no platform app; or somebody else works \
                                      on the signup.",
         body = Problem, content_type = "application/problem+json"),
        EnqueueProblems,
    ),
)]
#[post("/v1/signups/{signup_id}/resume")]
pub(crate) async fn resume(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<SignupView>, ApiError> {
    let caller = api.authorize(&request, Scope::ConnectionsWrite).await?;
    let platform = api.platform.as_ref().ok_or(ApiError::NoPlatformApp)?;
    let signup_id = signup_id(&request)?;
    let added = read(&request, payload, Resume::parse).await?;

    let added = (added.code, added.pin);
    let signup = Run::to_the_end((&api, platform), &caller, signup_id, added).await?;
    Ok(Json(signup.into()))
}

/// List signups, newest first, finished, unfinished and abandoned ones
#[utoipa::path(
    tag = "signups",
    operation_id = "listSignups",
    security(("api_key" = ["connections:read"])),
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses(
        (status = 200, description = "A page.", body = SignupList),
        (status = 400, description = "A parameter is wrong or unknown.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/signups")]
pub(crate) async fn list(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<SignupList>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::ConnectionsRead).await?;
    let (mut before, mut limit) = (None, query::DEFAULT_LIMIT);
    query::each(request.query_string(), |name, value| {
        match name {
            "limit" => limit = query::limit(value)?,
            "cursor" => before = Some(SignupId::from_uuid(query::before(value)?)),
            _ => return Err(query::unknown("limit, cursor")),
        }
        Ok(())
    })?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let rows = signups::list(&acting, tenant_id, before, query::one_more(limit)).await?;
    let (rows, next) = query::cut(rows, limit, |row| row.signup_id.as_uuid());
    Ok(Json(SignupList { data: rows.into_iter().map(SignupView::from).collect(), next }))
}

/// Show a signup with what came of its steps
#[utoipa::path(
    tag = "signups",
    operation_id = "getSignup",
    security(("api_key" = ["connections:read"])),
    params(("signup_id" = Uuid, Path, description = "The id that its start answered.")),
    responses(
        (status = 200, description = "The signup.", body = SignupView),
        (status = 404, description = "The tenant has no such signup.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/signups/{signup_id}")]
pub(crate) async fn get(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<SignupView>, ApiError> {
    let caller = api.authorize(&request, Scope::ConnectionsRead).await?;
    Ok(Json(find(&api, &caller, signup_id(&request)?).await?.into()))
}

fn signup_id(request: &HttpRequest) -> Result<SignupId, ApiError> {
    request.match_info().query("signup_id").parse().map_err(|_| ApiError::NoSuchSignup)
}

async fn read<T>(
    request: &HttpRequest,
    payload: Payload,
    parse: impl FnOnce(&Value) -> Result<T, Vec<FieldError>>,
) -> Result<T, ApiError> {
    let body = body::read(request, payload, body::MESSAGE_BYTES).await?;
    let body = serde_json::from_slice(&body).map_err(|error| ApiError::unreadable(&error))?;
    parse(&body).map_err(ApiError::WrongFields)
}

async fn find(api: &Api, caller: &Identity, signup_id: SignupId) -> Result<Signup, ApiError> {
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, caller.tenant_id).await?;
    let found = signups::find(&acting, caller.tenant_id, signup_id).await?;
    found.ok_or(ApiError::NoSuchSignup)
}

/// Keeps what came; the second part of the answer is whether the overlay was left.
async fn open(
    api: &Api,
    &Identity { tenant_id, actor, .. }: &Identity,
    closed: &Closed,
) -> Result<(SignupId, bool), ApiError> {
    let hash = |code: &str| digest::digest(&digest::SHA256, code.as_bytes());
    let code_hash = closed.code.as_ref().map(|code| hash(code.expose_secret()));
    let new = NewSignup {
        tenant_id,
        event: &closed.event,
        session: &closed.session,
        code_hash: code_hash.as_ref().map(AsRef::as_ref),
    };
    let now = runtime::now();
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let (is_new, signup_id) = signups::open(&acting, &new, now).await?;
    if is_new {
        let action = if code_hash.is_some() { "signup.started" } else { "signup.abandoned" };
        let (subject, detail) = (signup_id.to_string(), json!({"event": closed.event}));
        let entry = Entry { tenant_id, actor, action, subject: Some(&subject), detail };
        audit::write(&acting, &entry, now).await?;
    }
    acting.commit().await.map_err(store::Error::from)?;
    Ok((signup_id, code_hash.is_none()))
}
