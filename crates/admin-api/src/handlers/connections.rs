//! One file for each route of connections.

pub(crate) mod access_token;
pub(crate) mod app_secret;
pub(crate) mod assets;
pub(crate) mod create;
pub(crate) mod diagnosis;
pub(crate) mod disconnect;
pub(crate) mod list;
pub(crate) mod refresh;
pub(crate) mod rename;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod verify_token;
pub(crate) mod webhook_url;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use domain::field::{Object, Pointer};
use domain::ids::ConnectionId;
use serde_json::Value;
use store::connections;
use store::{acting_for, app_secrets};

use crate::api::Api;
use crate::auth::Identity;
use crate::body;
use crate::connections::{By, Refused};
use crate::error::ApiError;
use crate::view::connections::ConnectionView;

/// Far more than any credentials.
const BODY_BYTES: usize = 64 * 1024;

/// A label is one line.
const LONGEST_LABEL: usize = 100;

/// The connection that the path names.
fn connection_id(request: &HttpRequest) -> Result<ConnectionId, ApiError> {
    let text = request.match_info().query("connection_id");
    text.parse().map_err(|_| ApiError::Connection(Refused::Missing))
}

impl Identity {
    /// For whom and by whom something is done.
    pub(crate) fn by(&self) -> By {
        By { tenant_id: self.tenant_id, actor: self.actor }
    }
}

pub(super) async fn read(request: &HttpRequest, payload: Payload) -> Result<Value, ApiError> {
    let body = body::read(request, payload, BODY_BYTES).await?;
    serde_json::from_slice(&body).map_err(|error| ApiError::unreadable(&error))
}

/// Reads an object that has these fields and no others.
pub(super) fn take<T>(
    body: &Value,
    fields: &[&str],
    read: impl FnOnce(&mut Object<'_>) -> Option<T>,
) -> Result<T, ApiError> {
    let mut object = Object::open(body, &Pointer::ROOT).map_err(ApiError::WrongFields)?;
    object.refuse_all_but(fields);
    let whole = read(&mut object);
    object.finish(whole).map_err(ApiError::WrongFields)
}

/// A required secret, told apart from the others.
fn secret<T>(
    object: &mut Object<'_>,
    field: &str,
    parse: impl FnOnce(&str) -> Result<T, &'static str>,
) -> Option<T> {
    let text: String = object.required(field)?;
    parse(&text).map_err(|detail| object.refuse(field, detail)).ok()
}

fn label(object: &mut Object<'_>) -> Option<String> {
    let label: String = object.optional("label").unwrap_or_default();
    let label = label.trim();
    if label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        object.refuse("label", format!("must be one line of at most {LONGEST_LABEL} characters"));
        return None;
    }
    Some(label.to_owned())
}

/// The connection as it stands now.
async fn view(api: &Api, by: By, connection_id: ConnectionId) -> Result<ConnectionView, ApiError> {
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    let found = connections::find(&acting, by.tenant_id, connection_id).await?;
    let connection = found.ok_or(Refused::Missing)?;
    let secrets = app_secrets::marks(&acting, connection_id, runtime::now()).await?;
    Ok(ConnectionView::new(connection, secrets, &api.public_url))
}
