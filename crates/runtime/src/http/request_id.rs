//! The header that links an answer to its log lines and its trace.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use tracing_actix_web::RequestId;

use crate::trace;

/// Middleware that answers with `x-request-id`: the trace id, or without a trace the request id
/// of the log. For use as `.wrap(from_fn(request_id)).wrap(TracingLogger::<RootSpan>::new())`.
///
/// # Errors
/// Those of the services inside, unchanged.
pub async fn request_id<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let without_trace = || request.extensions().get::<RequestId>().map(ToString::to_string);
    let id = trace::trace_id().or_else(without_trace);
    let mut response = next.call(request).await?;
    if let Some(value) = id.and_then(|id| HeaderValue::try_from(id).ok()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}
