//! What a process exports, as a collector sees it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::child::Drain;

/// Tells the collector that no export comes any more.
const LAST: &[u8] = b"END / HTTP/1.1\r\ncontent-length: 0\r\n\r\n";

#[test]
fn the_last_spans_and_metrics_are_exported_before_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let endpoint = format!("http://{addr}");
    let collector = thread::spawn(move || take_exports(&listener));
    let mut drain = Drain::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    drain.until("drain is running");
    drain.signal("TERM");

    let (code, log) = drain.end();
    TcpStream::connect(addr).unwrap().write_all(LAST).unwrap();
    let mut exports = collector.join().unwrap();
    exports.sort();

    assert_eq!(code, 0, "{log:#?}");
    assert_eq!(exports.len(), 2, "{exports:#?}");
    assert!(exports[0].starts_with("POST /v1/metrics"), "{}", exports[0]);
    assert!(exports[0].contains("process_resident_memory"), "{}", exports[0]);
    assert!(exports[1].starts_with("POST /v1/traces"), "{}", exports[1]);
    assert!(exports[1].contains("worker"), "{}", exports[1]);
}

fn take_exports(listener: &TcpListener) -> Vec<String> {
    let exports = std::iter::repeat_with(|| take_export(listener));
    exports.take_while(|export| export.starts_with("POST")).collect()
}

/// The first line and the body of one export.
fn take_export(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(&stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.to_lowercase());
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length:")).unwrap();
    let mut body = vec![0; length.trim().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    (&stream)
        .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        .unwrap();
    format!("{}{}", head[0].replace("post", "POST"), String::from_utf8_lossy(&body))
}
