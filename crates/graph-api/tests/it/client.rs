//! What a send comes to, whatever the other side does.

use std::time::Duration;

use graph_api::client::{GraphClient, GraphConfig, SendOutcome, SendRequest};
use graph_api::error::{ApiFailure, Rejection, Throttle};
use secrecy::SecretString;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::fixture;
use crate::server::{Act, Server};

const TOKEN: &str = "EAAB-a-token";

fn client(base_url: &str) -> GraphClient {
    client_with(base_url, Duration::from_secs(20))
}

fn client_with(base_url: &str, timeout: Duration) -> GraphClient {
    let mut config = GraphConfig::new(base_url, "v25.0").unwrap();
    config.timeout = timeout;
    GraphClient::new(&config).unwrap()
}

async fn send(client: &GraphClient) -> SendOutcome {
    send_with(client, TOKEN).await
}

async fn send_with(client: &GraphClient, token: &str) -> SendOutcome {
    let request = SendRequest {
        phone_number_id: &"106540352242922".parse().unwrap(),
        token: &SecretString::from(token),
        body: &json!({"messaging_product": "whatsapp", "to": "+14155550101", "type": "text"}),
    };
    client.send(request).await
}

/// What one send comes to when its request meets `act`.
async fn outcome_of(act: Act) -> SendOutcome {
    let server = Server::start([act]).await;
    let outcome = send(&client(&server.url)).await;
    assert_eq!(server.requests(), 1, "a send is written exactly once");
    outcome
}

fn answer(status: u16, name: &str) -> Act {
    Act::Answer(status, fixture::read(&format!("responses/{name}")))
}

fn ambiguous(outcome: SendOutcome) -> ApiFailure {
    match outcome {
        SendOutcome::Ambiguous { error } => error,
        other => panic!("expected an ambiguous outcome, got {other:?}"),
    }
}

#[tokio::test]
async fn an_accepted_send_has_its_id_and_the_recipient_as_meta_writes_it() {
    let outcome = outcome_of(answer(200, "send_accepted")).await;

    let expected = SendOutcome::Accepted {
        wamid: "wamid.HBgLMTQxNTU1NTAxMDEVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA".parse().unwrap(),
        wa_id: Some("14155550101".into()),
        held: false,
    };
    assert_eq!(outcome, expected);
    assert_eq!(format!("{outcome:?}"), "Accepted { held: false, .. }");
}

#[tokio::test]
async fn a_held_template_and_a_send_to_a_bsuid_are_accepted() {
    let held = outcome_of(answer(200, "send_held")).await;
    let bsuid = outcome_of(answer(200, "send_bsuid")).await;

    assert!(matches!(held, SendOutcome::Accepted { held: true, .. }), "{held:?}");
    assert!(matches!(bsuid, SendOutcome::Accepted { wa_id: None, held: false, .. }), "{bsuid:?}");
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);

    let outcome = send(&client(&url)).await;

    let SendOutcome::NotSent { why: Throttle::Connect, error } = outcome else {
        panic!("expected that nothing was sent, got {outcome:?}");
    };
    assert_eq!((error.http_status, error.code), (None, None));
    assert!(!error.detail.is_empty());
}

#[tokio::test]
async fn nothing_is_sent_over_a_connection_whose_encryption_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let client = client(&url);

    let (outcome, ()) = tokio::join!(send(&client), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
    });

    assert!(matches!(outcome, SendOutcome::NotSent { why: Throttle::Connect, .. }), "{outcome:?}");
}

#[tokio::test]
async fn nothing_is_sent_over_a_connection_that_is_not_set_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());

    let outcome = send(&client_with(&url, Duration::from_secs(2))).await;

    assert!(matches!(outcome, SendOutcome::NotSent { why: Throttle::Connect, .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_connection_lost_after_the_request_leaves_it_open_whether_it_was_sent() {
    for act in [Act::Close, Act::Reset] {
        let error = ambiguous(outcome_of(act).await);
        assert_eq!(error.title, "connection broken");
        assert_eq!(error.http_status, None);
    }
}

#[tokio::test]
async fn a_send_that_is_not_answered_in_time_may_have_been_sent() {
    let server = Server::start([Act::Stall]).await;

    let outcome = send(&client_with(&server.url, Duration::from_secs(1))).await;

    assert_eq!(ambiguous(outcome).title, "no answer in time");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_it_open_whether_it_was_sent() {
    for start in
        ["HTTP/1.1 200 OK\r\ncontent-len", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"]
    {
        ambiguous(outcome_of(Act::Raw(start.into())).await);
    }
    let refusal = "HTTP/1.1 400 Bad\r\ncontent-length: 99\r\n\r\n{";
    let error = ambiguous(outcome_of(Act::Raw(refusal.into())).await);
    assert_eq!(error.http_status, Some(400));
}

#[tokio::test]
async fn a_connection_lost_under_a_reused_client_is_not_answered_by_a_second_send() {
    for act in [Act::Close, Act::Reset] {
        let server = Server::start([answer(200, "send_accepted"), act]).await;
        let client = client(&server.url);

        let first = send(&client).await;
        let second = send(&client).await;

        assert!(matches!(first, SendOutcome::Accepted { .. }), "{first:?}");
        ambiguous(second);
        assert_eq!((server.requests(), server.connections()), (2, 1));
    }
}

#[tokio::test]
async fn a_success_without_a_readable_id_may_have_been_sent() {
    let bodies = [
        "",
        "garbage",
        "{}",
        "[]",
        r#"{"messages":[]}"#,
        r#"{"messages":[{}]}"#,
        r#"{"messages":[{"id":""}]}"#,
        r#"{"messages":{"id":"wamid.X="}}"#,
    ];
    for body in bodies {
        let error = ambiguous(outcome_of(Act::Answer(200, body.into())).await);
        assert_eq!(error.http_status, Some(200), "{body}");
    }
}

#[tokio::test]
async fn an_id_is_found_among_parts_of_odd_shapes() {
    let body = r#"{"contacts":"?","messages":[{"id":"wamid.X=","message_status":7}],"new":{}}"#;

    let outcome = outcome_of(Act::Answer(200, body.into())).await;

    assert!(matches!(outcome, SendOutcome::Accepted { wa_id: None, held: false, .. }));
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let mut raw = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n".to_vec();
    raw.resize(raw.len() + 100 * 1024, b'x');

    let error = ambiguous(outcome_of(Act::Raw(raw)).await);

    assert_eq!(error.title, "unreadable answer");
}

#[tokio::test]
async fn trouble_of_metas_own_leaves_it_open_whether_it_was_sent() {
    let shaped = ambiguous(outcome_of(answer(500, "error_something_went_wrong")).await);
    let bare = ambiguous(outcome_of(Act::Answer(502, b"<html>".to_vec())).await);

    assert_eq!((shaped.http_status, shaped.code), (Some(500), Some(131_000)));
    assert_eq!(shaped.fbtrace_id.as_deref(), Some("AbCdEfGhIjK"));
    assert_eq!((bare.http_status, bare.code), (Some(502), None));
}

#[tokio::test]
async fn a_throttled_send_says_whom_to_slow_whatever_the_status() {
    for (act, expected) in [
        (Act::Answer(429, Vec::new()), Throttle::Number),
        (answer(400, "error_throughput"), Throttle::Number),
        (answer(500, "error_throughput"), Throttle::Number),
        (answer(400, "error_pair"), Throttle::Pair),
        (answer(429, "error_waba_rate"), Throttle::Waba),
    ] {
        let outcome = outcome_of(act).await;
        let SendOutcome::NotSent { why, .. } = outcome else {
            panic!("expected {expected:?}, got {outcome:?}");
        };
        assert_eq!(why, expected);
    }
}

#[tokio::test]
async fn a_refusal_says_whose_fault_it_is_and_what_meta_said() {
    for (act, expected, detail) in [
        (answer(400, "error_parameter_missing"), Rejection::Request, "Parameter 'to' is mandatory"),
        (answer(400, "error_text_data"), Rejection::Request, "Body is too long"),
        (answer(404, "error_template_missing"), Rejection::Template, "template name (order_ready)"),
        (
            answer(401, "error_token_expired"),
            Rejection::Credential,
            "Error validating access token",
        ),
        (answer(400, "error_unknown_object"), Rejection::Credential, "Unsupported post request"),
    ] {
        let outcome = outcome_of(act).await;
        let SendOutcome::Rejected { kind, error } = outcome else {
            panic!("expected {expected:?}, got {outcome:?}");
        };
        assert_eq!(kind, expected);
        assert!(error.detail.starts_with(detail), "{}", error.detail);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let raw = b"HTTP/1.1 307 X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_vec();

    let outcome = outcome_of(Act::Raw(raw)).await;

    assert!(
        matches!(outcome, SendOutcome::Rejected { kind: Rejection::Request, .. }),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_token_that_meta_quotes_back_is_taken_out_and_nul_too() {
    let body =
        json!({"error": {"message": format!("Malformed access token {TOKEN}"), "code": 190}});

    let outcome = outcome_of(Act::Answer(401, body.to_string().into())).await;

    let SendOutcome::Rejected { kind: Rejection::Credential, error } = outcome else {
        panic!("expected a refused credential, got {outcome:?}");
    };
    assert_eq!(error.title, "Malformed access token [token]");
    assert_eq!(error.detail, "Malformed access token [token]");
}

#[tokio::test]
async fn a_token_that_cannot_stand_in_a_header_is_refused_before_anything_is_sent() {
    let server = Server::start([]).await;

    for token in ["", "two\nlines"] {
        let outcome = send_with(&client(&server.url), token).await;
        let credential = Rejection::Credential;
        assert!(matches!(outcome, SendOutcome::Rejected { kind, .. } if kind == credential));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_phone_number_tells_its_throughput_and_limit() {
    let server =
        Server::start([answer(200, "phone_number"), answer(401, "error_token_expired")]).await;
    let client = client(&server.url);
    let (waba_id, id) = ("100".parse().unwrap(), "106540352242922".parse().unwrap());
    let token = SecretString::from(TOKEN);

    let number = client.phone_number(&waba_id, &id, &token).await.unwrap();
    let refused = client.phone_number(&waba_id, &id, &token).await.unwrap_err();

    assert_eq!(number.status.as_deref(), Some("CONNECTED"));
    assert_eq!(number.throughput.unwrap().level.as_deref(), Some("STANDARD"));
    assert_eq!(number.whatsapp_business_manager_messaging_limit.as_deref(), Some("TIER_2K"));
    assert_eq!((refused.code, refused.subcode), (Some(190), Some(463)));
}

#[tokio::test]
async fn a_send_request_does_not_show_its_message_in_debug_output() {
    let request = SendRequest {
        phone_number_id: &"200".parse().unwrap(),
        token: &SecretString::from(TOKEN),
        body: &json!({"to": "+14155550101"}),
    };

    let shown = format!("{request:?}");

    assert!(!shown.contains("4155550101") && !shown.contains(TOKEN), "{shown}");
}
