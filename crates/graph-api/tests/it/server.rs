//! A server of a few lines that misbehaves as told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What to do with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answer with this status and body, and keep the connection.
    Answer(u16, Vec<u8>),
    /// Send these bytes and close.
    Raw(Vec<u8>),
    /// Close in an orderly way without an answer.
    Close,
    /// Reset the connection without an answer.
    Reset,
    /// Never answer.
    Stall,
}

/// Listens on a free port of this machine until dropped. Requests beyond the script are answered
/// with 418, so that a request too many shows.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Requests,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, connections) = (Arc::<Mutex<_>>::default(), Arc::default());
        let mut tasks = JoinSet::new();
        let script = script.into_iter().collect();
        tasks.spawn(accept(listener, script, Arc::clone(&requests), Arc::clone(&connections)));
        Self { url, requests, connections, _tasks: tasks }
    }

    /// How many whole requests were read.
    pub(crate) fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// The requests that were read, as they came.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

type Requests = Arc<Mutex<Vec<String>>>;

async fn accept(
    listener: TcpListener,
    script: Vec<Act>,
    requests: Requests,
    connections: Arc<AtomicUsize>,
) {
    let script = Arc::new(script);
    let mut tasks = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.fetch_add(1, Ordering::SeqCst);
        tasks.spawn(serve(stream, Arc::clone(&script), Arc::clone(&requests)));
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Vec<Act>>, requests: Requests) {
    while let Some(request) = read_request(&mut stream).await {
        let number = {
            let mut requests = requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        let too_many = Act::Answer(418, Vec::new());
        match script.get(number).cloned().unwrap_or(too_many) {
            Act::Answer(status, body) => {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
            }
            Act::Raw(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                return;
            }
            Act::Close => return,
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Act::Stall => std::future::pending().await,
        }
    }
}

/// Reads one request with its body; `None` when the peer closes instead.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= content_length(head)
        {
            return Some(text.into_owned());
        }
    }
}

fn content_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.parse().unwrap())
}
