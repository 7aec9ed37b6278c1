//! Refusals of ours in the shape of Meta's, so that a client's typed errors work.
//!
//! Codes, statuses and texts: <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/>.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use domain::field::FieldError;
use serde_json::json;

use crate::error::ApiError;
use crate::problem::{self, Fault};

/// Whether a path is one of Meta's: it begins with a version, as in `/v25.0/…`.
pub(crate) fn is_graph_path(path: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let version = path.strip_prefix("/v").and_then(|rest| rest.split('/').next());
    version
        .and_then(|version| version.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

struct Refusal {
    status: u16,
    code: i32,
    subcode: Option<i32>,
    kind: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: i32, title: &str) -> Self {
        let message = format!("(#{code}) {title}");
        Self { status, code, subcode: None, kind: "OAuthException", message }
    }
}

/// The answer to a request that failed; `request_id` stands where Meta puts its trace id.
pub(crate) fn refusal(error: &ApiError, path: &str, request_id: Option<&str>) -> HttpResponse {
    let refusal = translate(error, path);
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = HttpResponse::build(status);
    if let Some(challenge) = problem::challenge(error) {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    if matches!(error, ApiError::Unavailable(_) | ApiError::ProviderAway) {
        response.insert_header((RETRY_AFTER, problem::RETRY_UNAVAILABLE_S));
    }
    if let Some(seconds) = error.retry_after_s() {
        response.insert_header((RETRY_AFTER, seconds));
    }
    let mut body = json!({
        "message": refusal.message,
        "type": refusal.kind,
        "code": refusal.code,
        "error_data": { "messaging_product": "whatsapp", "details": details(error) },
        "fbtrace_id": request_id,
    });
    if let Some(subcode) = refusal.subcode {
        body["error_subcode"] = json!(subcode);
    }
    response.json(json!({ "error": body }))
}

fn translate(error: &ApiError, path: &str) -> Refusal {
    match error {
        ApiError::Unauthenticated | ApiError::WrongKey | ApiError::InvalidToken(_) => Refusal {
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            ..Refusal::new(401, 190, "")
        },
        ApiError::Forbidden { .. } | ApiError::NotTheirTenant | ApiError::NotAMember => {
            Refusal::new(403, 10, "Application does not have permission for this action")
        }
        ApiError::NoSuchNode | ApiError::NoSuchMessage => unknown_object(path),
        ApiError::NoSuchPath | ApiError::MethodNotAllowed { .. } => Refusal {
            message: format!("Unknown path components: {path}"),
            ..Refusal::new(400, 2500, "")
        },
        ApiError::WrongFields(fields) => wrong_fields(fields),
        ApiError::InProgress | ApiError::Unavailable(_) | ApiError::ProviderAway => {
            Refusal::new(503, 2, "Service temporarily unavailable")
        }
        ApiError::TooManyCalls(_) => Refusal::new(429, 80_007, "Rate limit issues"),
        ApiError::MetaAway(_) => Refusal::new(502, 2, "Service temporarily unavailable"),
        other if other.row().status.is_server_error() => {
            Refusal::new(500, 131_000, "Something went wrong")
        }
        _ => Refusal::new(400, 100, "Invalid parameter"),
    }
}

fn unknown_object(path: &str) -> Refusal {
    let node = path.split('/').nth(2).unwrap_or_default();
    Refusal {
        subcode: Some(33),
        kind: "GraphMethodException",
        message: format!(
            "Unsupported request. Object with ID '{node}' does not exist, cannot be loaded due to \
             missing permissions, or does not support this operation"
        ),
        ..Refusal::new(400, 100, "")
    }
}

/// Missing fields have a code of their own, and so have unknown ones.
fn wrong_fields(fields: &[FieldError]) -> Refusal {
    let all = |begin: &str| fields.iter().all(|field| field.detail.starts_with(begin));
    if all("is required") {
        Refusal::new(400, 131_008, "Required parameter is missing")
    } else if all("is not a field") {
        Refusal::new(400, 100, "Invalid parameter")
    } else {
        Refusal::new(400, 131_009, "Parameter value is not valid")
    }
}

fn details(error: &ApiError) -> String {
    let list = |places: Vec<String>| places.join("; ");
    match error {
        ApiError::WrongFields(fields) => list(fields.iter().map(ToString::to_string).collect()),
        ApiError::WrongParameters(faults) => list(faults.iter().map(parameter).collect()),
        other => other.to_string(),
    }
}

fn parameter(fault: &Fault) -> String {
    format!("{} {}", fault.parameter.as_deref().unwrap_or_default(), fault.detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_metas_begins_with_a_version() {
        for path in ["/v25.0/106540352242922/messages", "/v21.0/", "/v21.0"] {
            assert!(is_graph_path(path), "{path}");
        }
        for path in ["/v1/messages", "/v1/whatsapp/notify", "/v.0/1", "/docs", "/", "/v25.x/1"] {
            assert!(!is_graph_path(path), "{path}");
        }
    }
}
