//! The signals that end a process.

use std::io;
use std::task::Poll;

use futures::stream::{Stream, poll_fn};
use tokio::signal::unix::{SignalKind, signal};

/// The name of each SIGINT and SIGTERM, from now on.
pub(crate) fn signals() -> io::Result<impl Stream<Item = &'static str> + Unpin + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(poll_fn(move |cx| {
        if interrupt.poll_recv(cx).is_ready() {
            Poll::Ready(Some("SIGINT"))
        } else {
            terminate.poll_recv(cx).map(|_| Some("SIGTERM"))
        }
    }))
}
