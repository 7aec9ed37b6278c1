//! One request and its answer, and what can be proved when there is none.

use std::error::Error as _;

use bytes::{Bytes, BytesMut};
use reqwest::{Client, Request, Response};

use super::usage::UsageHeaders;
use crate::error::ApiFailure;

/// The answer to a send is never longer.
pub(super) const LONGEST_ANSWER: usize = 64 * 1024;

/// A page of a list is never longer: a hundred templates with all their components.
pub(super) const LONGEST_PAGE: usize = 8 * 1024 * 1024;

/// An answer that came whole.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Cut off, and so unreadable, if it was longer than was to be read.
    pub(super) body: Bytes,
    /// What it says of limits.
    pub(super) usage: UsageHeaders,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The failure for an answer that is not of Meta's shape.
    pub(super) fn unreadable(&self) -> ApiFailure {
        let detail = format!("status {} with a body that is not Meta's", self.status);
        ApiFailure {
            http_status: Some(self.status),
            ..ApiFailure::local("unreadable answer", detail)
        }
    }
}

/// Why no whole answer came.
pub(super) enum Broken {
    /// No connection was made: DNS, TCP, a proxy's tunnel or TLS failed. Not a byte of the request
    /// was written.
    BeforeWriting(ApiFailure),
    /// Anything later. The request may have been read.
    AfterWriting(ApiFailure),
}

impl Broken {
    pub(super) fn into_failure(self) -> ApiFailure {
        match self {
            Self::BeforeWriting(failure) | Self::AfterWriting(failure) => failure,
        }
    }
}

/// Sends `request` and reads the answer. What is longer than `longest` bytes is not one of Meta's,
/// and is not read to its end.
pub(super) async fn exchange(
    client: &Client,
    request: Request,
    longest: usize,
) -> Result<Answer, Broken> {
    let response = client.execute(request).await.map_err(|error| broken(error, None))?;
    let status = response.status().as_u16();
    let usage = UsageHeaders::of(response.headers());
    let body = read(response, longest).await.map_err(|error| broken(error, Some(status)))?;
    Ok(Answer { status, body, usage })
}

async fn read(mut response: Response, longest: usize) -> Result<Bytes, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = longest - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(body.freeze())
}

fn broken(error: reqwest::Error, http_status: Option<u16>) -> Broken {
    let before_writing = error.is_connect();
    let title = match (before_writing, error.is_timeout()) {
        (true, _) => "no connection",
        (false, true) => "no answer in time",
        (false, false) => "connection broken",
    };
    let failure = ApiFailure { http_status, ..ApiFailure::local(title, chain(error)) };
    if before_writing { Broken::BeforeWriting(failure) } else { Broken::AfterWriting(failure) }
}

fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
