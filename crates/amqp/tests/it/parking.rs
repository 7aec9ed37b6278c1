use amqp::{Exchange, Queue};
use lapin::options::{BasicGetOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;

use crate::world::{World, eventually, message, next, publish, take};

#[tokio::test]
async fn a_parked_message_can_be_looked_at_and_sent_back() {
    let world = World::new().await;
    let outgoing = message(Exchange::Webhooks, "statuses");
    world.bus.publisher().publish(outgoing.clone()).await.unwrap();
    let mut consumer = world.consumer(Queue::StatusMapper, 10).await;

    next(&mut consumer).await.park("unreadable").await;
    eventually("it is parked", async || {
        world.bus.parked_depth(Queue::StatusMapper).await.unwrap() == 1
    })
    .await;

    for _ in 0..2 {
        let parked = world.bus.parked(Queue::StatusMapper, 10).await.unwrap();
        assert_eq!(parked.len(), 1);
        assert_eq!(parked[0].message_id, Some(outgoing.message_id));
        assert_eq!(parked[0].reason.as_deref(), Some("unreadable"));
        assert_eq!(parked[0].routing_key, "statuses");
        assert_eq!(parked[0].body, outgoing.body);
        assert!(parked[0].parked_at.is_some());
        eventually("it is back after the look", async || {
            world.bus.parked_depth(Queue::StatusMapper).await.unwrap() == 1
        })
        .await;
    }

    assert_eq!(world.bus.redrive(Queue::StatusMapper, 10).await.unwrap(), 1);
    let again = next(&mut consumer).await;
    assert_eq!(again.message_id, Some(outgoing.message_id));
    assert_eq!((again.attempt, again.routing_key.as_str()), (1, "statuses"));
    again.done().await;
    assert_eq!(world.bus.parked_depth(Queue::StatusMapper).await.unwrap(), 0);
}

#[tokio::test]
async fn no_more_are_shown_or_sent_back_than_asked() {
    let world = World::new().await;
    publish(&world.bus.publisher(), 5).await;
    let mut consumer = world.consumer(Queue::Notify, 10).await;
    for delivery in take(&mut consumer, 5).await {
        delivery.park("by hand").await;
    }
    eventually("all are parked", async || {
        world.bus.parked_depth(Queue::Notify).await.unwrap() == 5
    })
    .await;

    assert_eq!(world.bus.parked(Queue::Notify, 3).await.unwrap().len(), 3);
    eventually("they are back after the look", async || {
        world.bus.parked_depth(Queue::Notify).await.unwrap() == 5
    })
    .await;
    assert_eq!(world.bus.redrive(Queue::Notify, 2).await.unwrap(), 2);

    take(&mut consumer, 2).await;
    assert_eq!(world.bus.parked_depth(Queue::Notify).await.unwrap(), 3);
}

#[tokio::test]
async fn what_nobody_wanted_goes_where_it_was_published_to_once_somebody_does() {
    let world = World::new().await;
    let outgoing = message(Exchange::Dispatch, "fast");
    world.bus.publisher().publish(outgoing.clone()).await.unwrap();
    eventually("it is caught", async || world.bus.unrouted_depth().await.unwrap() == 1).await;
    let (_connection, channel) = world.raw().await;
    let (lane, exchange) = (world.name("dispatch.fast"), world.name("waypost.dispatch"));
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(lane.clone().into(), options, FieldTable::default()).await.unwrap();
    let bind = QueueBindOptions::default();
    channel
        .queue_bind(
            lane.clone().into(),
            exchange.into(),
            "fast".into(),
            bind,
            FieldTable::default(),
        )
        .await
        .unwrap();

    assert_eq!(world.bus.redrive_unrouted(10).await.unwrap(), 1);

    let found = channel.basic_get(lane.into(), BasicGetOptions::default()).await.unwrap().unwrap();
    assert_eq!(found.delivery.data, outgoing.body);
    assert_eq!(world.bus.unrouted_depth().await.unwrap(), 0);
}
