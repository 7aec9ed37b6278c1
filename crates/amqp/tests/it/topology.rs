use amqp::{Bus, BusConfig, BusError, Exchange, Queue};
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use tokio_util::sync::CancellationToken;

use crate::world::{World, config, eventually, message, next, publish};

#[tokio::test]
async fn declaring_again_changes_nothing() {
    let world = World::new().await;
    publish(&world.bus.publisher(), 3).await;

    world.bus.declare().await.unwrap();

    world.wait_for_depth(Queue::Notify, 3).await;
}

#[tokio::test]
async fn a_queue_with_other_options_is_named() {
    let world = World::new().await;
    let (_connection, channel) = world.raw().await;
    let name = world.name("notify");
    channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    let options = QueueDeclareOptions::durable();
    channel.queue_declare(name.as_str().into(), options, FieldTable::default()).await.unwrap();

    let error = world.bus.declare().await.unwrap_err();

    assert!(matches!(&error, BusError::Conflict { name: of, .. } if *of == name), "{error}");
}

#[tokio::test]
async fn a_queue_that_was_never_declared_is_missing_not_waited_for() {
    let bus = Bus::connect(&config(), "test").await.unwrap();

    let consumer = bus.consumer(Queue::Notify, 1, CancellationToken::new()).await;

    assert!(matches!(consumer.err(), Some(BusError::Missing { .. })));
}

#[tokio::test]
async fn a_wrong_password_is_refused_not_waited_for() {
    let config = config();
    let url = config.url.replacen("guest:guest@", "guest:wrong@", 1);
    if url == config.url {
        return;
    }

    let error = Bus::connect(&BusConfig { url, ..config }, "test").await.unwrap_err();

    assert!(matches!(error, BusError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_bus_without_prefix_is_never_deleted() {
    let config = BusConfig { prefix: String::new(), ..config() };
    let bus = Bus::connect(&config, "test").await.unwrap();

    assert!(matches!(bus.delete_all().await, Err(BusError::NoPrefix)));
}

#[tokio::test]
async fn a_bus_restores_what_the_broker_has_lost() {
    let world = World::new().await;
    let publisher = world.bus.publisher();
    let mut consumer = world.consumer(Queue::Notify, 10).await;

    let vandal = Bus::connect(&world.config, "vandal").await.unwrap();
    vandal.delete_all().await.unwrap();

    let outgoing = message(Exchange::Notify, "test");
    eventually("publishing works again", async || {
        publisher.publish(outgoing.clone()).await.is_ok()
    })
    .await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.message_id, Some(outgoing.message_id));
}
