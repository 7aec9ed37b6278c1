//! The raw body of a request: never expanded, never parsed, bounded in size and time.

use std::time::Duration;

use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::time::timeout;

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than allowed; at most that much was read.
    TooLarge,
    /// It did not come in time.
    TooSlow,
    /// The connection ended, or spoke no HTTP, in the middle of it.
    Broken,
}

/// Reads the whole body. One that comes in one piece is not copied.
pub(crate) async fn read(
    payload: &mut Payload,
    announced: Option<usize>,
    max: usize,
    within: Duration,
) -> Result<Bytes, Unread> {
    if announced.is_some_and(|length| length > max) {
        return Err(Unread::TooLarge);
    }
    let reading = async {
        let Some(first) = payload.next().await else { return Ok(Bytes::new()) };
        let first = first.map_err(|_| Unread::Broken)?;
        if first.len() > max {
            return Err(Unread::TooLarge);
        }
        if announced == Some(first.len()) {
            return Ok(first);
        }
        let mut body = BytesMut::with_capacity(announced.unwrap_or(first.len()));
        body.extend_from_slice(&first);
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|_| Unread::Broken)?;
            if body.len() + piece.len() > max {
                return Err(Unread::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    };
    timeout(within, reading).await.unwrap_or(Err(Unread::TooSlow))
}

/// Reads the beginning of a body that nobody vouches for: at most `max` bytes, and what has come
/// when `within` is over.
pub(crate) async fn read_beginning(payload: &mut Payload, max: usize, within: Duration) -> Bytes {
    let mut body = BytesMut::new();
    let reading = async {
        while body.len() < max {
            let Some(Ok(piece)) = payload.next().await else { break };
            let rest = max - body.len();
            body.extend_from_slice(&piece[..piece.len().min(rest)]);
        }
    };
    // What has come by then is kept.
    let _in_time = timeout(within, reading).await;
    body.freeze()
}
