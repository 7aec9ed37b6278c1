//! `/oauth/access_token` and `/debug_token`.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::accounts::Token;
use crate::errors::GraphError;
use crate::scenario::AppSpec;
use crate::world::World;

use super::{Asked, Visit};

/// Exchanges the code of a sign-up for a token.
pub(super) async fn access_token(
    world: Data<World>,
    version: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let visit = Visit::of(world, &version, &request);
    let form: Asked = url::form_urlencoded::parse(&body).into_owned().collect();
    let asked = |name: &str| {
        let asked = visit.asked.get(name).or_else(|| form.get(name)).map(String::as_str);
        asked.ok_or_else(|| GraphError::parameter(&format!("Missing {name} parameter.")))
    };
    let told = visit.is_served("/oauth/access_token").and_then(|()| {
        let app = app(&visit, asked("client_id")?)?;
        if !visit.standing.is_secret_of(app, asked("client_secret")?) {
            return Err(GraphError::wrong_secret());
        }
        let token = visit.world.accounts.exchange(&app.app_id, asked("code")?, visit.now_us)?;
        let mut told = json!({ "access_token": token.token, "token_type": "bearer" });
        if let Some(seconds) = token.expires_in_s {
            told["expires_in"] = json!(seconds);
        }
        Ok(told)
    });
    visit.answer(told)
}

/// Tells what a token may do, to the app that holds it.
pub(super) async fn debug_token(
    world: Data<World>,
    version: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let visit = Visit::of(world, &version, &request);
    let told = visit.is_served("/debug_token").and_then(|()| {
        let asking = asking_app(&visit)?;
        let letters = visit.asked.get("input_token").filter(|letters| !letters.is_empty());
        let letters = letters
            .ok_or_else(|| GraphError::parameter("The parameter input_token is required."))?;
        match visit.world.accounts.token(letters) {
            None => Ok(json!({ "data": invalid(&GraphError::unknown_token()) })),
            Some(token) if token.spec.app_id == asking.app_id => {
                Ok(json!({ "data": info(&visit, asking, &token) }))
            }
            Some(_) => Err(GraphError::parameter(
                "The App_id in the input_token did not match the Viewing App",
            )),
        }
    });
    visit.answer(told)
}

fn app<'a>(visit: &'a Visit, app_id: &str) -> Result<&'a AppSpec, GraphError> {
    visit.standing.scenario.accounts.app(app_id).ok_or_else(GraphError::unknown_app)
}

/// The app whose token asks: its own (`id|secret`), or one that it was given.
fn asking_app(visit: &Visit) -> Result<&AppSpec, GraphError> {
    let letters = visit.token().ok_or_else(GraphError::no_token)?;
    if let Some((app_id, secret)) = letters.split_once('|') {
        let app = app(visit, app_id)?;
        let is_its_own = visit.standing.is_secret_of(app, secret);
        return if is_its_own { Ok(app) } else { Err(GraphError::unknown_token()) };
    }
    let token = visit.world.accounts.token(letters).ok_or_else(GraphError::unknown_token)?;
    match token.end(visit.now_us, |at_us| visit.world.show(at_us)) {
        Some(ended) => Err(ended),
        None => app(visit, &token.spec.app_id),
    }
}

fn info(visit: &Visit, app: &AppSpec, token: &Token) -> Value {
    let seconds = |at_us: u64| visit.world.time_of_day(at_us).timestamp();
    let spec = &token.spec;
    let mut info = match token.end(visit.now_us, |at_us| visit.world.show(at_us)) {
        Some(ended) => invalid(&ended),
        None => json!({ "is_valid": true }),
    };
    let granular = |scope: &String| {
        if spec.waba_ids.is_empty() {
            json!({ "scope": scope })
        } else {
            json!({ "scope": scope, "target_ids": spec.waba_ids })
        }
    };
    info["app_id"] = json!(app.app_id);
    info["application"] = json!(app.name);
    info["type"] = json!(spec.kind);
    info["user_id"] = json!("122100000000001");
    info["issued_at"] = json!(seconds(token.issued_us));
    info["expires_at"] = json!(token.expires_us().map_or(0, seconds));
    info["data_access_expires_at"] = json!(0);
    info["scopes"] = json!(spec.scopes);
    info["granular_scopes"] = spec.scopes.iter().map(granular).collect();
    info
}

fn invalid(error: &GraphError) -> Value {
    let mut told = json!({ "code": error.code, "message": error.message() });
    if let Some(subcode) = error.subcode {
        told["subcode"] = json!(subcode);
    }
    json!({ "error": told, "is_valid": false, "scopes": [] })
}
