//! Reading a JSON body within its limits.

mod batch;

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use crate::error::ApiError;

pub(crate) use self::batch::items;

/// The largest body of a single message. Meta's largest message is a fraction of it.
pub(crate) const MESSAGE_BYTES: usize = 1024 * 1024;

/// The largest body of a batch.
pub(crate) const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// How much of a body that is too large is read and thrown away, so that a caller who writes
/// before reading gets the answer instead of a broken connection.
const LARGEST_LEFTOVER: usize = 32 * 1024 * 1024;

/// How long a whole body may take.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The raw bytes of a body that claims to be JSON.
///
/// # Errors
/// `WrongMediaType`, `TooLarge`, `TooSlow`, `CutOff`.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: Payload,
    limit_bytes: usize,
) -> Result<Bytes, ApiError> {
    let announced = header(request, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let reading = collect(payload, announced.unwrap_or(0), limit_bytes);
    let body = tokio::time::timeout(BODY_TIME, reading).await.map_err(|_| ApiError::TooSlow)?;
    json_only(request)?;
    body
}

fn json_only(request: &HttpRequest) -> Result<(), ApiError> {
    let content_type = header(request, &CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let detail = "must be JSON, with the header Content-Type: application/json";
        return Err(ApiError::WrongMediaType { detail });
    }
    match header(request, &CONTENT_ENCODING) {
        None => Ok(()),
        Some(encoding) if encoding.eq_ignore_ascii_case("identity") => Ok(()),
        Some(_) => Err(ApiError::WrongMediaType { detail: "must not be compressed" }),
    }
}

fn header<'a>(
    request: &'a HttpRequest,
    name: &actix_web::http::header::HeaderName,
) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

async fn collect(
    mut payload: Payload,
    announced: usize,
    limit_bytes: usize,
) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::with_capacity(announced.min(limit_bytes));
    let mut total = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::CutOff)?;
        total += chunk.len();
        if total <= limit_bytes {
            body.extend_from_slice(&chunk);
        } else if total > LARGEST_LEFTOVER || announced > LARGEST_LEFTOVER {
            break;
        }
    }
    if total > limit_bytes { Err(ApiError::TooLarge { limit_bytes }) } else { Ok(body.freeze()) }
}
