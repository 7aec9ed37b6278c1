//! Errors on the wire: `application/problem+json`, RFC 9457.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use domain::delivery::DeliveryStatus;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::connections::Refused;
use crate::error::ApiError;
use crate::metrics::Entrance;
use crate::{graph, notify, schema};

/// The content type of every error.
const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which it is worth to ask a dependency again that is away.
pub(crate) const RETRY_UNAVAILABLE_S: u64 = 5;

/// Seconds after which a request in progress has mostly ended.
const RETRY_IN_PROGRESS_S: u64 = 1;

/// Why a request, or one item of a batch, was refused (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The kind of problem: `urn:waypost:problem:` and a name that does not change.
    #[schema(example = "urn:waypost:problem:wrong-fields")]
    r#type: String,
    /// The kind of problem in words.
    #[schema(example = "Fields are wrong")]
    title: &'static str,
    /// The HTTP status; within a batch, the one that the item would have got alone.
    #[schema(example = 422)]
    status: u16,
    /// What is wrong with this request.
    #[schema(example = "1 field of the body cannot be accepted")]
    detail: String,
    /// Every place that is wrong; absent when the problem has no place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
    /// Where the message stands, when that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::delivery_status)]
    delivery_status: Option<DeliveryStatus>,
    /// Names the request in the log; also in the header `x-request-id`. Absent within a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// One place that is wrong, and what is allowed there.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// JSON pointer (RFC 6901) into the body; within a batch, into the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/text/body")]
    pub(crate) pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// What is allowed there.
    #[schema(example = "must have at most 4096 characters")]
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn of(error: &ApiError, request_id: Option<String>) -> Self {
        let row = error.row();
        Self {
            r#type: format!("urn:waypost:problem:{}", row.name),
            title: row.title,
            status: row.status.as_u16(),
            detail: error.to_string(),
            errors: faults(error),
            delivery_status: match error {
                ApiError::Stands(status) | ApiError::Known(status) => Some(*status),
                _ => None,
            },
            request_id,
        }
    }
}

fn faults(error: &ApiError) -> Vec<Fault> {
    match error {
        ApiError::WrongFields(fields) => fields
            .iter()
            .map(|field| Fault {
                pointer: Some(field.pointer.clone()),
                parameter: None,
                detail: field.detail.clone(),
            })
            .collect(),
        ApiError::WrongParameters(faults) => faults.clone(),
        ApiError::Connection(Refused::Doubt(doubt)) if !doubt.pointer.is_empty() => vec![Fault {
            pointer: Some(doubt.pointer.to_owned()),
            parameter: None,
            detail: doubt.to_string(),
        }],
        _ => Vec::new(),
    }
}

/// In which form the callers of a path expect an error.
enum Shape {
    Problem,
    Notify,
    Graph,
}

impl Shape {
    fn of(path: &str) -> Self {
        if path == "/v1/whatsapp/notify" {
            Self::Notify
        } else if graph::is_graph_path(path) {
            Self::Graph
        } else {
            Self::Problem
        }
    }
}

/// The answer to a request that failed.
pub(crate) fn answer(error: &ApiError, request_id: Option<String>) -> HttpResponse {
    let mut response = HttpResponse::build(error.row().status);
    if let Some(challenge) = challenge(error) {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    match error {
        ApiError::MethodNotAllowed { allow } => {
            response.insert_header((ALLOW, allow.as_str()));
        }
        ApiError::InProgress | ApiError::SignupBusy => {
            response.insert_header((RETRY_AFTER, RETRY_IN_PROGRESS_S));
        }
        ApiError::Unavailable(_) | ApiError::ProviderAway => {
            response.insert_header((RETRY_AFTER, RETRY_UNAVAILABLE_S));
        }
        _ if error.retry_after_s().is_some() => {
            response.insert_header((RETRY_AFTER, error.retry_after_s().unwrap_or_default()));
        }
        ApiError::Connection(Refused::Doubt(doubt)) if doubt.is_silence() => {
            response.insert_header((RETRY_AFTER, RETRY_UNAVAILABLE_S));
        }
        _ => {}
    }
    response.content_type(PROBLEM_JSON).json(Problem::of(error, request_id))
}

/// What a caller without the right key is asked for
/// (<https://www.rfc-editor.org/rfc/rfc6750#section-3>).
pub(crate) fn challenge(error: &ApiError) -> Option<String> {
    const REALM: &str = r#"Bearer realm="waypost""#;
    match error {
        // Who sent nothing is told no error.
        ApiError::Unauthenticated => Some(REALM.to_owned()),
        ApiError::WrongKey => Some(format!(r#"{REALM}, error="invalid_token""#)),
        ApiError::InvalidToken(refused) => {
            Some(format!(r#"{REALM}, error="invalid_token", error_description="{refused}""#))
        }
        ApiError::Forbidden { scope } => {
            Some(format!(r#"{REALM}, error="insufficient_scope", scope="{scope}""#))
        }
        _ => None,
    }
}

/// Middleware that gives every error its request id, logs it if it is ours, and counts it. For use
/// around `runtime::http::request_id`, which makes the id.
///
/// # Errors
/// Those of the services inside, unchanged.
pub(crate) async fn problems<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let by_framework = bare_refusal(&response);
    let failure = response.response().error().and_then(Error::as_error::<ApiError>);
    let Some(error) = failure.or(by_framework.as_ref()) else { return Ok(response) };

    log(error);
    if let Some(api) = response.request().app_data::<Data<Api>>() {
        api.metrics.refused(Entrance::Http, error.row().name);
    }
    let name = HeaderName::from_static("x-request-id");
    let id = response.headers().get(&name).cloned();
    let text = id.as_ref().and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut answer = match Shape::of(response.request().path()) {
        Shape::Problem => answer(error, text),
        Shape::Notify => notify::refusal(error),
        Shape::Graph => graph::refusal(error, response.request().path(), text.as_deref()),
    };
    if let Some(id) = id {
        answer.headers_mut().insert(name, id);
    }
    Ok(response.into_response(answer))
}

/// What the framework refuses by itself, without a body: a method that a probe page does not take.
fn bare_refusal(response: &ServiceResponse<BoxBody>) -> Option<ApiError> {
    if response.response().error().is_some() || response.headers().contains_key(CONTENT_TYPE) {
        return None;
    }
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(ApiError::MethodNotAllowed { allow: Method::GET.to_string() })
        }
        StatusCode::NOT_FOUND => Some(ApiError::NoSuchPath),
        _ => None,
    }
}

fn log(error: &ApiError) {
    match error {
        ApiError::Unavailable(cause) => {
            tracing::warn!(error = backbone::chain(cause), "a dependency is away");
        }
        ApiError::MetaAway(cause) => {
            tracing::warn!(error = %cause, "no answer from Meta");
        }
        // The driver's own words would quote the row.
        ApiError::Internal(cause @ store::Error::Unstorable(_)) => {
            tracing::error!(error = %cause, "a request failed");
        }
        ApiError::Internal(cause) => {
            tracing::error!(error = backbone::chain(cause), "a request failed");
        }
        refused => tracing::debug!(reason = refused.row().name, "refused"),
    }
}
