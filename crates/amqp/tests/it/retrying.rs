use std::time::Instant;

use amqp::{Exchange, Queue, RETRY_WAITS, Settled, Verdict, settle};
use lapin::types::AMQPValue;

use crate::world::{World, eventually, message, next, publish, take};

#[tokio::test]
async fn a_retried_delivery_climbs_the_ladder_and_comes_back_to_its_own_queue() {
    let world = World::new().await;
    let mut outgoing = message(Exchange::Webhooks, "messages.statuses");
    outgoing.traceparent = Some("00-1-2-01".to_owned());
    world.bus.publisher().publish(outgoing.clone()).await.unwrap();
    let mut consumer = world.consumer(Queue::StatusMapper, 10).await;
    let first = next(&mut consumer).await;

    let started = Instant::now();
    assert_eq!(first.retry("database away").await, Settled { acked: 1, returned: 0 });
    let second = next(&mut consumer).await;

    assert!(started.elapsed() >= RETRY_WAITS[0], "{:?}", started.elapsed());
    assert_eq!((second.attempt, second.redelivered), (2, false));
    assert_eq!(second.routing_key, "messages.statuses");
    assert_eq!(second.message_id, Some(outgoing.message_id));
    assert_eq!(second.content_type.as_deref(), Some("text/plain"));
    assert_eq!(second.traceparent, outgoing.traceparent);
    assert_eq!(second.body, outgoing.body);
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 1, "only its own queue");

    second.retry("database still away").await;
    eventually("it waits on the second rung", async || world.raw_depth("wait.2").await == 1).await;
}

#[tokio::test]
async fn a_delivery_that_used_up_the_ladder_is_parked() {
    let world = World::new().await;
    let id = world.raw_publish(Queue::Notify, "x-attempt", AMQPValue::LongLongInt(6)).await;
    let mut consumer = world.consumer(Queue::Notify, 10).await;
    let last = next(&mut consumer).await;
    assert_eq!(last.attempt, 6);

    last.retry("database away").await;

    eventually("it is parked", async || world.bus.parked_depth(Queue::Notify).await.unwrap() == 1)
        .await;
    let parked = world.bus.parked(Queue::Notify, 10).await.unwrap();
    assert_eq!(parked[0].message_id, Some(id));
    assert_eq!(parked[0].attempt, 6);
    assert_eq!(parked[0].reason.as_deref(), Some("given up after 6 attempts: database away"));
}

#[tokio::test]
async fn a_mixed_batch_ends_each_delivery_in_exactly_one_place() {
    let world = World::new().await;
    publish(&world.bus.publisher(), 30).await;
    let mut consumer = world.consumer(Queue::Notify, 30).await;
    let batch = take(&mut consumer, 30).await;

    let verdicts = batch.into_iter().zip(0..).map(|(delivery, index)| {
        let verdict = match index % 3 {
            0 => Verdict::Done,
            1 => Verdict::Retry("later".to_owned()),
            _ => Verdict::Park("never".to_owned()),
        };
        (delivery, verdict)
    });
    assert_eq!(settle(verdicts.collect()).await, Settled { acked: 30, returned: 0 });

    let retried = take(&mut consumer, 10).await;
    assert!(retried.iter().all(|delivery| delivery.attempt == 2));
    eventually("ten are parked", async || {
        world.bus.parked_depth(Queue::Notify).await.unwrap() == 10
    })
    .await;
    assert_eq!(world.bus.depth(Queue::Notify).await.unwrap(), 0);
}
