use amqp::{Exchange, PublishError, Queue};
use bytes::Bytes;

use crate::world::{World, eventually, message, next, publish};

#[tokio::test]
async fn what_is_confirmed_arrives_whole() {
    let world = World::new().await;
    let mut outgoing = message(Exchange::Dispatch, "urgent");
    outgoing.traceparent =
        Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    outgoing.body = Bytes::from(vec![7; 300_000]);

    world.bus.publisher().publish(outgoing.clone()).await.unwrap();
    let mut consumer = world.consumer(Queue::DispatchUrgent, 10).await;
    let delivery = next(&mut consumer).await;

    assert_eq!(delivery.body, outgoing.body);
    assert_eq!(delivery.message_id, Some(outgoing.message_id));
    assert_eq!(delivery.content_type.as_deref(), Some("text/plain"));
    assert_eq!(delivery.routing_key, "urgent");
    assert_eq!(delivery.traceparent, outgoing.traceparent);
    assert_eq!((delivery.attempt, delivery.redelivered), (1, false));
    assert_eq!(delivery.done().await.acked, 1);
}

#[tokio::test]
async fn a_webhook_reaches_every_queue_that_its_kinds_concern() {
    let world = World::new().await;
    let publisher = world.bus.publisher();

    for kinds in ["statuses", "messages.statuses", "messages", "unparsed"] {
        publisher.publish(message(Exchange::Webhooks, kinds)).await.unwrap();
    }

    world.wait_for_depth(Queue::StatusMapper, 2).await;
    world.wait_for_depth(Queue::WebhookLog, 4).await;
}

#[tokio::test]
async fn what_no_queue_is_bound_for_is_caught() {
    let world = World::new().await;
    let outgoing = message(Exchange::Dispatch, "no-such-lane");

    world.bus.publisher().publish(outgoing.clone()).await.unwrap();

    eventually("it is caught", async || world.bus.unrouted_depth().await.unwrap() == 1).await;
    let caught = world.bus.unrouted(10).await.unwrap();
    assert_eq!(caught[0].message_id, Some(outgoing.message_id));
    assert_eq!(caught[0].routing_key, "no-such-lane");
}

#[tokio::test]
async fn many_at_once_are_each_confirmed() {
    let world = World::new().await;

    let ids = publish(&world.bus.publisher(), 2_000).await;

    assert_eq!(ids.len(), 2_000);
    world.wait_for_depth(Queue::Notify, 2_000).await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_rejected_and_harms_no_neighbour() {
    let world = World::new().await;
    let good = message(Exchange::Notify, "good");
    let bad = message(Exchange::Notify, &"x".repeat(256));

    let answers = world.bus.publisher().publish_all(vec![good.clone(), bad, good]).await;

    assert_eq!(answers, [Ok(()), Err(PublishError::Rejected), Ok(())]);
}

#[tokio::test]
async fn a_closed_bus_publishes_nothing_and_says_so_at_once() {
    let world = World::new().await;
    let publisher = world.bus.publisher();

    world.bus.close().await;

    let answer = publisher.publish(message(Exchange::Notify, "late")).await;
    assert_eq!(answer, Err(PublishError::Unavailable));
    assert!(!world.bus.connected());
}
