use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{NUMBER, Receiver, Running, at_once, eventually, text};

async fn struck(fault: Value) -> Running {
    Running::new(&json!({"faults": [fault], "fates": at_once()}), None).await
}

/// Posts a text over a bare connection and gives all bytes that came back until it ended.
async fn raw(sim: &Running, opaque: &str) -> Vec<u8> {
    let body = text("+14155550101", opaque).to_string();
    let head = format!(
        "POST /v25.0/{NUMBER}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(sim.addr).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // A connection that is closed after the head may refuse the body.
    let _ = stream.write_all(body.as_bytes()).await;
    let mut answer = Vec::new();
    let ended =
        tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the connection did not end");
    answer
}

#[tokio::test]
async fn accepted_then_dropped_is_recorded_and_the_client_sees_no_byte() {
    let receiver = Receiver::new(&[]);
    let scenario =
        json!({"faults": [{"kind": "drop_after_accept", "times": 2}], "fates": at_once()});
    let sim = Running::new(&scenario, Some(&receiver)).await;

    let answer = raw(&sim, "raw").await;
    let error = sim.post(&text("+14155550102", "client")).await.unwrap_err();

    assert_eq!(answer, b"", "{}", String::from_utf8_lossy(&answer));
    assert!(error.is_request() && !error.is_timeout() && error.status().is_none(), "{error:?}");
    let accepted: Vec<_> =
        sim.control.sends(0, 10).into_iter().filter_map(|send| send.opaque).collect();
    assert_eq!(accepted, ["raw".into(), "client".into()] as [Box<str>; 2]);
    sim.idle().await;
    assert!(receiver.statuses().iter().any(|status| status["biz_opaque_callback_data"] == "raw"));
    assert_eq!(sim.code("+14155550103", "after").await, 0);
}

#[tokio::test]
async fn a_reset_before_reading_accepts_nothing() {
    let sim = struck(json!({"kind": "reset_before_reading", "times": 1})).await;

    let error = sim.post(&text("+14155550101", "1")).await.unwrap_err();

    assert!(error.status().is_none(), "{error:?}");
    assert_eq!(sim.control.stats().accepted, 0);
    assert_eq!(sim.code("+14155550101", "1").await, 0);
}

#[tokio::test]
async fn errors_after_acceptance_are_errors_of_accepted_messages() {
    let sim = struck(json!({"sequence": [{"error_after_accept": {"status": 500}},
        {"error_after_accept": {"status": 500, "code": 131_000}}, "garbage"]}))
    .await;

    let (bare, body) = sim.text("+14155550101", "1").await;
    let (metas, error) = sim.text("+14155550102", "2").await;
    let (garbage, nothing) = sim.text("+14155550103", "3").await;

    assert_eq!((bare, body), (500, Value::Null));
    assert_eq!((metas, error["error"]["code"].as_i64()), (500, Some(131_000)));
    assert_eq!((garbage, nothing), (200, Value::Null));
    assert_eq!(sim.control.stats().accepted, 3);
}

#[tokio::test]
async fn errors_before_acceptance_accept_nothing_and_use_nothing() {
    let sim = struck(json!({"sequence": ["too_many_requests", {"server_error": {"status": 503}},
        {"error": {"code": 131_016}}, "none"]}))
    .await;

    let (bare, body) = sim.text("+14155550101", "1").await;
    let (server, _) = sim.text("+14155550101", "1").await;
    let (status, error) = sim.text("+14155550101", "1").await;

    assert_eq!((bare, body, server), (429, Value::Null, 503));
    assert_eq!((status, error["error"]["code"].as_i64()), (500, Some(131_016)));
    assert_eq!(sim.control.stats().accepted, 0);
    assert_eq!(sim.code("+14155550101", "1").await, 0);
    let stats = sim.control.stats();
    assert_eq!((stats.faults, stats.numbers[NUMBER].accepted_per_second), (3, 1));
}

#[tokio::test]
async fn a_slow_answer_comes_late_and_its_message_was_accepted_before() {
    let sim = struck(json!({"kind": {"slow": {"ms": 300}}, "recipient": "1415*"})).await;
    let begun = Instant::now();

    let slow = async {
        assert_eq!(sim.code("+14155550101", "slow").await, 0);
        begun.elapsed()
    };
    let accepted = async {
        eventually("it is accepted", || sim.control.stats().accepted == 1).await;
        begun.elapsed()
    };
    let (answered, accepted) = tokio::join!(slow, accepted);

    assert!(accepted < answered && answered >= Duration::from_millis(300));
    assert_eq!(sim.code("+4917012345678", "fast").await, 0);
    assert_eq!(sim.control.stats().faults, 1);
}

#[tokio::test]
async fn chance_strikes_the_same_messages_whatever_their_order() {
    let fault = json!({"kind": "too_many_requests", "chance": 0.5});
    let (one, other) = (struck(fault.clone()).await, struck(fault).await);
    let mut forward = Vec::new();
    let mut backward = Vec::new();

    for message in 0..40 {
        forward.push(one.text("+14155550101", &message.to_string()).await.0);
    }
    for message in (0..40).rev() {
        backward.push(other.text("+14155550101", &message.to_string()).await.0);
    }

    backward.reverse();
    assert_eq!(forward, backward);
    assert!(forward.contains(&200) && forward.contains(&429));
}
