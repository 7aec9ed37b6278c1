#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(missing_docs, reason = "a test binary has no readers but its own")]

mod posts;
mod service;

use bytes::Bytes;
use contracts::SignatureState;
use domain::delivery::DeliveryStatus;
use test_support::eventually;

use crate::posts::{post, publish, status};
use crate::service::{World, queued};

#[tokio::test]
async fn statuses_reach_the_row_whatever_their_order() {
    let world = World::new().await;
    let message = queued(&world).await;
    let running = world.start();

    for (word, second) in [("read", 9), ("sent", 1), ("delivered", 5), ("sent", 1)] {
        world.publish(&post(&world.acme, &[status(message, word, second)])).await;
    }

    eventually("the message is delivered, opened and sent", async || {
        let summary = world.summary(message).await;
        let at = |instant: Option<chrono::DateTime<chrono::Utc>>| {
            instant.map(|instant| instant.timestamp() - posts::EPOCH)
        };
        summary.status == DeliveryStatus::Delivered
            && at(summary.sent_at) == Some(1)
            && at(summary.delivered_at) == Some(5)
            && at(summary.opened_at) == Some(9)
    })
    .await;
    world.drained().await;
    running.end().await;
}

#[tokio::test]
async fn one_poison_item_among_a_thousand_costs_only_itself() {
    let world = World::new().await;
    let messages = service::queued_many(&world, 999).await;
    let running = world.start();
    let mut statuses: Vec<_> = messages.iter().map(|id| status(*id, "delivered", 1)).collect();
    statuses.insert(500, serde_json::json!({"id": [], "status": 7}));

    world.publish(&post(&world.acme, &statuses)).await;

    eventually("999 messages are delivered", async || {
        world.count(DeliveryStatus::Delivered).await == 999
    })
    .await;
    world.drained().await;
    running.end().await;
}

#[tokio::test]
async fn a_value_that_the_database_refuses_is_parked_and_its_neighbours_are_not() {
    let world = World::new().await;
    world.bus.allow_parked();
    let (good, bad) = (queued(&world).await, queued(&world).await);
    let client = world.db.client().await.unwrap();
    let plant = "ALTER TABLE messages ADD CONSTRAINT planted CHECK (error_code <> 4242)";
    client.batch_execute(plant).await.unwrap();
    let mut failed = status(bad, "failed", 1);
    failed["errors"] = serde_json::json!([{"code": 4242, "title": "planted"}]);

    // Both wait in the queue, so that they come in one batch.
    world.publish(&post(&world.acme, &[failed])).await;
    world.publish(&post(&world.acme, &[status(good, "delivered", 1)])).await;
    let running = world.start();

    eventually("the good one is delivered and the bad one is parked", async || {
        world.summary(good).await.status == DeliveryStatus::Delivered && world.parked().await == 1
    })
    .await;
    assert_eq!(world.summary(bad).await.status, DeliveryStatus::Queued);
    running.end().await;
}

#[tokio::test]
async fn what_cannot_be_read_or_was_not_signed_is_parked_with_its_reason() {
    let world = World::new().await;
    world.bus.allow_parked();
    let message = queued(&world).await;
    let running = world.start();
    let mut unsigned = posts::received(&post(&world.acme, &[status(message, "delivered", 1)]));
    unsigned.scope = None;
    unsigned.signature = SignatureState::Mismatch;

    publish(&world.bus, unsigned.encode()).await;
    publish(&world.bus, Bytes::from_static(b"\xff\xff no protobuf")).await;

    eventually("both are parked", async || world.parked().await == 2).await;
    let parked = world.bus.parked(amqp::Queue::StatusMapper, 10).await.unwrap();
    assert!(parked.iter().all(|letter| letter.reason.is_some()));
    assert_eq!(world.summary(message).await.status, DeliveryStatus::Queued);
    running.end().await;
}

#[tokio::test]
async fn a_mapper_that_is_killed_in_mid_work_loses_nothing() {
    let world = World::new().await;
    let messages = service::queued_many(&world, 300).await;
    for chunk in messages.chunks(3) {
        let statuses: Vec<_> = chunk.iter().map(|id| status(*id, "delivered", 1)).collect();
        world.publish(&post(&world.acme, &statuses)).await;
    }

    // Each life ends without a word once it has done something, whatever it holds.
    let mut done = 0;
    while done < 300 {
        let life = world.start_killable().await;
        let begun = done;
        eventually("some more messages are delivered", async || {
            done = world.count(DeliveryStatus::Delivered).await;
            done > begun || done == 300
        })
        .await;
        life.kill().await;
    }

    let running = world.start();
    world.drained().await;
    running.end().await;
}

#[tokio::test]
async fn a_status_that_comes_before_its_id_is_stored_is_kept() {
    let world = World::new().await;
    let message = queued(&world).await;
    let running = world.start();
    let mut nameless = status(message, "delivered", 1);
    nameless.as_object_mut().unwrap().remove("biz_opaque_callback_data");

    world.publish(&post(&world.acme, &[nameless])).await;

    eventually("the status is kept", async || {
        let client = world.db.client().await.unwrap();
        let count = client.query_one("SELECT count(*) FROM orphan_statuses", &[]).await.unwrap();
        count.get::<_, i64>(0) == 1
    })
    .await;
    world.drained().await;
    running.end().await;
}

#[tokio::test]
async fn a_database_that_goes_away_only_delays() {
    let world = World::new().await;
    let message = queued(&world).await;
    let (proxied, proxy) = world.proxied().await;
    let running = world.start_on(&proxied);
    proxy.cut().await;

    world.publish(&post(&world.acme, &[status(message, "delivered", 1)])).await;
    eventually("the mapper has taken it", async || {
        world.bus.depth(amqp::Queue::StatusMapper).await.unwrap() == 0
    })
    .await;
    assert_eq!(world.summary(message).await.status, DeliveryStatus::Queued);
    proxy.restore().await;

    eventually("the message is delivered", async || {
        world.summary(message).await.status == DeliveryStatus::Delivered
    })
    .await;
    running.end().await;
}
