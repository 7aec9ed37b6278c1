use amqp::{Exchange, Outgoing, Queue};
use contracts::{EnqueueNotification, JSON, PROTOBUF};
use domain::lane::Lane;
use serde_json::json;
use test_support::eventually;
use uuid::Uuid;

use crate::world::World;

pub(crate) fn notification(world: &World) -> EnqueueNotification {
    let body = world.text();
    EnqueueNotification { tenant: "acme".into(), idempotency_key: None, body }
}

/// Publishes as protobuf, under `message_id` or a fresh one.
pub(crate) async fn publish(
    world: &World,
    notification: &EnqueueNotification,
    message_id: Option<Uuid>,
) -> Uuid {
    publish_bytes(world, PROTOBUF, notification.encode(), message_id).await
}

async fn publish_bytes(
    world: &World,
    content_type: &'static str,
    body: bytes::Bytes,
    message_id: Option<Uuid>,
) -> Uuid {
    let message_id = message_id.unwrap_or_else(Uuid::now_v7);
    let outgoing = Outgoing {
        exchange: Exchange::Notify,
        routing_key: "billing".into(),
        message_id,
        content_type,
        traceparent: None,
        body,
    };
    world.bus.publisher().publish(outgoing).await.unwrap();
    message_id
}

async fn enqueued(world: &World, count: usize) {
    eventually("the messages are enqueued", async || world.messages().await.len() == count).await;
}

/// Waits for `count` parked publications; answers their reasons, sorted.
async fn parked(world: &World, count: usize) -> Vec<String> {
    world.bus.allow_parked();
    eventually("they are parked", async || {
        world.bus.parked(Queue::Notify, 100).await.unwrap().len() == count
    })
    .await;
    let parked = world.bus.parked(Queue::Notify, 100).await.unwrap();
    let mut reasons: Vec<String> = parked.into_iter().map(|p| p.reason.unwrap()).collect();
    reasons.sort();
    reasons
}

#[tokio::test]
async fn protobuf_and_json_become_messages_with_jobs() {
    let world = World::new().await;
    let by_name = notification(&world);
    let by_id = EnqueueNotification { tenant: world.acme.tenant_id.to_string(), ..by_name.clone() };

    publish(&world, &by_name, None).await;
    publish_bytes(&world, JSON, by_id.encode_json(), None).await;

    enqueued(&world, 2).await;
    assert_eq!(world.jobs(Lane::Normal, 2).await.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_accepted_is_parked_with_its_reason_and_its_neighbours_are_not() {
    let world = World::new().await;
    let good = notification(&world);
    let secret = "a-very-private-text";
    let with = |field: &str, value| {
        let mut bad = good.clone();
        bad.body[field] = value;
        bad
    };

    publish_bytes(&world, PROTOBUF, vec![0xff; 40].into(), None).await;
    publish_bytes(&world, JSON, b"{\"tenant\": ".to_vec().into(), None).await;
    publish(&world, &good, None).await;
    publish(&world, &EnqueueNotification { tenant: "nobody".into(), ..good.clone() }, None).await;
    publish(&world, &with("text", json!({"body": "", "colour": secret})), None).await;
    publish(&world, &with("to", json!(secret)), None).await;
    publish(&world, &with("from", json!("99999")), None).await;
    let key = Some("a b".to_owned());
    publish(&world, &EnqueueNotification { idempotency_key: key, ..good.clone() }, None).await;

    let reasons = parked(&world, 7).await;
    insta::assert_snapshot!(reasons.join("\n"), @r#"
    idempotency_key must be 1 to 255 visible ASCII characters
    refused: /from: is not the phone_number_id of one of your numbers
    refused: /text/colour: is not a field of this object; its fields are body, preview_url
    refused: /to: must be a phone number in international form: + and country code, or all its digits; a national form such as 054-… is refused
    the tenant is not known
    unreadable: body is not JSON (line 1, column 11)
    unreadable: body is not the protobuf message of its queue: failed to decode Protobuf message: invalid varint
    "#);
    assert!(!reasons.join("").contains(secret));
    enqueued(&world, 1).await;
    world.end().await;
}

#[tokio::test]
async fn the_same_key_enqueues_once_and_with_another_body_is_parked() {
    let world = World::new().await;
    let key = Some("order-7".to_owned());
    let first = EnqueueNotification { idempotency_key: key, ..notification(&world) };
    let mut other = first.clone();
    other.body["text"]["body"] = json!("Other");

    publish(&world, &first, None).await;
    publish_bytes(&world, JSON, first.encode_json(), None).await;
    publish(&world, &other, None).await;
    publish(&world, &first, None).await;

    let reasons = parked(&world, 1).await;
    insta::assert_snapshot!(reasons.join("\n"), @"refused: its idempotency key came with another body before");
    eventually("all are settled", async || world.bus.depth(Queue::Notify).await.unwrap() == 0)
        .await;
    assert_eq!(world.messages().await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_publication_that_comes_twice_enqueues_once_by_its_message_id() {
    let world = World::new().await;
    let (twice, marker) = (Uuid::now_v7(), notification(&world));

    for _ in 0..3 {
        publish(&world, &notification(&world), Some(twice)).await;
    }
    publish(&world, &marker, None).await;

    enqueued(&world, 2).await;
    let jobs = world.jobs(Lane::Normal, 2).await;
    assert_eq!(jobs.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn a_thousand_publications_become_a_thousand_messages() {
    let world = World::new().await;
    let body = notification(&world).encode();
    let outgoing = |_| Outgoing {
        exchange: Exchange::Notify,
        routing_key: "billing".into(),
        message_id: Uuid::now_v7(),
        content_type: PROTOBUF,
        traceparent: None,
        body: body.clone(),
    };

    let published = world.bus.publisher().publish_all((0..1_000).map(outgoing).collect()).await;

    assert!(published.iter().all(Result::is_ok));
    enqueued(&world, 1_000).await;
    assert_eq!(world.jobs(Lane::Normal, 1_000).await.len(), 1_000);
    world.end().await;
}

#[tokio::test]
async fn a_publication_too_late_for_its_own_deadline_is_parked() {
    let world = World::new().await;
    let mut late = notification(&world);
    late.body["expires_at"] = json!("2020-01-01T00:00:00Z");

    publish(&world, &late, None).await;

    let reasons = parked(&world, 1).await;
    assert_eq!(reasons, ["refused: /expires_at: must be in the future"]);
    world.end().await;
}
