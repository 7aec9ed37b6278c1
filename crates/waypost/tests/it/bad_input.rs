//! Whatever stands on a queue ends parked with its reason, or done: never again and again, and
//! never at the cost of what stands beside it.

mod letters;
mod scene;
mod stopped;

use std::collections::BTreeMap;

use amqp::Queue;
use test_support::eventually;
use uuid::Uuid;

use self::scene::{Scene, address};
use crate::process::Up;

/// The reasons of those that are parked, by the ids of their letters.
async fn parked(scene: &Scene, queue: Queue) -> BTreeMap<Uuid, String> {
    let parked = scene.world.bus.parked(queue, 1_000).await.unwrap();
    let entry = |it: amqp::ParkedMessage| (it.message_id.unwrap(), it.reason.unwrap_or_default());
    parked.into_iter().map(entry).collect()
}

/// Ends the process in order, which gives back what it holds, and sees that it held nothing.
async fn ends_with_nothing_left(scene: &Scene, up: Up) {
    let (status, _, log) = up.terminate().await;
    assert!(status.success(), "{log}");
    for queue in Queue::ALL {
        assert_eq!(scene.world.bus.depth(queue).await.unwrap(), 0, "{queue}");
    }
    assert_eq!(scene.world.bus.waiting_depth().await.unwrap(), 0, "on the ladder");
}

/// Waits until as many good letters as this are done, on every queue. On each of them what came
/// before the last one has been taken by then, since there is one worker.
async fn good_ones_are_done(scene: &Scene, count: usize) {
    for queue in Queue::ALL {
        eventually(&format!("{count} good ones of {queue} are done"), async || {
            scene.effects(queue).await.len() >= count
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_letter_on_any_queue_is_parked_or_done_and_its_neighbours_are_worked_on() {
    let scene = Scene::new().await;
    scene.world.bus.allow_parked();
    let before = scene.good_letters().await;
    let bad = letters::bad(&scene);
    let after = scene.good_letters().await;
    // All wait before anybody reads, so that they come in the same batches.
    for letter in before.iter().chain(&bad).chain(&after) {
        scene.publish(letter).await;
    }

    let up = scene.start().await;

    good_ones_are_done(&scene, 2).await;
    ends_with_nothing_left(&scene, up).await;
    for queue in Queue::ALL {
        let here = || bad.iter().filter(|letter| letter.address == address(queue));
        assert!(here().count() >= 9, "{queue} has bad letters");
        let mut parked = parked(&scene, queue).await;
        for letter in here() {
            let (expected, reason) = ((letter.parked)(queue), parked.remove(&letter.message_id));
            let is_right = match (expected, &reason) {
                (None, None) => true,
                (Some(expected), Some(reason)) => !reason.is_empty() && reason.contains(expected),
                (None, Some(_)) | (Some(_), None) => false,
            };
            assert!(is_right, "{queue}, {}: {reason:?} instead of {expected:?}", letter.name);
        }
        assert!(parked.is_empty(), "{queue}: {parked:?}");
    }
    scene.nothing_of_another_was_touched().await;
    assert_eq!(scene.sent_twice(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_was_done_changes_nothing_when_it_comes_again() {
    let scene = Scene::new().await;
    let letters = scene.good_letters().await;
    for letter in letters.iter().chain(&letters) {
        scene.publish(letter).await;
    }
    let up = scene.start().await;
    good_ones_are_done(&scene, 1).await;
    let done = scene.all_effects().await;

    let last = scene.good_letters().await;
    for letter in letters.iter().chain(&last) {
        scene.publish(letter).await;
    }

    good_ones_are_done(&scene, 2).await;
    ends_with_nothing_left(&scene, up).await;
    for (queue, effects) in scene.all_effects().await {
        assert_eq!(effects.len(), 2, "{queue}");
        assert!(done[queue].iter().all(|effect| effects.contains(effect)), "{queue}: {effects:?}");
    }
    assert_eq!(scene.sent_twice(), []);
}
