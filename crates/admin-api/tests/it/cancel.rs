use domain::delivery::DeliveryStatus;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn a_message_that_waits_is_cancelled_and_again_to_the_same_end() {
    let world = World::new().await;
    let id = world.enqueued().await;
    let path = format!("/v1/messages/{id}/cancel");

    let first = world.post(&path, &Value::Null).await;
    let second = world.post(&path, &Value::Null).await;

    assert_snapshot!(first.show(), @r#"
    200 application/json
    {
      "delivery_status": "cancelled",
      "message_id": "<message_id>"
    }
    "#);
    assert_eq!(second.show(), first.show());
    assert_eq!(world.message(id).await.summary.status, DeliveryStatus::Cancelled);
    world.end().await;
}

#[tokio::test]
async fn a_message_that_was_sent_stays_as_it_is() {
    let world = World::new().await;
    let id = world.enqueued().await;
    world.execute("UPDATE messages SET accepted_at = now(), sent_at = now()").await;

    let answer = world.post(&format!("/v1/messages/{id}/cancel"), &Value::Null).await;

    assert_snapshot!(answer.show(), @r#"
    409 application/problem+json
    {
      "delivery_status": "sent",
      "detail": "only a message that still waits can be cancelled; this one is sent",
      "request_id": "<request_id>",
      "status": 409,
      "title": "Too late to cancel",
      "type": "urn:waypost:problem:not-waiting"
    }
    "#);
    assert_eq!(world.message(id).await.summary.status, DeliveryStatus::Sent);
    world.end().await;
}

#[tokio::test]
async fn a_message_in_the_hands_of_a_worker_is_too_late_to_cancel() {
    let world = World::new().await;
    let id = world.enqueued().await;
    world.execute("UPDATE messages SET stage = 'sending', lease_until = now()").await;

    let answer = world.post(&format!("/v1/messages/{id}/cancel"), &Value::Null).await;

    assert_eq!(answer.status, 409);
    assert_eq!(answer.body["delivery_status"], json!("sending"));
    world.end().await;
}

#[tokio::test]
async fn nobody_cancels_a_message_of_another_tenant() {
    let world = World::new().await;
    let id = world.enqueued().await;
    let (_, key) = world.stranger().await;
    let path = format!("/v1/messages/{id}/cancel");

    let request = world.bare(reqwest::Method::POST, &path).bearer_auth(key);
    let answer = crate::world::Answer::of(request).await;

    assert_eq!(answer.status, 404);
    assert_eq!(world.message(id).await.summary.status, DeliveryStatus::Queued);
    world.end().await;
}
