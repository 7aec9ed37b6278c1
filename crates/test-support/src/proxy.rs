//! A TCP proxy that can be cut and stalled: an outage on demand.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// Stands between a client and a server, and plays their network. Ends with its last use.
pub struct Proxy {
    addr: SocketAddr,
    target: String,
    stalled: watch::Sender<bool>,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinSet<()>,
}

impl Proxy {
    /// Listens on a free local port and forwards each connection to `target` (`host:port`).
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start(target: impl Into<String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let proxy = Self {
            addr,
            target: target.into(),
            stalled: watch::channel(false).0,
            running: Mutex::new(None),
        };
        proxy.run(listener);
        proxy
    }

    /// Where the client connects to.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Drops every connection and refuses new ones; done when it returns.
    pub async fn cut(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut running) = running {
            let _ = running.stop.send(());
            running.task.join_next().await;
        }
    }

    /// Accepts connections again after [`cut`](Self::cut).
    ///
    /// # Panics
    ///
    /// If another process has taken the port meanwhile.
    pub async fn restore(&self) {
        let is_running = self.running.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !is_running {
            self.run(TcpListener::bind(self.addr).await.expect("the port is still free"));
        }
    }

    /// Becomes a black hole: connections stay and are accepted, and nothing gets through.
    pub fn stall(&self) {
        self.stalled.send_replace(true);
    }

    /// Lets everything through again, what was held up first.
    pub fn resume(&self) {
        self.stalled.send_replace(false);
    }

    fn run(&self, listener: TcpListener) {
        let (stop, stopped) = oneshot::channel();
        let mut task = JoinSet::new();
        task.spawn(accept(listener, self.target.clone(), self.stalled.subscribe(), stopped));
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running { stop, task });
    }
}

async fn accept(
    listener: TcpListener,
    target: String,
    stalled: watch::Receiver<bool>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(forward(client, target.clone(), stalled.clone()));
                }
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Forwards until either side ends or fails.
async fn forward(client: TcpStream, target: String, mut stalled: watch::Receiver<bool>) {
    if stalled.wait_for(|stalled| !stalled).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let _ = tokio::try_join!(
        pump(from_client, to_server, stalled.clone()),
        pump(from_server, to_client, stalled),
    );
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut stalled: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if stalled.wait_for(|stalled| !stalled).await.is_err() {
            return Ok(());
        }
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}
