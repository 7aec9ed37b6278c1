//! A process that is stopped with all that it may hold in its hands, and says nothing.

use amqp::Queue;
use futures::future::join_all;
use test_support::eventually;
use url::Url;

use super::ends_with_nothing_left;
use super::scene::{Scene, address};

/// How many deliveries a process that has these settings holds of a queue.
const fn prefetch(queue: Queue) -> usize {
    match queue {
        // Twice a batch, which cannot be set.
        Queue::Notify => 400,
        Queue::DispatchUrgent | Queue::DispatchNormal | Queue::DispatchBulk => 5,
        // Batches of three: those that are worked on at once, and the next one.
        Queue::StatusMapper => 12,
        Queue::WebhookLog => 9,
        Queue::Inbox | Queue::AccountSync => 6,
    }
}

/// How many letters reach a queue: what is published to its address is more than anybody holds of it.
fn published(queue: Queue) -> usize {
    let beside = Queue::ALL.into_iter().filter(|other| address(*other) == address(queue));
    beside.map(prefetch).max().unwrap_or_default() + REST
}

const SETTINGS: [(&str, &str); 5] = [
    ("WAYPOST_DISPATCH_CONCURRENCY", "5"),
    ("WAYPOST_STATUS_BATCH", "3"),
    ("WAYPOST_INBOX_BATCH", "3"),
    ("WAYPOST_ACCOUNT_BATCH", "3"),
    ("WAYPOST_WEBHOOK_LOG_BATCH", "3"),
];

/// So many more than a stopped process holds.
const REST: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_process_holds_is_done_once_by_another_and_the_rest_meanwhile() {
    let mut scene = Scene::new().await;
    for (name, value) in SETTINGS {
        scene.world.set(name, value);
    }
    // Longer than it takes to see that it holds all: then the broker gives up whoever is silent.
    let mut broker: Url = scene.world.bus.config().url.parse().unwrap();
    broker.set_query(Some("heartbeat=60"));
    scene.world.set("AMQP_URL", broker.as_str());
    let mut stopped = scene.start().await;
    for queue in Queue::ALL {
        // A dispatcher takes nothing before it has joined those that share the limits.
        eventually(&format!("{queue} is consumed"), async || {
            scene.world.bus.consumers(queue).await.unwrap() == 1
        })
        .await;
    }
    let (mut reached, mut letters) = (Vec::new(), Vec::new());
    for queue in Queue::ALL {
        if !reached.contains(&address(queue)) {
            reached.push(address(queue));
            for _ in 0..published(queue) {
                letters.push(scene.good_letter(queue).await);
            }
        }
    }
    stopped.signal("STOP").await;
    join_all(letters.iter().map(|letter| scene.publish(letter))).await;
    for queue in Queue::ALL {
        eventually(&format!("it holds all that it may of {queue}"), async || {
            let left = scene.world.bus.depth(queue).await.unwrap();
            left as usize == published(queue) - prefetch(queue)
        })
        .await;
    }

    let other = scene.start().await;
    for queue in Queue::ALL {
        eventually(&format!("the rest of {queue} is done"), async || {
            scene.effects(queue).await.len() >= published(queue) - prefetch(queue)
        })
        .await;
    }
    stopped.kill().await;

    for queue in Queue::ALL {
        eventually(&format!("all of {queue} is done"), async || {
            scene.effects(queue).await.len() >= published(queue)
        })
        .await;
    }
    ends_with_nothing_left(&scene, other).await;
    for queue in Queue::ALL {
        assert_eq!(scene.effects(queue).await.len(), published(queue), "{queue}");
    }
    assert_eq!(scene.sent_twice(), []);
}
