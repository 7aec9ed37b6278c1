//! A dispatcher that dies at any of its steps loses nothing and doubles nothing.

use std::time::Duration;

use domain::delivery::DeliveryStatus::{Accepted, Queued, Sending, Unknown};
use graph_sim::FaultKind;
use test_support::eventually;

use crate::world::{Draft, World};

#[tokio::test]
async fn one_that_dies_before_an_attempt_is_written_ahead_leaves_its_messages_to_the_next() {
    let mut world = World::new().await;
    world.config.hold = Duration::from_secs(60);
    let from = world.number("30001", 1).await;
    let drafts: Vec<_> =
        (0..8).map(|nth| Draft { from: from.clone(), ..world.draft(nth) }).collect();
    let ids = world.insert(&drafts).await;
    let dispatcher = world.start();
    world.publish(domain::lane::Lane::Normal, &ids).await;
    // One is sent at once, one has its attempt written ahead and waits for its second, the others
    // stand in line.
    eventually("all are claimed, one is accepted, another begun", async || {
        let mut begun = 0;
        for id in &ids {
            begun += world.message(*id).await.attempts.len();
        }
        begun >= 2 && world.count(Accepted).await >= 1 && world.count(Queued).await == 0
    })
    .await;

    dispatcher.abort();
    world.ended().await;
    let (unknown, queued) = world.recover().await;

    assert!(unknown >= 1 && queued >= 1, "{unknown} {queued}");
    world.start();
    eventually("the queued ones are sent", async || {
        world.sweep().await;
        world.count(Queued).await == 0 && world.count(Sending).await == 0
    })
    .await;
    assert!(world.sim.doubled().is_empty());
    let (mut sent, mut in_doubt) = (0, 0);
    for id in ids {
        match world.status(id).await {
            Accepted => {
                assert_eq!(world.sends_of(id), 1);
                sent += 1;
            }
            Unknown => {
                assert!(!world.message(id).await.attempts.is_empty());
                in_doubt += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(in_doubt == unknown && sent > queued, "{in_doubt} in doubt, {sent} sent");
}

#[tokio::test]
async fn one_that_dies_during_the_call_leaves_its_message_unknown() {
    let mut world = World::new().await;
    world.strike(FaultKind::Slow { ms: 15_000 }, 1);
    let dispatcher = world.start();
    let id = world.enqueue_one(1).await;
    eventually("Meta has it", async || world.sends_of(id) == 1).await;

    dispatcher.abort();
    world.ended().await;
    assert_eq!(world.status(id).await, Sending);
    assert_eq!(world.recover().await, (1, 0));

    world.start();
    world.sweep().await;
    let witness = world.enqueue_one(2).await;
    world.until(witness, Accepted).await;
    assert_eq!(world.status(id).await, Unknown);
    assert_eq!(world.sends_of(id), 1);
}

#[tokio::test]
async fn one_that_dies_before_the_answer_is_recorded_leaves_its_message_unknown() {
    let mut world = World::new().await;
    world.strike(FaultKind::Slow { ms: 2_000 }, 1);
    let dispatcher = world.start();
    let id = world.enqueue_one(1).await;
    eventually("Meta has it", async || world.sends_of(id) == 1).await;
    let mut client = world.db.client().await.unwrap();
    let lock = client.transaction().await.unwrap();
    lock.execute("SELECT FROM messages WHERE message_id = $1 FOR UPDATE", &[&id.as_uuid()])
        .await
        .unwrap();
    let blocked = "SELECT pid FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let watcher = world.db.client().await.unwrap();
    eventually("the result waits for the lock", async || {
        !watcher.query(blocked, &[]).await.unwrap().is_empty()
    })
    .await;

    dispatcher.abort();
    world.ended().await;
    let end = format!("SELECT pg_terminate_backend(pid) FROM ({blocked}) AS blocked");
    watcher.batch_execute(&end).await.unwrap();
    eventually("nobody waits for the lock", async || {
        watcher.query(blocked, &[]).await.unwrap().is_empty()
    })
    .await;
    lock.rollback().await.unwrap();

    assert_eq!(world.status(id).await, Sending);
    assert_eq!(world.recover().await, (1, 0));
    world.start();
    world.sweep().await;
    let witness = world.enqueue_one(2).await;
    world.until(witness, Accepted).await;
    assert_eq!(world.status(id).await, Unknown);
    assert_eq!(world.sends_of(id), 1);
}

#[tokio::test]
async fn one_that_loses_its_lease_during_the_call_does_not_undo_what_came_after() {
    let mut world = World::new().await;
    world.strike(FaultKind::Slow { ms: 1_500 }, 1);
    world.start();
    let id = world.enqueue_one(1).await;
    eventually("Meta has it", async || world.sends_of(id) == 1).await;

    assert_eq!(world.recover().await, (1, 0));

    world.until(id, Accepted).await;
    assert_eq!(world.sends_of(id), 1);
}
