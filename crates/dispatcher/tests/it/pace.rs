//! The law of throughput, measured at the receiver.

use domain::delivery::DeliveryStatus::Accepted;
use domain::lane::Lane;
use test_support::eventually;

use crate::world::{Draft, World};

#[tokio::test]
async fn no_second_at_the_receiver_holds_more_than_the_rate() {
    let put_aside = keep_the_rate(1).await;

    assert!(put_aside > 0, "a part of the backlog waits in its rows");
    assert!(put_aside < 2 * MESSAGES, "and is not put aside over and over: {put_aside}");
}

#[tokio::test]
async fn three_dispatchers_together_keep_the_rate_of_one() {
    keep_the_rate(3).await;
}

const MESSAGES: usize = 300;

/// Sends a backlog by so many dispatchers; answers how often a message of it was put aside.
async fn keep_the_rate(dispatchers: usize) -> usize {
    let mut world = World::new().await;
    let from = world.number("30001", 80).await;
    // A busy machine stalls the receiver for moments in which requests pile up; the law to the
    // message is proved in `limits`, with a clock that does not stall.
    let mut scenario = world.sim.scenario();
    scenario.limits.throughput.slack_messages = 8;
    world.sim.set_scenario(scenario).unwrap();
    let drafts: Vec<_> =
        (0..MESSAGES).map(|nth| Draft { from: from.clone(), ..world.draft(nth) }).collect();
    let ids = world.insert(&drafts).await;
    world.publish(Lane::Normal, &ids).await;

    for _ in 0..dispatchers {
        world.start();
    }
    eventually("all are accepted", async || {
        world.sweep().await;
        world.count(Accepted).await == MESSAGES
    })
    .await;

    let stats = world.sim.stats();
    assert!(stats.refused.is_empty(), "{:?}", stats.refused);
    let busiest = stats.numbers["30001"].arrived_per_second;
    assert!(busiest <= 84, "{busiest}");
    assert!(world.sim.doubled().is_empty());
    let mut put_aside = 0;
    for id in ids {
        put_aside += world.message(id).await.waits.len();
    }
    put_aside
}
