use std::collections::BTreeSet;

use amqp::{BatchOptions, Exchange, MAX_DELIVERIES, Queue, Settled, Verdict, run_batches, settle};
use lapin::options::{BasicGetOptions, BasicNackOptions};
use tokio_util::sync::CancellationToken;

use crate::world::{World, eventually, message, next, next_batch, publish, take};

#[tokio::test]
async fn a_batch_holds_what_is_there_and_no_more_than_asked() {
    let world = World::new().await;
    publish(&world.bus.publisher(), 30).await;
    let mut consumer = world.consumer(Queue::Notify, 100).await;

    let first = take(&mut consumer, 20).await;
    let rest = next_batch(&mut consumer, 20).await;

    assert_eq!(first.len(), 20);
    assert!(rest.len() <= 10);
}

#[tokio::test]
async fn settled_batches_leave_the_queue_empty_in_whatever_order_they_end() {
    let world = World::new().await;
    publish(&world.bus.publisher(), 300).await;
    let mut consumer = world.consumer(Queue::Notify, 300).await;
    let mut batches = Vec::new();
    for _ in 0..6 {
        batches.push(take(&mut consumer, 50).await);
    }
    let last = batches.pop().unwrap();
    let (even, odd): (Vec<_>, Vec<_>) =
        batches.remove(0).into_iter().enumerate().partition(|(index, _)| index % 2 == 0);

    let done = |batch: Vec<_>| settle(batch.into_iter().map(|d| (d, Verdict::Done)).collect());
    let all = |acked| Settled { acked, returned: 0 };
    assert_eq!(done(last).await, all(50));
    assert_eq!(done(odd.into_iter().map(|(_, delivery)| delivery).collect()).await, all(25));
    let (one, two) = (batches.remove(0), batches.remove(0));
    assert_eq!(tokio::join!(done(two), done(one)), (all(50), all(50)));
    assert_eq!(done(even.into_iter().map(|(_, delivery)| delivery).collect()).await, all(25));
    for batch in batches {
        assert_eq!(done(batch).await, all(50));
    }

    drop(consumer);
    let fresh = publish(&world.bus.publisher(), 1).await;
    let mut again = world.consumer(Queue::Notify, 10).await;
    let survivor = next(&mut again).await;
    assert!(fresh.contains(&survivor.message_id.unwrap()), "an acked delivery came back");
    survivor.done().await;
    assert_eq!(world.bus.depth(Queue::Notify).await.unwrap(), 0);
}

#[tokio::test]
async fn a_delivery_that_is_dropped_unsettled_comes_again() {
    let world = World::new().await;
    let ids = publish(&world.bus.publisher(), 1).await;
    let mut consumer = world.consumer(Queue::Notify, 10).await;

    drop(next(&mut consumer).await);
    drop(consumer);

    let mut again = world.consumer(Queue::Notify, 10).await;
    let delivery = next(&mut again).await;
    assert!(delivery.redelivered);
    assert!(ids.contains(&delivery.message_id.unwrap()));
}

#[tokio::test]
async fn a_stopped_consumer_gives_back_what_was_not_taken_and_settles_what_was() {
    let world = World::new().await;
    let mut ids = publish(&world.bus.publisher(), 10).await;
    let stop = CancellationToken::new();
    let mut consumer = world.bus.consumer(Queue::Notify, 10, stop.clone()).await.unwrap();
    let taken = take(&mut consumer, 3).await;
    world.wait_for_depth(Queue::Notify, 0).await;

    stop.cancel();
    assert!(consumer.next_batch(10).await.is_none());
    world.wait_for_depth(Queue::Notify, 7).await;
    for delivery in taken {
        ids.remove(&delivery.message_id.unwrap());
        assert_eq!(delivery.done().await.acked, 1);
    }

    drop(consumer);
    let mut again = world.consumer(Queue::Notify, 10).await;
    let returned = take(&mut again, 7).await;
    let returned: BTreeSet<_> =
        returned.iter().filter_map(|delivery| delivery.message_id).collect();
    assert_eq!(returned, ids);
}

#[tokio::test]
async fn a_stop_ends_a_wait_on_an_empty_queue() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    let mut consumer = world.bus.consumer(Queue::Notify, 10, stop.clone()).await.unwrap();

    let (batch, ()) = tokio::join!(consumer.next_batch(10), async { stop.cancel() });

    assert!(batch.is_none());
}

#[tokio::test]
async fn a_delivery_that_keeps_killing_its_worker_is_parked() {
    let world = World::new().await;
    let ids = publish(&world.bus.publisher(), 1).await;
    let (_connection, channel) = world.raw().await;
    for _ in 0..=MAX_DELIVERIES {
        let name = world.name("notify");
        let mut message = None;
        eventually("it is there again", async || {
            let options = BasicGetOptions::default();
            message = channel.basic_get(name.as_str().into(), options).await.unwrap();
            message.is_some()
        })
        .await;
        let options = BasicNackOptions { requeue: true, multiple: false };
        message.unwrap().delivery.acker.nack(options).await.unwrap();
    }

    let mut consumer = world.consumer(Queue::Notify, 10).await;
    let innocent = publish(&world.bus.publisher(), 1).await;
    let delivery = next(&mut consumer).await;

    assert!(innocent.contains(&delivery.message_id.unwrap()));
    eventually("it is parked", async || world.bus.parked_depth(Queue::Notify).await.unwrap() == 1)
        .await;
    let parked = world.bus.parked(Queue::Notify, 10).await.unwrap();
    assert!(ids.contains(&parked[0].message_id.unwrap()));
    assert_eq!(parked[0].reason.as_deref(), Some("came back 21 times without an answer"));
}

#[tokio::test]
async fn the_loop_settles_every_batch_and_ends_at_the_stop() {
    let world = World::new().await;
    let mut ids = publish(&world.bus.publisher(), 100).await;
    let stop = CancellationToken::new();

    let options = BatchOptions { max: 25, at_once: 1 };
    run_batches(&world.bus, Queue::Notify, options, stop.clone(), |batch| {
        assert!(batch.len() <= 25);
        for delivery in &batch {
            ids.remove(&delivery.message_id.unwrap());
        }
        if ids.is_empty() {
            stop.cancel();
        }
        async move { batch.into_iter().map(|delivery| (delivery, Verdict::Done)).collect() }
    })
    .await
    .unwrap();

    assert!(ids.is_empty());
    assert_eq!(world.bus.depth(Queue::Notify).await.unwrap(), 0);
}

#[tokio::test]
async fn as_many_batches_are_worked_on_at_once_as_it_is_told() {
    let world = World::new().await;
    publish(&world.bus.publisher(), 100).await;
    let stop = CancellationToken::new();
    let both = tokio::sync::Barrier::new(2);

    let options = BatchOptions { max: 25, at_once: 2 };
    run_batches(&world.bus, Queue::Notify, options, stop.clone(), |batch| {
        let (both, stop) = (&both, &stop);
        async move {
            // Nobody passes alone.
            both.wait().await;
            stop.cancel();
            batch.into_iter().map(|delivery| (delivery, Verdict::Done)).collect()
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_large_delivery_counts_for_more_than_one() {
    let world = World::new().await;
    let mut large: Vec<_> = (0..4).map(|_| message(Exchange::Notify, "test")).collect();
    large.iter_mut().for_each(|outgoing| outgoing.body = vec![0; 10 * 1024].into());
    for published in world.bus.publisher().publish_all(large).await {
        published.unwrap();
    }
    let stop = CancellationToken::new();
    let mut batches = Vec::new();

    let options = BatchOptions { max: 20, at_once: 1 };
    run_batches(&world.bus, Queue::Notify, options, stop.clone(), |batch| {
        batches.push(batch.len());
        if batches.iter().sum::<usize>() == 4 {
            stop.cancel();
        }
        async move { batch.into_iter().map(|delivery| (delivery, Verdict::Done)).collect() }
    })
    .await
    .unwrap();

    assert!(batches.iter().all(|count| *count <= 2), "{batches:?}");
}
