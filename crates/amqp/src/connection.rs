//! A connection that is replaced when it is lost.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use futures::StreamExt;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::{BusError, Class, class};

/// Heartbeat in seconds, unless the URL has one. The broker's own default of 60 would leave a
/// silent connection unnoticed for up to two minutes.
const HEARTBEAT_S: u16 = 10;

/// How long one attempt to connect may take, TLS and log-in included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the state of a connection is looked at. lapin tells of most losses by an event; this
/// is for the rest.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How long the broker may take for one answer that is neither a confirm nor a declaration.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// One connection to the broker, for ever: a task of its own replaces it when it is lost.
pub(crate) struct Link {
    current: watch::Receiver<Option<Arc<Connection>>>,
    closed: CancellationToken,
    /// Ends with the link.
    _keeper: JoinSet<()>,
}

impl Link {
    /// Connects, waiting for as long as the broker is away; fails only where waiting cannot help.
    pub(crate) async fn open(uri: AMQPUri, name: String) -> Result<Self, BusError> {
        let dial = Dial { uri, name };
        let first = dial.until_connected().await?;

        let (sender, current) = watch::channel(Some(first.clone()));
        let closed = CancellationToken::new();
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(dial, first, sender, closed.clone()));
        Ok(Self { current, closed, _keeper: keeper })
    }

    pub(crate) fn connected(&self) -> bool {
        self.current.borrow().as_ref().is_some_and(|connection| connection.status().connected())
    }

    /// Whether the broker takes no messages for now, because it is short of memory or disk.
    pub(crate) fn blocked(&self) -> bool {
        self.current.borrow().as_ref().is_some_and(|connection| connection.status().blocked())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Changes when the connection is lost and when it is replaced.
    pub(crate) fn connections(&self) -> watch::Receiver<Option<Arc<Connection>>> {
        self.current.clone()
    }

    /// The live connection; waits while there is none, and never returns once the link is closed.
    pub(crate) async fn connection(&self) -> Arc<Connection> {
        let mut current = self.current.clone();
        let alive = |connection: &Option<Arc<Connection>>| {
            connection.as_ref().is_some_and(|connection| connection.status().connected())
        };
        match current.wait_for(alive).await {
            Ok(connection) => {
                if let Some(connection) = connection.as_ref() {
                    return connection.clone();
                }
            }
            Err(_closed) => {}
        }
        std::future::pending().await
    }

    /// A new channel of the live connection.
    pub(crate) async fn channel(&self) -> Result<Channel, BusError> {
        if self.is_closed() {
            return Err(BusError::Unavailable { reason: "the bus is closed".to_owned() });
        }
        answered(async { self.connection().await.create_channel().await }).await
    }

    /// Closes for good.
    pub(crate) async fn close(&self) {
        self.closed.cancel();
        let connection = self.current.borrow().clone();
        let Some(connection) = connection else { return };
        // The broker may be gone already, and then there is nothing to say good-bye to.
        let _ = answered(connection.close(200, "OK".into())).await;
    }
}

/// Bounds the wait for the broker's answer.
pub(crate) async fn answered<T>(
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BusError> {
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(BusError::from),
        Err(elapsed) => Err(BusError::Unavailable { reason: elapsed.to_string() }),
    }
}

/// Reads the URL and adds our heartbeat.
pub(crate) fn parse_url(url: &str) -> Result<AMQPUri, BusError> {
    let mut uri: AMQPUri = url.parse().map_err(|_: String| BusError::Url)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
    Ok(uri)
}

/// What it takes to connect.
struct Dial {
    uri: AMQPUri,
    name: String,
}

impl Dial {
    async fn until_connected(&self) -> Result<Arc<Connection>, BusError> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(2))
            .with_jitter()
            .without_max_times();
        (|| self.once())
            .retry(backoff)
            .when(|error| !matches!(error, BusError::Refused { .. }))
            .notify(|error, wait| {
                let connection = self.name.as_str();
                tracing::warn!(connection, %error, ?wait, "waiting for the broker");
            })
            .await
    }

    async fn once(&self) -> Result<Arc<Connection>, BusError> {
        let properties =
            ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let connecting = Connection::connect_uri(self.uri.clone(), properties);
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(connection)) => Ok(Arc::new(connection)),
            Ok(Err(error)) if class(&error) == Class::Refused => {
                Err(BusError::Refused { reason: error.to_string() })
            }
            Ok(Err(error)) => Err(BusError::Unavailable { reason: error.to_string() }),
            Err(elapsed) => Err(BusError::Unavailable { reason: elapsed.to_string() }),
        }
    }
}

/// Replaces the connection whenever it is lost, until the link is closed or dropped.
async fn keep(
    dial: Dial,
    mut connection: Arc<Connection>,
    sender: watch::Sender<Option<Arc<Connection>>>,
    closed: CancellationToken,
) {
    let name = dial.name.as_str();
    while closed.run_until_cancelled(until_lost(name, &connection)).await.is_some() {
        tracing::warn!(connection = name, "lost the connection to the broker");
        sender.send_replace(None);
        connection = match closed.run_until_cancelled(dial.until_connected()).await {
            None => return,
            Some(Ok(connection)) => connection,
            // An operator may be changing the password just now: what was let in before is tried
            // for ever, and readiness tells meanwhile.
            Some(Err(error)) => {
                tracing::error!(connection = name, %error, "the broker no longer lets us in");
                let pause = tokio::time::sleep(Duration::from_secs(2));
                if closed.run_until_cancelled(pause).await.is_none() {
                    return;
                }
                continue;
            }
        };
        tracing::info!(connection = name, "connected to the broker again");
        sender.send_replace(Some(connection.clone()));
    }
}

async fn until_lost(name: &str, connection: &Connection) {
    let mut events = std::pin::pin!(connection.events_listener());
    while connection.status().connected() {
        tokio::select! {
            Some(event) = events.next() => match event {
                Event::ConnectionBlocked(reason) => {
                    tracing::warn!(connection = name, reason, "the broker takes no messages");
                }
                Event::ConnectionUnblocked => {
                    tracing::info!(connection = name, "the broker takes messages again");
                }
                _ => {}
            },
            () = tokio::time::sleep(WATCH_INTERVAL) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_added_only_where_the_url_has_none() {
        let plain = parse_url("amqp://guest:guest@127.0.0.1:5672/%2f").unwrap();
        let own = parse_url("amqp://guest:guest@127.0.0.1:5672/%2f?heartbeat=3").unwrap();

        assert_eq!(plain.query.heartbeat, Some(HEARTBEAT_S));
        assert_eq!(own.query.heartbeat, Some(3));
    }

    #[test]
    fn a_wrong_url_is_refused_without_being_shown() {
        let error = parse_url("http://user:hunter2@host").unwrap_err();

        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
