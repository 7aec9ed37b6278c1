use futures::future::join_all;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World};

async fn post(world: &World, path: &str, key: &str, body: &Value) -> Answer {
    let request = world.request(Method::POST, path).header("Idempotency-Key", key);
    Answer::of(request.json(body)).await
}

#[tokio::test]
async fn fifty_equal_requests_at_once_make_one_message() {
    let world = World::new().await;
    let body = world.text();

    let answers = join_all((0..50).map(|_| post(&world, "/v1/messages", "order-7", &body))).await;

    let messages = world.messages().await;
    assert_eq!(messages.len(), 1);
    let (accepted, busy): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 202);
    assert!(accepted.iter().all(|answer| answer.message_id() == messages[0].message_id));
    let first = accepted.iter().filter(|answer| answer.header("idempotent-replayed").is_empty());
    assert_eq!(first.count(), 1);
    for answer in &busy {
        assert_eq!(answer.status, 409, "{}", answer.show());
        assert_eq!(answer.header("retry-after"), "1");
    }
    world.end().await;
}

#[tokio::test]
async fn the_same_request_is_answered_the_same_and_done_once() {
    let world = World::new().await;
    let body = world.text();

    let first = post(&world, "/v1/messages", "k", &body).await;
    let second = post(&world, "/v1/messages", "k", &body).await;

    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(world.messages().await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn another_request_with_the_same_key_is_refused() {
    let world = World::new().await;
    let body = world.text();
    post(&world, "/v1/messages", "k", &body).await;

    let mut changed = body.clone();
    changed["text"]["body"] = json!("Other");
    let other_body = post(&world, "/v1/messages", "k", &changed).await;
    let other_path = post(&world, "/v1/messages/batch", "k", &json!({"messages": [body]})).await;

    assert_snapshot!(other_body.show(), @r#"
    422 application/problem+json
    {
      "detail": "this Idempotency-Key came with another request before; use a new one",
      "request_id": "<request_id>",
      "status": 422,
      "title": "Key used before",
      "type": "urn:waypost:problem:idempotency-key-reused"
    }
    "#);
    assert_eq!(other_path.status, 422);
    assert_eq!(world.messages().await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_request_in_progress_is_told_so() {
    let world = World::new().await;
    let mut client = world.db.client().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let (tenant, now) = (world.acme.tenant_id, runtime::now());
    store::idempotency::begin(&transaction, tenant, "k", b"hash", now).await.unwrap();

    let answer = post(&world, "/v1/messages", "k", &world.text()).await;

    assert_snapshot!(answer.show(), @r#"
    409 application/problem+json
    {
      "detail": "a request with this Idempotency-Key is being worked on; ask again",
      "request_id": "<request_id>",
      "status": 409,
      "title": "Still being worked on",
      "type": "urn:waypost:problem:idempotency-key-in-progress"
    }
    "#);
    assert_eq!(answer.header("retry-after"), "1");
    transaction.rollback().await.unwrap();
    assert_eq!(post(&world, "/v1/messages", "k", &world.text()).await.status, 202);
    drop(client);
    world.end().await;
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let world = World::new().await;
    let mut wrong = world.text();
    wrong["to"] = json!("12");
    let mut unknown = world.text();
    unknown["from"] = json!("99999");
    let all_wrong = json!({"messages": [wrong, unknown]});

    assert_eq!(post(&world, "/v1/messages", "k", &wrong).await.status, 422);
    assert_eq!(post(&world, "/v1/messages", "k", &unknown).await.status, 422);
    assert_eq!(post(&world, "/v1/messages/batch", "k", &all_wrong).await.status, 200);

    assert_eq!(post(&world, "/v1/messages", "k", &world.text()).await.status, 202);
    world.end().await;
}

#[tokio::test]
async fn a_batch_is_replayed_with_its_refusals() {
    let world = World::new().await;
    let batch = json!({"messages": [world.text(), 7]});

    let first = post(&world, "/v1/messages/batch", "k", &batch).await;
    let second = post(&world, "/v1/messages/batch", "k", &batch).await;

    assert_eq!(first.status, 200);
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(world.messages().await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn an_answer_is_replayed_even_when_the_request_would_be_too_late_now() {
    let world = World::new().await;
    let mut body = world.text();
    body["expires_at"] = json!(runtime::now() + chrono::TimeDelta::milliseconds(1_500));
    let first = post(&world, "/v1/messages", "k", &body).await;
    assert_eq!(first.status, 202, "{}", first.show());

    let expired = async || world.post("/v1/messages", &body).await.status == 422;
    test_support::eventually("the request is too late", expired).await;

    let second = post(&world, "/v1/messages", "k", &body).await;
    assert_eq!((second.status, second.body), (202, first.body));
    world.end().await;
}

#[tokio::test]
async fn keys_of_two_tenants_never_meet() {
    let world = World::new().await;
    let (other, key) = world.stranger().await;
    post(&world, "/v1/messages", "k", &world.text()).await;
    let mut body = world.text();
    body["from"] = json!(other.phone_number_id);

    let request = world.bare(Method::POST, "/v1/messages").bearer_auth(key);
    let answer = Answer::of(request.header("Idempotency-Key", "k").json(&body)).await;

    assert_eq!(answer.status, 202, "{}", answer.show());
    world.end().await;
}

#[tokio::test]
async fn a_senseless_key_is_refused() {
    let world = World::new().await;
    let body = world.text();

    let spaced = post(&world, "/v1/messages", "a b", &body).await;
    let long = post(&world, "/v1/messages", &"k".repeat(256), &body).await;
    let empty = post(&world, "/v1/messages", "", &body).await;

    assert_snapshot!(spaced.show(), @r#"
    400 application/problem+json
    {
      "detail": "the header Idempotency-Key must be 1 to 255 visible ASCII characters",
      "request_id": "<request_id>",
      "status": 400,
      "title": "A header cannot be used",
      "type": "urn:waypost:problem:wrong-header"
    }
    "#);
    assert_eq!([long.status, empty.status], [400, 400]);
    world.end().await;
}

#[tokio::test]
async fn a_message_whose_key_cannot_be_kept_is_not_accepted_and_the_key_is_free() {
    let world = World::new().await;
    let client = world.db.client().await.unwrap();
    let plant =
        "ALTER TABLE idempotency_keys ADD CONSTRAINT planted CHECK (response_status <> 202)";
    client.batch_execute(plant).await.unwrap();

    let refused = post(&world, "/v1/messages", "k", &world.text()).await;

    assert!(refused.status >= 400, "{}", refused.show());
    assert_eq!(world.messages().await.len(), 0);
    client.batch_execute("ALTER TABLE idempotency_keys DROP CONSTRAINT planted").await.unwrap();
    let accepted = post(&world, "/v1/messages", "k", &world.text()).await;
    assert_eq!(accepted.status, 202, "{}", accepted.show());
    assert_eq!(world.messages().await.len(), 1);
    world.end().await;
}
