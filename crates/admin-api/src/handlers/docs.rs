//! The description of the API, for programs and for people. All of it is part of this binary.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa_swagger_ui::Config;

use crate::error::ApiError;

/// Nothing but what this server serves: a page that anyone opens in an office must not call out.
const CONTENT_SECURITY_POLICY: (&str, &str) = (
    "content-security-policy",
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
);

const PAGE: &str = include_str!("docs.html");

static DOCUMENT: LazyLock<Result<String, String>> =
    LazyLock::new(|| crate::openapi().to_pretty_json().map_err(|error| error.to_string()));

#[get("/openapi.json")]
pub(crate) async fn openapi_json() -> HttpResponse {
    match &*DOCUMENT {
        Ok(document) => HttpResponse::Ok()
            .content_type("application/json")
            .insert_header((CACHE_CONTROL, "no-cache"))
            .body(document.as_str()),
        Err(error) => {
            tracing::error!(error, "the API document cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[get("/docs")]
pub(crate) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(CONTENT_SECURITY_POLICY)
        .body(PAGE)
}

/// The links of the page are relative to `/docs`.
#[get("/docs/")]
pub(crate) async fn page_with_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "../docs")).finish()
}

#[get("/docs/{file}")]
pub(crate) async fn asset(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    // A validator would be asked by the name of this server.
    let config = Config::new(["openapi.json"]).validator_url("none").use_base_layout();
    let file = request.match_info().query("file");
    let Ok(Some(asset)) = utoipa_swagger_ui::serve(file, Arc::new(config)) else {
        return Err(ApiError::NoSuchPath);
    };
    let mut response = HttpResponse::Ok();
    response.content_type(asset.content_type).insert_header((CACHE_CONTROL, "max-age=3600"));
    if asset.gzpipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.body(asset.bytes.into_owned()))
}
