//! What becomes of a bus whose queues are deleted behind its back.

use amqp::{Bus, Exchange, Queue, Settled};
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use tokio_util::sync::CancellationToken;

use crate::world::{World, eventually, message, next, publish};

async fn delete(world: &World, queues: &[&str]) {
    let (_connection, channel) = world.raw().await;
    for queue in queues {
        let name = world.name(queue).into();
        channel.queue_delete(name, QueueDeleteOptions::default()).await.unwrap();
    }
}

async fn is_there(world: &World, queue: &str) -> bool {
    let (_connection, channel) = world.raw().await;
    let options = QueueDeclareOptions::durable().passive();
    channel.queue_declare(world.name(queue).into(), options, FieldTable::default()).await.is_ok()
}

#[tokio::test]
async fn deleted_work_queues_come_back_with_their_bindings() {
    let world = World::new().await;
    let mut normal = world.consumer(Queue::DispatchNormal, 10).await;
    let mut statuses = world.consumer(Queue::StatusMapper, 10).await;

    let lost = ["dispatch.normal", "status-mapper"];
    let publishing = async {
        delete(&world, &lost).await;
        for queue in lost {
            eventually("it is there again", async || is_there(&world, queue).await).await;
        }
        eventually("the bus is whole", async || world.bus.connected()).await;
        let job = message(Exchange::Dispatch, "normal");
        let status = message(Exchange::Webhooks, "statuses");
        for outgoing in [&job, &status] {
            world.bus.publisher().publish(outgoing.clone()).await.unwrap();
        }
        (job.message_id, status.message_id)
    };
    let (job, status, ids) = tokio::join!(next(&mut normal), next(&mut statuses), publishing);

    assert_eq!((job.message_id, status.message_id), (Some(ids.0), Some(ids.1)));
    assert_eq!(world.bus.unrouted_depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_declaration_that_breaks_off_between_queue_and_binding_is_repeated() {
    let world = World::new().await;
    let mut consumer = world.consumer(Queue::DispatchNormal, 10).await;
    // Nothing can be declared past a queue of other options.
    delete(&world, &["wait.5", "dispatch.normal"]).await;
    let (_connection, channel) = world.raw().await;
    let options = QueueDeclareOptions::durable();
    let name = world.name("wait.5").into();
    channel.queue_declare(name, options, FieldTable::default()).await.unwrap();

    let (job, id) = tokio::join!(next(&mut consumer), async {
        eventually("the queue is there again", async || is_there(&world, "dispatch.normal").await)
            .await;
        eventually("the rest is known to be missing", async || !world.bus.connected()).await;
        delete(&world, &["wait.5"]).await;
        eventually("the bus is whole", async || world.bus.connected()).await;
        let job = message(Exchange::Dispatch, "normal");
        world.bus.publisher().publish(job.clone()).await.unwrap();
        job.message_id
    });

    assert_eq!(job.message_id, Some(id));
    assert_eq!(world.bus.unrouted_depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_declaration_that_an_outage_interrupts_is_repeated() {
    let world = World::new().await;
    let (bus, proxy) = world.proxied().await;
    bus.declare().await.unwrap();
    world.bus.close().await;
    let token = CancellationToken::new();
    let mut consumer = bus.consumer(Queue::StatusMapper, 10, token).await.unwrap();

    for _ in 0..3 {
        let (status, id) = tokio::join!(next(&mut consumer), async {
            delete(&world, &["status-mapper", "wait.1", "webhook-log.parked"]).await;
            eventually("it is there again", async || is_there(&world, "status-mapper").await).await;
            proxy.cut().await;
            eventually("the loss is noticed", async || !bus.connected()).await;
            delete(&world, &["status-mapper"]).await;
            proxy.restore().await;
            eventually("the bus is whole", async || bus.connected()).await;
            let status = message(Exchange::Webhooks, "statuses");
            bus.publisher().publish(status.clone()).await.unwrap();
            status.message_id
        });
        assert_eq!(status.message_id, Some(id));
        status.done().await;
    }
    assert_eq!(bus.unrouted_depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_delivery_is_parked_and_retried_though_the_queues_for_it_were_deleted() {
    let world = World::new().await;
    let mut consumer = world.consumer(Queue::Notify, 10).await;
    let all_acked = Settled { acked: 1, returned: 0 };

    publish(&world.bus.publisher(), 1).await;
    let delivery = next(&mut consumer).await;
    delete(&world, &["notify.parked", "unrouted"]).await;
    assert_eq!(delivery.park("unreadable").await, all_acked);
    eventually("it is parked", async || world.bus.parked_depth(Queue::Notify).await.unwrap() == 1)
        .await;

    let ids = publish(&world.bus.publisher(), 1).await;
    let delivery = next(&mut consumer).await;
    delete(&world, &["wait.1", "unrouted"]).await;
    assert_eq!(delivery.retry("database away").await, all_acked);
    let again = next(&mut consumer).await;
    assert!(ids.contains(&again.message_id.unwrap()));
    assert_eq!(again.attempt, 2);
    assert_eq!(world.bus.unrouted_depth().await.unwrap(), 0);
}

#[tokio::test]
async fn idle_queues_that_were_deleted_come_back_though_nobody_asks_for_them() {
    let world = World::new().await;
    let idle = ["unrouted", "wait.3", "webhook-log.parked"];
    delete(&world, &idle).await;

    for queue in idle {
        eventually("it is there again", async || is_there(&world, queue).await).await;
    }
    world.bus.publisher().publish(message(Exchange::Dispatch, "nowhere")).await.unwrap();
    eventually("it is caught", async || world.bus.unrouted_depth().await.unwrap() == 1).await;
}

#[tokio::test]
async fn a_bus_that_never_declared_restores_nothing() {
    let world = World::new().await;
    let guest = Bus::connect(&world.config, "guest").await.unwrap();
    world.bus.close().await;
    delete(&world, &["notify.parked"]).await;

    assert!(guest.parked_depth(Queue::Notify).await.is_err());

    assert!(guest.connected());
    assert!(!is_there(&world, "notify.parked").await);
}
