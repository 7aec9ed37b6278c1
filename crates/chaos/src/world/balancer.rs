//! What stands before several ingresses in an installation: the address that Meta knows.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Gives each new connection to the next ingress that listens. Ends with its value.
pub(crate) struct Balancer {
    /// Where Meta posts to.
    pub(crate) addr: SocketAddr,
    _running: JoinSet<()>,
}

impl Balancer {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn start(ingresses: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let mut running = JoinSet::new();
        running.spawn(accept(listener, ingresses));
        Ok(Self { addr, _running: running })
    }
}

async fn accept(listener: TcpListener, mut ingresses: Vec<SocketAddr>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    ingresses.rotate_left(1);
                    connections.spawn(forward(client, ingresses.clone()));
                }
            }
        }
    }
}

/// Forwards until either side ends. Where nobody listens the connection is closed, and Meta posts
/// again.
async fn forward(mut client: TcpStream, ingresses: Vec<SocketAddr>) {
    for ingress in ingresses {
        if let Ok(mut server) = TcpStream::connect(ingress).await {
            let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}
