use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};

use crate::error::ApiError;

/// The largest upload: Meta's 100 MB for a document, and what a form puts around it
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media>).
const LARGEST_UPLOAD: usize = 101 * 1024 * 1024;

/// How many pieces of a body wait for Meta at most.
const PIECES: usize = 8;

/// The body of an upload on its way. The request itself cannot leave its thread, so its pieces do.
pub(crate) type Pieces = mpsc::Receiver<Result<Bytes, BrokenOff>>;

/// Why the pieces end before the body does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body broke off, or is too large")]
pub(crate) struct BrokenOff;

/// What the head of an upload says.
pub(crate) struct UploadHead {
    pub(crate) content_type: String,
    pub(crate) length: Option<u64>,
}

impl UploadHead {
    /// # Errors
    /// `WrongMediaType` when it is no form, `TooLarge`.
    pub(crate) fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header(&CONTENT_TYPE).unwrap_or_default();
        if !content_type.to_ascii_lowercase().starts_with("multipart/form-data;") {
            let detail = "must be a form with a file: Content-Type: multipart/form-data";
            return Err(ApiError::WrongMediaType { detail });
        }
        let length: Option<u64> = header(&CONTENT_LENGTH).and_then(|length| length.parse().ok());
        if length.is_some_and(|length| length > LARGEST_UPLOAD as u64) {
            return Err(ApiError::TooLarge { limit_bytes: LARGEST_UPLOAD });
        }
        Ok(Self { content_type: content_type.to_owned(), length })
    }
}

/// A way for the pieces of a body.
pub(crate) fn pieces() -> (mpsc::Sender<Result<Bytes, BrokenOff>>, Pieces) {
    mpsc::channel(PIECES)
}

/// Hands a body on as it arrives, until it ends or nobody takes it any more.
///
/// # Errors
/// `CutOff`, `TooLarge`.
pub(crate) async fn feed(
    mut payload: Payload,
    mut to: mpsc::Sender<Result<Bytes, BrokenOff>>,
) -> Result<(), ApiError> {
    let mut total = 0;
    while let Some(chunk) = payload.next().await {
        let fault = match chunk {
            Err(_) => ApiError::CutOff,
            Ok(chunk) if total + chunk.len() <= LARGEST_UPLOAD => {
                total += chunk.len();
                if to.send(Ok(chunk)).await.is_err() {
                    return Ok(());
                }
                continue;
            }
            Ok(_) => ApiError::TooLarge { limit_bytes: LARGEST_UPLOAD },
        };
        // Nobody hears it when the call has just ended.
        let _ = to.send(Err(BrokenOff)).await;
        return Err(fault);
    }
    Ok(())
}
