//! The probe pages over a real connection.

use std::net::SocketAddr;
use std::time::Duration;

use runtime::metrics::KeyValue;
use runtime::{Env, Health, Stop, http, metrics, service, telemetry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::child::Drain;

async fn get(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_is_counted_is_shown_to_prometheus() {
    let env = Env::of([("WAYPOST_LOG", "warn")]);
    let first = telemetry::init("test", &env).unwrap();
    telemetry::init("test", &env).unwrap();
    let counter = metrics::counter("waypost.test.events", "Events of a test.");
    counter.add(3, &[KeyValue::new("kind", "good")]);
    let time = metrics::histogram("waypost.test.wait", "Wait of a test.", "s");
    time.record(0.3, &[]);
    let (stop, health) = (Stop::new(), Health::new());
    let probes = http::serve_probes("127.0.0.1:0".parse().unwrap(), health, stop.clone()).unwrap();
    let addr = probes.addr;

    let (ended, page) = tokio::join!(
        service::run(vec![probes.service], stop.clone(), Duration::from_secs(5)),
        async {
            let page = get(addr, "/metrics").await;
            stop.stop();
            page
        }
    );
    ended.unwrap();
    first.shutdown().await;

    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    for line in [
        "waypost_test_events_total{kind=\"good\"} 3\n",
        "waypost_test_wait_seconds_bucket{le=\"0.5\"} 1\n",
        "process_resident_memory_bytes ",
        "process_cpu_seconds_total ",
        "process_start_time_seconds ",
        "waypost_build_info{service=\"test\",version=\"",
    ] {
        assert!(page.contains(line), "{line} in {page}");
    }
}

#[tokio::test]
async fn a_process_without_http_of_its_own_shows_its_probes() {
    let mut drain = Drain::start(&[]);
    let addr = drain.probes();
    drain.until("drain is running");

    let (alive, ready) = (get(addr, "/healthz").await, get(addr, "/readyz").await);

    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    assert!(ready.ends_with(r#"{"checks":{"running":"ok"},"ready":true}"#), "{ready}");
    drain.signal("TERM");
    assert_eq!(drain.end().0, 0);
}
