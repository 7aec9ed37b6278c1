//! The way of a message when nothing goes wrong, and the ways on which it is not sent.

use amqp::Queue;
use bytes::Bytes;
use chrono::TimeDelta;
use domain::delivery::DeliveryStatus::{Accepted, Cancelled, Expired, Queued};
use domain::ids::MessageId;
use domain::lane::Lane;
use runtime::Stop;
use store::messages::Cancel;
use test_support::{backbone, eventually};

use crate::world::{Draft, World};

#[tokio::test]
async fn a_message_is_sent_once_with_its_own_id_and_its_attempt_is_recorded() {
    let mut world = World::new().await;
    world.start();

    let id = world.enqueue_one(1).await;
    world.until(id, Accepted).await;

    let message = world.message(id).await;
    assert_eq!(world.sends_of(id), 1);
    assert!(message.summary.wamid.is_some() && message.summary.accepted_at.is_some());
    assert_eq!(message.attempts.len(), 1);
    assert_eq!(message.attempts[0].outcome.as_deref(), Some("accepted"));
    assert!(message.attempts[0].finished_at >= Some(message.attempts[0].begun_at));
    eventually("the job is acked", async || {
        world.bus.depth(Queue::DispatchNormal).await.unwrap() == 0
    })
    .await;
}

#[tokio::test]
async fn many_jobs_for_one_message_send_it_once() {
    let mut world = World::new().await;
    let ids = world.insert(&[world.draft(1)]).await;
    world.publish(Lane::Normal, &ids.repeat(20)).await;
    world.publish(Lane::Urgent, &ids.repeat(20)).await;

    world.start();
    world.until(ids[0], Accepted).await;
    world.publish(Lane::Bulk, &ids.repeat(20)).await;

    let witness = world.enqueue(&[Draft { lane: Lane::Bulk, ..world.draft(2) }]).await;
    world.until(witness[0], Accepted).await;
    assert_eq!(world.sends_of(ids[0]), 1);
    assert_eq!(world.message(ids[0]).await.attempts.len(), 1);
}

#[tokio::test]
async fn two_dispatchers_that_race_for_every_message_send_each_once() {
    let mut world = World::new().await;
    world.number("30001", 10_000).await;
    let from: domain::ids::PhoneNumberId = "30001".parse().unwrap();
    let drafts: Vec<_> =
        (0..300).map(|nth| Draft { from: from.clone(), ..world.draft(nth) }).collect();
    let ids = world.insert(&drafts).await;
    world.publish(Lane::Normal, &[ids.clone(), ids.clone()].concat()).await;

    world.start();
    world.start();

    eventually("all are accepted", async || world.count(Accepted).await == ids.len()).await;
    assert_eq!(world.sends(), ids.len());
    assert!(world.sim.doubled().is_empty());
}

#[tokio::test]
async fn a_message_that_was_cancelled_after_its_job_was_published_is_not_sent() {
    let mut world = World::new().await;
    let id = world.enqueue_one(1).await;
    let client = world.db.client().await.unwrap();
    let tenant_id = world.sender.tenant_id;
    let cancelled = store::messages::cancel(&client, tenant_id, id, runtime::now()).await.unwrap();
    assert_eq!(cancelled, Cancel::Cancelled);

    world.start();
    let witness = world.enqueue_one(2).await;
    world.until(witness, Accepted).await;

    assert_eq!(world.status(id).await, Cancelled);
    assert_eq!(world.sends_of(id), 0);
}

#[tokio::test]
async fn a_message_whose_deadline_passed_in_the_queue_is_never_sent() {
    let mut world = World::new().await;
    let soon = runtime::now() + TimeDelta::milliseconds(1);
    let ids = world.enqueue(&[Draft { expires_at: soon, ..world.draft(1) }, world.draft(2)]).await;

    world.start();
    world.until(ids[1], Accepted).await;

    world.until(ids[0], Expired).await;
    assert_eq!(world.sends_of(ids[0]), 0);
}

#[tokio::test]
async fn a_message_whose_deadline_passes_in_line_is_never_sent() {
    let mut world = World::new().await;
    let from = world.number("30001", 1).await;
    let first = Draft { from: from.clone(), ..world.draft(1) };
    let soon = runtime::now() + TimeDelta::milliseconds(700);
    let late = Draft { from, expires_at: soon, ..world.draft(2) };

    world.start();
    let first = world.enqueue(&[first]).await;
    world.until(first[0], Accepted).await;
    let late = world.enqueue(&[late]).await;

    world.until(late[0], Expired).await;
    assert_eq!(world.sends_of(late[0]), 0);
}

#[tokio::test]
async fn a_job_that_cannot_be_read_is_parked_with_its_reason_and_the_next_one_is_worked_on() {
    let mut world = World::new().await;
    world.bus.allow_parked();
    let poison = world.outgoing(
        Lane::Normal,
        MessageId::at(runtime::now()),
        Bytes::from_static(b"\x0a\x01\x07"),
    );
    world.bus.publisher().publish(poison).await.unwrap();
    let id = world.enqueue_one(1).await;

    world.start();
    world.until(id, Accepted).await;

    eventually("it is parked", async || {
        let parked = world.bus.parked(Queue::DispatchNormal, 10).await.unwrap();
        parked.iter().any(|parked| {
            parked.reason.as_deref().is_some_and(|reason| reason.contains("tenant_id"))
        })
    })
    .await;
}

#[tokio::test]
async fn a_job_for_a_message_that_does_not_exist_or_is_anothers_is_done() {
    let mut world = World::new().await;
    world.start();
    let nobodys = MessageId::at(runtime::now());
    world.publish(Lane::Normal, &[nobodys]).await;

    let id = world.enqueue_one(1).await;
    world.until(id, Accepted).await;

    eventually("both are acked", async || {
        world.bus.depth(Queue::DispatchNormal).await.unwrap() == 0
    })
    .await;
}

#[tokio::test]
async fn a_stopped_dispatcher_gives_back_what_it_has_not_begun() {
    let mut world = World::new().await;
    world.config.hold = std::time::Duration::from_secs(60);
    let from = world.number("30001", 1).await;
    let stop = Stop::new();
    let backbone = backbone(&world.db, &world.bus);
    world.start_on(&backbone, stop.clone());
    let drafts: Vec<_> =
        (0..10).map(|nth| Draft { from: from.clone(), ..world.draft(nth) }).collect();
    let ids = world.enqueue(&drafts).await;
    eventually("one is sent and the rest are claimed", async || {
        world.sends() >= 1 && world.count(Queued).await == 0
    })
    .await;

    stop.stop();
    world.ended().await.unwrap().unwrap();

    let queued = world.count(Queued).await;
    let accepted = world.count(Accepted).await;
    assert_eq!(queued + accepted, ids.len());
    assert_eq!(accepted, world.sends());
    assert!(queued >= 6, "{queued}");
    for id in ids {
        let message = world.message(id).await;
        if message.summary.status == Queued {
            assert!(message.attempts.is_empty());
            assert!(message.summary.not_before <= Some(runtime::now()));
        }
    }
}
