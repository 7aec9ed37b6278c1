use insta::assert_snapshot;
use reqwest::Method;
use serde_json::Value;

use crate::world::{Answer, World};

#[tokio::test]
async fn a_fresh_message_is_shown_whole() {
    let world = World::new().await;
    let id = world.enqueued().await;

    let mut answer = world.get(&format!("/v1/messages/{id}")).await;

    assert_eq!(answer.body["timeline"][0]["at"], answer.body["created_at"]);
    answer.body["timeline"][0]["at"] = Value::Null;
    assert_snapshot!(answer.show(), @r#"
    200 application/json
    {
      "accepted_at": null,
      "biz_opaque_callback_data": null,
      "content": {
        "text": {
          "body": "Hello"
        },
        "type": "text"
      },
      "created_at": "<created_at>",
      "delivered_at": null,
      "delivery_error": null,
      "delivery_status": "queued",
      "error_code": null,
      "expires_at": "<expires_at>",
      "failed_at": null,
      "from": "20001",
      "held_at": null,
      "lane": "normal",
      "message_id": "<message_id>",
      "not_before": null,
      "on_unknown": "hold",
      "opened_at": null,
      "played_at": null,
      "recipient": null,
      "remedy": null,
      "sent_at": null,
      "timeline": [
        {
          "at": null,
          "event": "enqueued"
        }
      ],
      "to": "+14155552671",
      "type": "text",
      "wa_id": null,
      "waiting_reason": null,
      "wamid": null
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn the_timeline_tells_everything_by_time() {
    let world = World::new().await;
    let id = world.enqueued().await;
    world
        .execute(&format!(
            "UPDATE messages
             SET    created_at = '2026-01-01 00:00:00Z', accepted_at = '2026-01-01 00:02:01Z',
                    sent_at = '2026-01-01 00:02:01Z', delivered_at = '2026-01-01 00:02:03Z',
                    opened_at = '2026-01-01 00:05:00Z', failed_at = '2026-01-01 00:02:02Z',
                    error_code = 131026, delivery_error = 'Message undeliverable';
             INSERT INTO waits (message_id, claim_no, since, until, reason)
             VALUES ('{id}', 1, '2026-01-01 00:00:01Z', '2026-01-01 00:01:00Z', 'pair'),
                    ('{id}', 2, '2026-01-01 00:01:02Z', '2026-01-01 00:02:00Z', 'retry');
             INSERT INTO attempts (message_id, attempt_no, begun_at, finished_at, outcome,
                                   http_status, error_code, error, fbtrace_id)
             VALUES ('{id}', 2, '2026-01-01 00:01:01Z', '2026-01-01 00:01:02Z', 'not_sent',
                     429, 130429, 'Rate limit hit', 'AbC'),
                    ('{id}', 3, '2026-01-01 00:02:00Z', '2026-01-01 00:02:01Z', 'accepted',
                     200, NULL, NULL, NULL);",
        ))
        .await;

    let answer = world.get(&format!("/v1/messages/{id}")).await;

    assert_eq!(answer.body["delivery_status"], "delivered");
    let timeline = Answer { body: answer.body["timeline"].clone(), ..answer };
    assert_snapshot!(timeline.show(), @r#"
    200 application/json
    [
      {
        "at": "2026-01-01T00:00:00Z",
        "event": "enqueued"
      },
      {
        "at": "2026-01-01T00:00:01Z",
        "event": "waiting",
        "reason": "pair",
        "until": "2026-01-01T00:01:00Z"
      },
      {
        "at": "2026-01-01T00:01:01Z",
        "error": "Rate limit hit",
        "error_code": 130429,
        "event": "attempt",
        "fbtrace_id": "AbC",
        "finished_at": "2026-01-01T00:01:02Z",
        "http_status": 429,
        "outcome": "not_sent"
      },
      {
        "at": "2026-01-01T00:01:02Z",
        "event": "waiting",
        "reason": "retry",
        "until": "2026-01-01T00:02:00Z"
      },
      {
        "at": "2026-01-01T00:02:00Z",
        "error": null,
        "error_code": null,
        "event": "attempt",
        "fbtrace_id": null,
        "finished_at": "2026-01-01T00:02:01Z",
        "http_status": 200,
        "outcome": "accepted"
      },
      {
        "at": "2026-01-01T00:02:01Z",
        "event": "status",
        "status": "accepted"
      },
      {
        "at": "2026-01-01T00:02:01Z",
        "event": "status",
        "status": "sent"
      },
      {
        "at": "2026-01-01T00:02:02Z",
        "error": "Message undeliverable",
        "error_code": 131026,
        "event": "status",
        "status": "failed"
      },
      {
        "at": "2026-01-01T00:02:03Z",
        "event": "status",
        "status": "delivered"
      },
      {
        "at": "2026-01-01T00:05:00Z",
        "event": "status",
        "status": "opened"
      }
    ]
    "#);
    world.end().await;
}

#[tokio::test]
async fn a_wait_that_the_caller_asked_for_is_in_the_timeline() {
    let world = World::new().await;
    let mut body = world.text();
    let later = runtime::now() + chrono::TimeDelta::hours(1);
    body["not_before"] = serde_json::json!(later);
    let id = world.post("/v1/messages", &body).await.message_id();

    let answer = world.get(&format!("/v1/messages/{id}")).await;

    assert_eq!(answer.body["timeline"][1]["event"], "waiting");
    assert_eq!(answer.body["timeline"][1]["reason"], "scheduled");
    assert_eq!(answer.body["timeline"][1]["until"], serde_json::json!(later));
    world.end().await;
}

#[tokio::test]
async fn a_message_of_another_tenant_is_not_there() {
    let world = World::new().await;
    let id = world.enqueued().await;
    let (_, key) = world.stranger().await;
    let path = format!("/v1/messages/{id}");

    let others = Answer::of(world.bare(Method::GET, &path).bearer_auth(key)).await;
    let unknown = world.get("/v1/messages/018f4e9d-7a3b-7c4d-8e5f-6a7b8c9d0e1f").await;
    let senseless = world.get("/v1/messages/7").await;

    assert_snapshot!(others.show(), @r#"
    404 application/problem+json
    {
      "detail": "there is no such message; a message id is the UUID that the enqueue answered",
      "request_id": "<request_id>",
      "status": 404,
      "title": "No such message",
      "type": "urn:waypost:problem:no-such-message"
    }
    "#);
    assert_eq!(unknown.show(), others.show());
    assert_eq!(senseless.show(), others.show());
    world.end().await;
}

#[tokio::test]
async fn the_answer_names_the_request_as_the_header_does() {
    let world = World::new().await;

    let answer = world.get("/v1/messages/7").await;

    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(answer.body["request_id"], answer.header("x-request-id"));
    world.end().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let world = World::new().await;

    let path = world.get("/v2/messages").await;
    let method = Answer::of(world.request(Method::DELETE, "/v1/messages")).await;
    let probe = Answer::of(world.request(Method::POST, "/healthz")).await;
    let docs = Answer::of(world.request(Method::POST, "/docs")).await;

    assert_snapshot!(path.show(), @r#"
    404 application/problem+json
    {
      "detail": "there is nothing at this path; the API is described at /docs",
      "request_id": "<request_id>",
      "status": 404,
      "title": "No such path",
      "type": "urn:waypost:problem:no-such-path"
    }
    "#);
    assert_snapshot!(method.show(), @r#"
    405 application/problem+json
    {
      "detail": "this path takes GET, POST",
      "request_id": "<request_id>",
      "status": 405,
      "title": "Method not allowed",
      "type": "urn:waypost:problem:method-not-allowed"
    }
    "#);
    assert_eq!(method.header("allow"), "GET, POST");
    assert_eq!([probe.status, docs.status], [405, 405]);
    assert_eq!(probe.header("content-type"), "application/problem+json");
    world.end().await;
}

#[tokio::test]
async fn the_probes_answer_without_a_key() {
    let world = World::new().await;

    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(Answer::of(world.bare(Method::GET, path)).await.status, 200, "{path}");
    }
    world.end().await;
}
