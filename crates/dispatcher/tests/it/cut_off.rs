//! One dispatcher that does not hear Redis beside another one that does.

use amqp::Queue;
use domain::delivery::DeliveryStatus::Accepted;
use test_support::eventually;
use test_support::proxy::Proxy;

use crate::world::{Draft, World};

#[tokio::test]
async fn a_dispatcher_that_alone_does_not_hear_redis_leaves_its_work_to_the_others_until_it_does() {
    let mut world = World::new().await;
    let from = world.number("30001", 80).await;
    // A busy machine stalls the receiver for moments, as in `pace`.
    let mut scenario = world.sim.scenario();
    scenario.limits.throughput.slack_messages = 8;
    world.sim.set_scenario(scenario).unwrap();
    let direct = world.config.redis.clone();
    let target = direct.url.trim_start_matches("redis://").trim_end_matches('/');
    let proxy = Proxy::start(target).await;
    world.config.redis.url = format!("redis://{}", proxy.addr());
    world.start();
    world.config.redis = direct;
    world.start();
    consumed_by(&world, 2).await;
    let drafts = |from_nth: usize| {
        let draft = |nth| Draft { from: from.clone(), ..world.draft(nth) };
        (from_nth..from_nth + 300).map(draft).collect::<Vec<_>>()
    };
    let (before, after) = (drafts(0), drafts(300));
    world.enqueue(&before).await;

    proxy.cut().await;
    until_accepted(&world, 300).await;
    consumed_by(&world, 1).await;
    proxy.restore().await;
    consumed_by(&world, 2).await;
    world.enqueue(&after).await;
    until_accepted(&world, 600).await;

    let busiest = world.sim.stats().numbers["30001"].arrived_per_second;
    assert!(busiest <= 84, "{busiest}");
    assert!(world.sim.doubled().is_empty());
}

async fn consumed_by(world: &World, dispatchers: u32) {
    eventually(&format!("{dispatchers} dispatchers take jobs"), async || {
        world.bus.consumers(Queue::DispatchNormal).await.unwrap() == dispatchers
    })
    .await;
}

async fn until_accepted(world: &World, count: usize) {
    eventually(&format!("{count} are accepted"), async || {
        world.sweep().await;
        world.count(Accepted).await == count
    })
    .await;
}
