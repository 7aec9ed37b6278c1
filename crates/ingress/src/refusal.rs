//! Answers that end the connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderValue, RETRY_AFTER};
use actix_web::web::Payload;
use bytes::Bytes;

use crate::door::Closed;

/// When to come back while something is away, in seconds.
pub(crate) const BACK_SOON: &str = "10";

/// Refuses a request whose body has been read, or, given the rest of the body, without reading it.
pub(crate) fn refuse(
    status: StatusCode,
    text: &'static str,
    unread: Option<Payload>,
) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).force_close().body(Refusal {
        text,
        is_sent: false,
        _unread: unread,
    })
}

/// Refuses a request to a URL that is not there: as any path that nobody serves.
pub(crate) fn closed(why: &Closed, unread: Option<Payload>) -> HttpResponse {
    match why {
        Closed::Unknown => refuse(StatusCode::NOT_FOUND, "", unread),
        Closed::NotYet => {
            let text = "The webhook secrets have not been read yet";
            let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, text, unread);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(BACK_SOON));
            response
        }
    }
}

/// The text of a refusal, which holds what is left of the request's body.
///
/// What a handler drops of a chunked body, actix-web reads on to an end that may never come. What
/// is still held when the answer has been written makes it hang up.
struct Refusal {
    text: &'static str,
    is_sent: bool,
    _unread: Option<Payload>,
}

impl MessageBody for Refusal {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.text.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = (!self.is_sent).then(|| Ok(Bytes::from_static(self.text.as_bytes())));
        self.is_sent = true;
        Poll::Ready(rest)
    }
}
