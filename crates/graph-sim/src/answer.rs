//! Answers as the Graph API gives them: JSON with Meta's headers.

use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{HttpResponse, HttpResponseBuilder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::dice::mix;
use crate::errors::GraphError;

/// What an answer says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// The version of the path.
    pub(crate) version: String,
    /// The id that Meta calls `fbtrace_id`.
    pub(crate) id: String,
}

impl Trace {
    /// The trace of the request with this number.
    pub(crate) fn new(version: &str, request: u64) -> Self {
        let bytes = [mix(request), mix(!request)].map(u64::to_be_bytes).concat();
        Self { version: version.to_owned(), id: format!("A{}", URL_SAFE_NO_PAD.encode(bytes)) }
    }
}

/// A JSON answer.
pub(crate) fn json(trace: &Trace, status: u16, body: &Value) -> HttpResponse {
    head(trace, status).content_type("application/json; charset=UTF-8").body(body.to_string())
}

/// One of Meta's errors.
pub(crate) fn error(trace: &Trace, error: &GraphError) -> HttpResponse {
    let mut answer = json(trace, error.http_status, &error.body(&trace.id));
    if error.http_status == StatusCode::UNAUTHORIZED.as_u16()
        && let Ok(value) = r#"OAuth "Facebook Platform" "invalid_token""#.parse()
    {
        answer.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    answer
}

/// An answer that is not Meta's API at all but something in front of it.
pub(crate) fn bare(status: u16, body: &'static str) -> HttpResponse {
    HttpResponseBuilder::new(code(status)).content_type("text/html; charset=utf-8").body(body)
}

fn head(trace: &Trace, status: u16) -> HttpResponseBuilder {
    let mut answer = HttpResponseBuilder::new(code(status));
    answer
        .insert_header(("facebook-api-version", trace.version.as_str()))
        .insert_header(("x-fb-request-id", trace.id.as_str()))
        .insert_header(("x-fb-trace-id", trace.id.as_str()))
        .insert_header(("x-fb-rev", "1030000000"))
        .insert_header(("x-fb-debug", trace.id.as_str()))
        .insert_header(("cache-control", "private, no-cache, no-store, must-revalidate"));
    answer
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
