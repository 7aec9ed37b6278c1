use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use amqp::{Bus, Exchange, PublishError, Queue, Settled, Verdict, settle};
use tokio_util::sync::CancellationToken;

use crate::proxy::Proxy;
use crate::world::{World, broker, eventually, message, next_batch, publish, take, through};

#[tokio::test]
async fn a_cut_in_mid_consume_loses_nothing_and_what_was_unsettled_comes_back() {
    let world = World::new().await;
    let mut missing = publish(&world.bus.publisher(), 500).await;
    let (bus, proxy) = world.proxied().await;
    let mut consumer = bus.consumer(Queue::Notify, 50, CancellationToken::new()).await.unwrap();
    let before = take(&mut consumer, 20).await;
    let unsettled: BTreeSet<_> = before.iter().filter_map(|delivery| delivery.message_id).collect();

    proxy.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;
    proxy.restore().await;
    let done = before.into_iter().map(|delivery| (delivery, Verdict::Done)).collect();
    assert_eq!(settle(done).await, Settled { acked: 0, returned: 20 });

    let mut redelivered = BTreeSet::new();
    while !missing.is_empty() {
        let batch = next_batch(&mut consumer, 100).await;
        for delivery in &batch {
            let id = delivery.message_id.unwrap();
            assert!(missing.remove(&id), "an acked delivery came again");
            if delivery.redelivered {
                redelivered.insert(id);
            }
        }
        let count = batch.len();
        let done = batch.into_iter().map(|delivery| (delivery, Verdict::Done)).collect();
        assert_eq!(settle(done).await, Settled { acked: count, returned: 0 });
    }
    assert!(redelivered.is_superset(&unsettled));

    bus.close().await;
    assert_eq!(world.bus.depth(Queue::Notify).await.unwrap(), 0);
}

#[tokio::test]
async fn publishing_in_an_outage_fails_in_time_and_works_again_after() {
    let world = World::new().await;
    let (bus, proxy) = world.proxied().await;
    let publisher = bus.publisher();
    publish(&publisher, 1).await;

    proxy.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;
    let started = Instant::now();
    let hasty = publisher.clone().with_timeout(Duration::from_millis(300));
    let answer = hasty.publish(message(Exchange::Notify, "outage")).await;
    assert_eq!(answer, Err(PublishError::Unavailable));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    proxy.restore().await;
    eventually("the bus is back", async || bus.connected()).await;
    publish(&publisher, 1).await;
    world.wait_for_depth(Queue::Notify, 2).await;
}

#[tokio::test]
async fn a_publish_that_may_wait_outlasts_a_short_outage() {
    let world = World::new().await;
    let (bus, proxy) = world.proxied().await;
    let patient = bus.publisher().with_timeout(Duration::from_secs(20));
    proxy.cut().await;

    let (answer, ()) = tokio::join!(patient.publish(message(Exchange::Notify, "outage")), async {
        eventually("the loss is noticed", async || !bus.connected()).await;
        proxy.restore().await;
    });

    // A publish that was sent into the dying connection is honest about it.
    assert!(matches!(answer, Ok(()) | Err(PublishError::Unconfirmed { .. })), "{answer:?}");
    let again = patient.publish(message(Exchange::Notify, "outage")).await;
    assert_eq!(again, Ok(()));
}

#[tokio::test]
async fn a_silent_broker_is_a_time_out_and_is_usable_when_it_speaks_again() {
    let world = World::new().await;
    let (bus, proxy) = world.proxied().await;
    let publisher = bus.publisher();
    // Enough to open every channel: what cannot be sent at all is `Unavailable`.
    publish(&publisher, 8).await;

    proxy.stall();
    let hasty = publisher.clone().with_timeout(Duration::from_millis(300));
    let started = Instant::now();
    let answer = hasty.publish(message(Exchange::Notify, "silence")).await;
    assert_eq!(answer, Err(PublishError::Timeout));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    proxy.resume();
    publish(&publisher, 1).await;
    eventually("what was held up arrives too", async || {
        world.bus.depth(Queue::Notify).await.unwrap() == 10
    })
    .await;
}

#[tokio::test]
async fn every_confirmed_message_survives_cuts_in_mid_publish() {
    let world = World::new().await;
    let (bus, proxy) = world.proxied().await;
    let publisher = bus.publisher();
    let mut confirmed = BTreeSet::new();

    for _ in 0..5 {
        let messages: Vec<_> = (0..400).map(|_| message(Exchange::Notify, "test")).collect();
        let ids: Vec<_> = messages.iter().map(|message| message.message_id).collect();
        let (answers, ()) = tokio::join!(publisher.publish_all(messages), async {
            tokio::task::yield_now().await;
            proxy.cut().await;
            proxy.restore().await;
        });
        confirmed.extend(
            ids.into_iter().zip(answers).filter_map(|(id, answer)| answer.is_ok().then_some(id)),
        );
    }
    confirmed.extend(publish(&publisher, 10).await);

    let mut consumer = world.consumer(Queue::Notify, 500).await;
    while !confirmed.is_empty() {
        let batch = next_batch(&mut consumer, 500).await;
        for delivery in &batch {
            confirmed.remove(&delivery.message_id.unwrap());
        }
        settle(batch.into_iter().map(|delivery| (delivery, Verdict::Done)).collect()).await;
    }
}

#[tokio::test]
async fn a_broker_that_is_absent_at_the_start_is_waited_for() {
    let world = World::new().await;
    let proxy = Proxy::start(broker()).await;
    proxy.cut().await;
    let config = through(&proxy, &world.config);

    let connecting = Bus::connect(&config, "early");
    let (bus, ()) = tokio::join!(connecting, async {
        let refused = tokio::net::TcpStream::connect(proxy.addr()).await;
        assert!(refused.is_err(), "the proxy is cut");
        proxy.restore().await;
    });

    assert!(bus.unwrap().connected());
}

#[tokio::test]
async fn a_stop_in_an_outage_ends_the_consumer() {
    let world = World::new().await;
    let (bus, proxy) = world.proxied().await;
    let stop = CancellationToken::new();
    let mut consumer = bus.consumer(Queue::Notify, 10, stop.clone()).await.unwrap();

    proxy.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;
    let (batch, ()) = tokio::join!(consumer.next_batch(10), async { stop.cancel() });

    assert!(batch.is_none());
}

#[tokio::test]
async fn what_cannot_be_retried_in_an_outage_comes_back() {
    let world = World::new().await;
    publish(&world.bus.publisher(), 1).await;
    let (bus, proxy) = world.proxied().await;
    let mut consumer = bus.consumer(Queue::Notify, 10, CancellationToken::new()).await.unwrap();
    let delivery = take(&mut consumer, 1).await.remove(0);

    proxy.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;
    assert_eq!(delivery.retry("no network").await, Settled { acked: 0, returned: 1 });
    proxy.restore().await;

    let again = take(&mut consumer, 1).await.remove(0);
    assert_eq!((again.attempt, again.redelivered), (1, true));
}
