use std::time::Duration;

use amqp::Queue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{BODY, Ingress, PATH, SECRET, World, sign};

const PATIENCE: Duration = Duration::from_secs(60);

/// A connection on which requests are written by hand.
struct Wire(TcpStream);

impl Wire {
    async fn to(ingress: &Ingress) -> Self {
        Self(TcpStream::connect(ingress.addr).await.unwrap())
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until `end` has come.
    async fn read_until(&mut self, end: &str) -> String {
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).contains(end) {
            let read = timeout(PATIENCE, self.0.read_buf(&mut answer)).await.unwrap().unwrap();
            assert!(read > 0, "closed after: {}", String::from_utf8_lossy(&answer));
        }
        String::from_utf8(answer).unwrap()
    }

    /// Reads until the server closes.
    async fn read_to_end(&mut self) -> String {
        let mut answer = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// The head of a POST that announces a body of this length.
fn head(length: usize, more: &str) -> String {
    format!("POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{more}\r\n")
}

fn signed(body: &str) -> String {
    format!("X-Hub-Signature-256: {}\r\n", sign(SECRET, body.as_bytes()))
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = World::new().await;
    let ingress = world.ingress(&[("WAYPOST_INGRESS_BODY_TIMEOUT_S", "0.2")]);
    let mut wire = Wire::to(&ingress).await;
    wire.send(&(head(BODY.len(), &signed(BODY)) + &BODY[..10])).await;

    let answer = wire.read_to_end().await;

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 0);
    ingress.end().await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let world = World::new().await;
    let ingress = world.ingress(&[("WAYPOST_INGRESS_HEAD_TIMEOUT_S", "0.2")]);
    let mut wire = Wire::to(&ingress).await;
    wire.send("POST /webhooks").await;

    let answer = wire.read_to_end().await;

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    ingress.end().await;
}

#[tokio::test]
async fn a_body_cut_short_is_not_published() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut wire = Wire::to(&ingress).await;
    wire.send(&(head(BODY.len() + 1, &signed(BODY)) + BODY)).await;
    wire.0.shutdown().await.unwrap();

    wire.read_to_end().await;

    assert_eq!(ingress.signed(BODY).await.status(), 200);
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 1);
    ingress.end().await;
}

#[tokio::test]
async fn a_body_in_pieces_comes_out_whole_and_the_connection_stays() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut events = world.events().await;
    let mut wire = Wire::to(&ingress).await;

    for _ in 0..3 {
        wire.send(&(head(BODY.len(), &signed(BODY)) + BODY)).await;
        assert!(wire.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 200"));
        assert_eq!(events.next().await.0.body, BODY);
    }
    let (first, rest) = BODY.split_at(10);
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n");
    wire.send(&format!("{head}{}\r\na\r\n{first}\r\n", signed(BODY))).await;
    wire.send(&format!("{:x}\r\n{rest}\r\n0\r\n\r\n", rest.len())).await;
    assert!(wire.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 200"));
    assert_eq!(events.next().await.0.body, BODY);
    ingress.end().await;
}

#[tokio::test]
async fn a_large_body_is_refused_by_its_head_alone() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut wire = Wire::to(&ingress).await;
    wire.send(&head((3 << 20) + 1, &signed(BODY))).await;

    let answer = wire.read_to_end().await;

    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    ingress.end().await;
}

#[tokio::test]
async fn a_body_that_grows_beyond_the_limit_is_not_read_on() {
    let world = World::new().await;
    let ingress = world.ingress(&[("WAYPOST_INGRESS_MAX_BODY", "2048")]);
    let mut wire = Wire::to(&ingress).await;
    let piece = "x".repeat(1500);
    wire.send(&format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n{}\r\n",
        signed(BODY)
    ))
    .await;
    for _ in 0..2 {
        wire.send(&format!("{:x}\r\n{piece}\r\n", piece.len())).await;
    }

    let answer = wire.read_until("\r\n\r\n").await;

    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    ingress.end().await;
}

#[tokio::test]
async fn above_the_cap_an_unsigned_body_is_not_read_at_all() {
    let world = World::new().await;
    let ingress = world.ingress(&[("WAYPOST_INGRESS_REJECTED_PER_MINUTE", "1")]);
    assert_eq!(ingress.post(BODY, &[]).await.status(), 403);
    let mut wire = Wire::to(&ingress).await;
    wire.send(&head(3 << 20, "")).await;

    let answer = wire.read_to_end().await;

    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    ingress.end().await;
}

#[tokio::test]
async fn an_unsigned_body_without_end_is_not_read_on() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut wire = Wire::to(&ingress).await;
    let piece = format!("{:x}\r\n{}\r\n", 64 << 10, "x".repeat(64 << 10));
    wire.send(&format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{piece}"
    ))
    .await;
    assert!(wire.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 403"));

    let endless = async { while wire.0.write_all(piece.as_bytes()).await.is_ok() {} };

    timeout(PATIENCE, endless).await.expect("the server hangs up");
    ingress.end().await;
}

#[tokio::test]
async fn a_stop_lets_a_request_in_flight_end() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut events = world.events().await;
    let mut wire = Wire::to(&ingress).await;
    wire.send(&head(BODY.len(), &(signed(BODY) + "Expect: 100-continue\r\n"))).await;
    assert!(wire.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 100"));
    let addr = ingress.addr;
    ingress.stop.stop();
    test_support::eventually("no connection is taken any more", async || {
        TcpStream::connect(addr).await.is_err()
    })
    .await;

    wire.send(BODY).await;

    assert!(wire.read_to_end().await.starts_with("HTTP/1.1 200"));
    assert_eq!(events.next().await.0.body, BODY);
    ingress.end().await;
}
