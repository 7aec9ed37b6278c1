use domain::delivery::DeliveryStatus;
use domain::ids::MessageId;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, World};

/// A message of which nobody knows whether it went out.
async fn unknown(world: &World) -> MessageId {
    let id = world.enqueued().await;
    world.execute("UPDATE messages SET stage = 'unknown', claim_no = 1, begun_claim_no = 1").await;
    id
}

#[tokio::test]
async fn a_person_says_what_became_of_it_and_it_stands_in_timeline_and_audit_log() {
    let world = World::new().await;
    let id = unknown(&world).await;
    let found = world.get("/v1/messages?status=unknown").await;
    assert_eq!(found.body["data"][0]["message_id"], json!(id));

    let body = json!({"as": "sent", "reason": "the customer has it"});
    let answer = world.post(&format!("/v1/messages/{id}/resolve"), &body).await;

    assert_snapshot!(answer.show(), @r#"
    200 application/json
    {
      "delivery_status": "accepted",
      "message_id": "<message_id>"
    }
    "#);
    let shown = world.get(&format!("/v1/messages/{id}")).await.body;
    assert_eq!((&shown["accepted_at"], &shown["wamid"]), (&json!(null), &json!(null)));
    let timeline = shown["timeline"].as_array().unwrap();
    assert_eq!(timeline.len(), 2, "{timeline:?}");
    let mut event = timeline[1].clone();
    event["at"] = json!(null);
    assert_eq!(
        event,
        json!({"event": "resolved", "at": null, "as": "sent", "by": "api_key",
               "reason": "the customer has it"})
    );
    let lines = world.audited("action=message.resolved").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["subject"], json!(id));
    assert_eq!(lines[0]["detail"], json!({"as": "sent", "delivery_status": "accepted"}));
    world.end().await;
}

#[tokio::test]
async fn what_was_not_sent_waits_again_and_what_is_given_up_has_failed() {
    let world = World::new().await;
    for (word, status) in [("not_sent", "queued"), ("failed", "failed")] {
        let id = unknown(&world).await;
        let path = format!("/v1/messages/{id}/resolve");

        let answer = world.post(&path, &json!({"as": word})).await;

        assert_eq!(answer.status, 200, "{}", answer.show());
        assert_eq!(answer.body["delivery_status"], status);
        let shown = world.get(&format!("/v1/messages/{id}")).await.body;
        assert_eq!(shown["delivery_status"], status);
        assert_eq!(shown["failed_at"].is_string(), status == "failed");
        assert_eq!(shown["error_code"] == json!(0), status == "failed");
        assert_eq!(shown["timeline"][1]["reason"], json!(null));
    }
    world.end().await;
}

#[tokio::test]
async fn a_message_whose_fate_is_known_stays_as_it_is() {
    let world = World::new().await;
    let id = unknown(&world).await;
    world.execute("UPDATE messages SET sent_at = now()").await;

    let answer = world.post(&format!("/v1/messages/{id}/resolve"), &json!({"as": "failed"})).await;

    assert_snapshot!(answer.show(), @r#"
    409 application/problem+json
    {
      "delivery_status": "sent",
      "detail": "only a message whose fate is unknown can be resolved; this one is sent",
      "request_id": "<request_id>",
      "status": 409,
      "title": "Its fate is known",
      "type": "urn:waypost:problem:not-unknown"
    }
    "#);
    assert!(world.audited("action=message.resolved").await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let world = World::new().await;
    let id = unknown(&world).await;
    let path = format!("/v1/messages/{id}/resolve");
    let refused = async |body| {
        let answer = world.post(&path, &body).await;
        assert_eq!(answer.status, 422, "{}", answer.show());
        let errors = answer.body["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].to_string()).collect::<Vec<_>>()
    };

    assert_eq!(refused(json!({})).await, [r#""/as""#]);
    assert_eq!(refused(json!({"as": "delivered"})).await, [r#""/as""#]);
    let long = "x".repeat(501);
    assert_eq!(refused(json!({"as": "sent", "reason": long})).await, [r#""/reason""#]);
    assert_eq!(refused(json!({"as": "sent", "why": ""})).await, [r#""/why""#]);
    assert_eq!(world.message(id).await.summary.status, DeliveryStatus::Unknown);
    world.end().await;
}

#[tokio::test]
async fn nobody_resolves_a_message_of_another_tenant() {
    let world = World::new().await;
    let id = unknown(&world).await;
    let (_, key) = world.stranger().await;

    let request = world.bare(Method::POST, &format!("/v1/messages/{id}/resolve"));
    let answer = Answer::of(request.bearer_auth(key).json(&json!({"as": "sent"}))).await;

    assert_eq!(answer.status, 404, "{}", answer.show());
    assert_eq!(world.message(id).await.summary.status, DeliveryStatus::Unknown);
    world.end().await;
}
