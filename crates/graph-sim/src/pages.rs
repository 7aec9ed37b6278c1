//! The `/_sim` pages: [`Control`] over HTTP.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::{Control, Inbound, RawChange};
use crate::scenario::{Fault, NumberSpec, Scenario, ScenarioError, read};

/// How many sends a page has when it does not say.
const PAGE: usize = 10_000;

/// Which sends are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendsQuery {
    /// Only sends with a sequence number above this one.
    #[serde(default)]
    after: u64,
    /// How many at most; 0: all.
    limit: Option<usize>,
}

pub(crate) async fn scenario(control: Data<Control>) -> HttpResponse {
    HttpResponse::Ok().json(control.scenario())
}

pub(crate) async fn put_scenario(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(Scenario::parse(&body).and_then(|scenario| control.set_scenario(scenario)))
}

pub(crate) async fn add_number(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<NumberSpec>(&body).map(|number| control.add_number(number)))
}

pub(crate) async fn add_faults(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<Vec<Fault>>(&body).and_then(|faults| control.add_faults(&faults)))
}

pub(crate) async fn clear_faults(control: Data<Control>) -> HttpResponse {
    control.clear_faults();
    HttpResponse::NoContent().finish()
}

pub(crate) async fn inbound(control: Data<Control>, body: Bytes) -> HttpResponse {
    match read::<Inbound>(&body).and_then(|inbound| control.receive(&inbound)) {
        Ok(id) => HttpResponse::Ok().json(json!({ "id": id })),
        Err(error) => wrong(&error),
    }
}

pub(crate) async fn change(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<RawChange>(&body).map(|change| control.change(change)))
}

pub(crate) async fn sends(control: Data<Control>, query: Query<SendsQuery>) -> HttpResponse {
    let limit = match query.limit {
        Some(0) => usize::MAX,
        Some(limit) => limit,
        None => PAGE,
    };
    let sends = control.sends(query.after, limit);
    let next = sends.last().filter(|_| sends.len() == limit).map(|last| last.sequence);
    HttpResponse::Ok().json(json!({ "data": sends, "next": next }))
}

pub(crate) async fn reset(control: Data<Control>) -> HttpResponse {
    control.reset();
    HttpResponse::NoContent().finish()
}

pub(crate) async fn doubled(control: Data<Control>) -> HttpResponse {
    let doubled = control.doubled();
    let data: Vec<Value> =
        doubled.iter().map(|(opaque, times)| json!({ "opaque": opaque, "times": times })).collect();
    HttpResponse::Ok().json(json!({ "data": data }))
}

pub(crate) async fn stats(control: Data<Control>) -> HttpResponse {
    HttpResponse::Ok().json(control.stats())
}

pub(crate) async fn pause(control: Data<Control>) -> HttpResponse {
    control.pause_webhooks(true);
    HttpResponse::NoContent().finish()
}

pub(crate) async fn resume(control: Data<Control>) -> HttpResponse {
    control.pause_webhooks(false);
    HttpResponse::NoContent().finish()
}

pub(crate) fn done(result: Result<(), ScenarioError>) -> HttpResponse {
    match result {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => wrong(&error),
    }
}

pub(crate) fn wrong(error: &ScenarioError) -> HttpResponse {
    let cause =
        std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    HttpResponse::BadRequest().json(json!({ "error": format!("{error}{cause}") }))
}
