//! Nobody delays anybody else.

use amqp::Queue;
use contracts::DispatchJob;
use domain::delivery::DeliveryStatus::Accepted;
use domain::lane::{Lane, WaitingReason};
use graph_sim::{Fault, FaultKind};
use runtime::Stop;
use test_support::{backbone, eventually};

use crate::world::{Draft, World};

#[tokio::test]
async fn a_full_lane_does_not_starve_a_higher_one() {
    let mut world = World::new().await;
    world.config.concurrency = 4;
    let slow = world.number("30001", 1_000).await;
    world.fault(Fault {
        kind: Some(FaultKind::Slow { ms: 15_000 }),
        phone_number_id: Some(slow.to_string()),
        ..Fault::default()
    });
    let bulk: Vec<_> = (0..20)
        .map(|nth| Draft { from: slow.clone(), lane: Lane::Bulk, ..world.draft(nth) })
        .collect();
    world.enqueue(&bulk).await;
    world.start();
    // A job is taken whole, so that four are exceeded by the first one.
    eventually("the lane is full", async || world.sends() == DispatchJob::LARGEST).await;

    let urgent = world.enqueue(&[Draft { lane: Lane::Urgent, ..world.draft(99) }]).await;

    world.until(urgent[0], Accepted).await;
    assert_eq!(world.count(Accepted).await, 1, "the lane was full all the time");
}

#[tokio::test]
async fn a_worker_that_is_stopped_gives_back_what_it_has_no_room_for_before_it_is_done() {
    let mut world = World::new().await;
    world.config.concurrency = 4;
    world.strike(FaultKind::Slow { ms: 15_000 }, 100);
    let drafts: Vec<_> = (0..40).map(|nth| world.draft(nth)).collect();
    let ids = world.insert(&drafts).await;
    let stop = Stop::new();
    world.start_on(&backbone(&world.db, &world.bus), stop.clone());
    world.publish(Lane::Normal, &ids).await;
    eventually("the lane is full", async || world.sends() == DispatchJob::LARGEST).await;

    stop.stop();

    eventually("the other jobs are back in their queue", async || {
        world.bus.depth(Queue::DispatchNormal).await.unwrap() == 2
    })
    .await;
    assert_eq!(world.count(Accepted).await, 0, "Meta has not answered yet");
}

#[tokio::test]
async fn a_backlog_on_one_number_is_put_aside_and_delays_no_other_in_its_lane() {
    let mut world = World::new().await;
    world.config.concurrency = 8;
    let slow = world.number("30001", 2).await;
    let backlog: Vec<_> =
        (0..100).map(|nth| Draft { from: slow.clone(), ..world.draft(nth) }).collect();
    let ids = world.insert(&backlog).await;
    world.publish(Lane::Normal, &ids).await;
    world.start();

    let other = world.enqueue_one(200).await;
    world.until(other, Accepted).await;

    assert!(world.count(Accepted).await < 20);
    let last = world.until_waiting(ids[99]).await;
    assert_eq!(last.summary.waiting_reason, Some(WaitingReason::Throughput));
    let mut until: Vec<_> = Vec::new();
    for id in &ids {
        until.extend(world.message(*id).await.summary.not_before);
    }
    until.sort_unstable();
    let apart = (until[until.len() - 1] - until[0]).num_seconds();
    let expected = i64::try_from(until.len()).unwrap() / 2;
    assert!((apart - expected).abs() <= 2, "{} messages over {apart} s", until.len());
}

#[tokio::test]
async fn an_urgent_message_overtakes_the_backlog_of_its_own_number() {
    let mut world = World::new().await;
    let from = world.number("30001", 10).await;
    let backlog: Vec<_> = (0..200)
        .map(|nth| Draft { from: from.clone(), lane: Lane::Bulk, ..world.draft(nth) })
        .collect();
    let ids = world.insert(&backlog).await;
    world.publish(Lane::Bulk, &ids).await;
    world.start();
    eventually("the backlog is put aside", async || {
        world.message(ids[199]).await.summary.waiting_reason.is_some()
    })
    .await;

    let urgent = world.enqueue(&[Draft { from, lane: Lane::Urgent, ..world.draft(999) }]).await;

    world.until(urgent[0], Accepted).await;
    assert!(world.count(Accepted).await < 100);
    assert!(world.message(urgent[0]).await.waits.is_empty());
}
