//! Trouble that a person should know of.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use domain::ids::NotificationId;
use domain::role::Role;
use serde_json::json;
use store::acting_for;
use store::notifications::{self, Dismissed, Reader, State};

use crate::api::Api;
use crate::auth::Identity;
use crate::callers::Refused;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::callers::{NotificationList, NotificationView};
use crate::{query, schema};

/// List notifications, newest first
///
/// A member sees what is for their role, an API key all. `read_at` is the caller's own.
#[utoipa::path(
    tag = "callers",
    operation_id = "listNotifications",
    security(("api_key" = ["notifications:read"])),
    params(schema::NotificationParameters),
    responses(
        (status = 200, description = "A page.", body = NotificationList),
        (status = 400, description = "A parameter is wrong or unknown.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/notifications")]
pub(crate) async fn list(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<NotificationList>, ApiError> {
    let caller = api.authorize(&request, Scope::NotificationsRead).await?;
    let (name, roles, tenant_id) = (caller.name(), caller.inboxes(), caller.tenant_id);
    let mut reader = Reader {
        tenant_id,
        reader: &name,
        roles: &roles,
        state: State::Open,
        only_unread: false,
        before: None,
    };
    let mut limit = query::DEFAULT_LIMIT;
    query::each(request.query_string(), |name, value| {
        match name {
            "limit" => limit = query::limit(value)?,
            "cursor" => reader.before = Some(NotificationId::from_uuid(query::before(value)?)),
            "state" => reader.state = state(value)?,
            "unread" => reader.only_unread = query::read::<bool>(value)?,
            _ => return Err(query::unknown("limit, cursor, state, unread")),
        }
        Ok(())
    })?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let rows = notifications::list(&acting, &reader, query::one_more(limit)).await?;
    let (rows, next) = query::cut(rows, limit, |row| row.notification_id.as_uuid());
    Ok(Json(NotificationList {
        data: rows.into_iter().map(NotificationView::from).collect(),
        next,
    }))
}

/// Note that a notification was read
///
/// By this caller; others see it as before. Harmless to repeat.
#[utoipa::path(
    tag = "callers",
    operation_id = "markNotificationRead",
    security(("api_key" = ["notifications:read"])),
    params(("notification_id" = Uuid, Path, description = "The id that the list shows.")),
    responses(
        (status = 204, description = "It is noted."),
        (status = 404, description = "There is no such notification for the caller.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/notifications/{notification_id}/read")]
pub(crate) async fn mark_read(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let caller = api.authorize(&request, Scope::NotificationsRead).await?;
    let known = note(&api, &caller, Some(notification_id(&request)?)).await?;
    if known { Ok(HttpResponse::NoContent().finish()) } else { Err(missing()) }
}

/// Note that all open notifications were read
///
/// By this caller, those that are for them.
#[utoipa::path(
    tag = "callers",
    operation_id = "markAllNotificationsRead",
    security(("api_key" = ["notifications:read"])),
    responses((status = 204, description = "It is noted."), ReadProblems),
)]
#[post("/v1/notifications/read-all")]
pub(crate) async fn mark_all_read(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let caller = api.authorize(&request, Scope::NotificationsRead).await?;
    note(&api, &caller, None).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Dismiss a notification
///
/// It is open no more, for nobody. If the same trouble is still seen a day later it is open again, and
/// at once when it has become worse. Harmless to repeat.
#[utoipa::path(
    tag = "callers",
    operation_id = "dismissNotification",
    security(("api_key" = ["notifications:read"])),
    params(("notification_id" = Uuid, Path, description = "The id that the list shows.")),
    responses(
        (status = 204, description = "It is open no more."),
        (status = 404, description = "There is no such notification for the caller.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/notifications/{notification_id}/dismiss")]
pub(crate) async fn dismiss(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let caller = api.authorize(&request, Scope::NotificationsRead).await?;
    let (id, tenant_id, roles) = (notification_id(&request)?, caller.tenant_id, caller.inboxes());

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let now = runtime::now();
    match notifications::dismiss(&acting, tenant_id, id, &roles, now).await? {
        Dismissed::Done(kind) => {
            let detail = json!({ "kind": kind });
            caller.by().note(&acting, "notification.dismissed", id, detail).await?;
            acting.commit().await.map_err(store::Error::from)?;
        }
        Dismissed::Before => {}
        Dismissed::Missing => return Err(missing()),
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn note(
    api: &Api,
    caller: &Identity,
    notification_id: Option<NotificationId>,
) -> Result<bool, ApiError> {
    let (tenant_id, name, roles) = (caller.tenant_id, caller.name(), caller.inboxes());
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let (reader, now) = ((name.as_str(), roles.as_slice()), runtime::now());
    let known = notifications::mark_read(&acting, tenant_id, notification_id, reader, now).await?;
    acting.commit().await.map_err(store::Error::from)?;
    Ok(known)
}

impl Identity {
    /// Who has read something.
    fn name(&self) -> String {
        self.actor.id().unwrap_or_default()
    }

    /// Into which inboxes the caller looks.
    fn inboxes(&self) -> Vec<Role> {
        self.role.map_or_else(|| Role::ALL.to_vec(), |role| vec![role])
    }
}

fn notification_id(request: &HttpRequest) -> Result<NotificationId, ApiError> {
    request.match_info().query("notification_id").parse().map_err(|_| missing())
}

fn missing() -> ApiError {
    Refused::NoSuchNotification.into()
}

fn state(value: &str) -> Result<State, String> {
    let states = [State::Open, State::Cleared, State::All];
    let found = states.into_iter().find(|state| state.as_str() == value);
    found.ok_or_else(|| "must be one of open, cleared, all".to_owned())
}
