//! Meta's calls that set up and watch an account.

mod health;
mod lists;
mod oauth;
mod registration;
mod settings;
mod subscriptions;
mod waba;

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::accounts::{Access, Need, Usage};
use crate::answer::{self, Trace};
use crate::errors::GraphError;
use crate::number;
use crate::send::bearer;
use crate::world::{Number, Standing, World};

pub(crate) use health::of_number as health_of_number;
pub(crate) use lists::{category, template};
pub(crate) use waba::waba;

/// What a request brings in its query.
pub(crate) type Asked = HashMap<String, String>;

/// Mounts the calls beside sends and nodes.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/{version}/oauth/access_token")
                .route(get().to(oauth::access_token))
                .route(post().to(oauth::access_token)),
        )
        .route("/{version}/debug_token", get().to(oauth::debug_token))
        .service(
            resource("/{version}/{waba_id}/subscribed_apps")
                .route(get().to(subscriptions::list))
                .route(post().to(subscriptions::subscribe))
                .route(actix_web::web::delete().to(subscriptions::unsubscribe)),
        )
        .route("/{version}/{waba_id}/phone_numbers", get().to(lists::phone_numbers))
        .route("/{version}/{waba_id}/message_templates", get().to(lists::message_templates))
        .route("/{version}/{phone_number_id}/register", post().to(registration::register))
        .route("/{version}/{phone_number_id}/deregister", post().to(registration::deregister))
        .service(
            resource("/{version}/{id}")
                .route(get().to(number::node))
                .route(post().to(settings::change)),
        );
}

/// One management request on its way to its answer.
pub(crate) struct Visit {
    pub(crate) world: Data<World>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) asked: Asked,
    pub(crate) now_us: u64,
    pub(crate) version: String,
    trace: Trace,
    token: Option<String>,
    usage: Option<Usage>,
}

impl Visit {
    /// The visit of a request.
    pub(crate) fn of(world: Data<World>, version: &str, request: &HttpRequest) -> Self {
        let asked = Query::<Asked>::from_query(request.query_string());
        let asked = asked.map(Query::into_inner).unwrap_or_default();
        let token =
            bearer(request).map(str::to_owned).or_else(|| asked.get("access_token").cloned());
        Self {
            trace: Trace::new(version, world.next_request()),
            standing: world.standing(),
            now_us: world.now_us(),
            version: version.to_owned(),
            usage: None,
            world,
            asked,
            token,
        }
    }

    /// A version that is not served has no paths.
    pub(crate) fn is_served(&self, path: &str) -> Result<(), GraphError> {
        let served = self.standing.scenario.versions.contains(&self.version);
        if served { Ok(()) } else { Err(GraphError::unknown_path(path)) }
    }

    /// The letters of its token.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether it may see this account; counted as a call on it.
    pub(crate) fn waba(&mut self, waba_id: &str) -> Result<Access, GraphError> {
        self.is_served(&format!("/{waba_id}"))?;
        let access =
            self.world.access_to_waba(&self.standing, self.token(), waba_id, self.now_us)?;
        self.count(&access)?;
        Ok(access)
    }

    /// Whether it may see this number; counted as a call on its account.
    pub(crate) fn number(
        &mut self,
        phone_number_id: &str,
        need: Need,
    ) -> Result<(Arc<Number>, Access), GraphError> {
        self.is_served(&format!("/{phone_number_id}"))?;
        let (number, access) = self.world.access_to_number(
            &self.standing,
            self.token(),
            phone_number_id,
            need,
            self.now_us,
        )?;
        self.count(&access)?;
        Ok((number, access))
    }

    fn count(&mut self, access: &Access) -> Result<(), GraphError> {
        if !World::has_apps(&self.standing) {
            return Ok(());
        }
        let numbers = &self.standing.scenario.numbers;
        let mut own = numbers.iter().filter(|number| number.waba_id == access.waba_id);
        let accounts = &self.world.accounts;
        let is_active = own.any(|number| accounts.profile(&number.phone_number_id).registered);
        let (usage, counted) =
            accounts.count(&access.app_id, &access.waba_id, is_active, self.now_us);
        self.usage = Some(usage);
        let http_status = self.standing.scenario.limits.http_status;
        counted.map_err(|error| error.answered(http_status))
    }

    /// The answer, with what the account's calls have used.
    pub(crate) fn answer(&self, told: Result<Value, GraphError>) -> HttpResponse {
        let mut answer = match told {
            Ok(body) => answer::json(&self.trace, 200, &body),
            Err(error) => {
                self.world.counters.refuse(error.code);
                answer::error(&self.trace, &error)
            }
        };
        if let Some(Usage { waba_id, percent, regain_minutes }) = &self.usage {
            let usage = json!({ waba_id: [{ "type": "whatsapp_business_management",
                "call_count": percent, "total_cputime": 0, "total_time": 0,
                "estimated_time_to_regain_access": regain_minutes }] });
            if let Ok(value) = HeaderValue::from_str(&usage.to_string()) {
                let name = HeaderName::from_static("x-business-use-case-usage");
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}

/// `{"success": true}`.
fn success() -> Value {
    json!({ "success": true })
}

/// The asked fields of a node, and its id always.
pub(crate) fn fields(
    asked: &str,
    id: &str,
    tell: impl Fn(&str) -> Option<Value>,
    kind: &str,
) -> Result<Value, GraphError> {
    let mut told = serde_json::Map::new();
    for field in asked.split(',').map(str::trim).filter(|field| !field.is_empty()) {
        let value = tell(field).ok_or_else(|| {
            GraphError::parameter(&format!(
                "Tried accessing nonexisting field ({field}) on node type ({kind})"
            ))
        })?;
        if !value.is_null() {
            told.insert(field.to_owned(), value);
        }
    }
    told.insert("id".to_owned(), json!(id));
    Ok(Value::Object(told))
}
