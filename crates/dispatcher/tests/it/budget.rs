//! The messaging limit of a portfolio, as the receiver counts it.

use domain::delivery::DeliveryStatus::Accepted;
use domain::lane::Lane;
use graph_sim::{Inbound, NumberSpec};
use store::budget::let_ask;
use test_support::eventually;

use crate::world::{Draft, World};

/// A world whose portfolio may reach so many people, here and at Meta.
async fn limited(people: u32) -> World {
    let world = World::new().await;
    limit(&world, people).await;
    world
}

async fn limit(world: &World, people: u32) {
    world.execute(&format!("UPDATE wabas SET tier = '{people}'")).await;
    world.sim.add_number(NumberSpec {
        phone_number_id: world.sender.phone_number_id.to_string(),
        waba_id: world.sender.waba_id.to_string(),
        display_phone_number: "15550100000".into(),
        tokens: Vec::new(),
        mps: Some(1_000),
        portfolio_id: None,
        tier: Some(people.into()),
        maintenance: false,
    });
}

/// Waits until so many messages are accepted and all others wait for their portfolio.
async fn settled(world: &World, accepted: usize, waiting: i64) {
    let client = world.db.client().await.unwrap();
    let sql = "SELECT count(*) FROM messages
               WHERE  delivery_status = 'queued' AND waiting_reason = 'portfolio_budget'";
    eventually(&format!("{accepted} are accepted, {waiting} wait"), async || {
        world.sweep().await;
        let now_waiting: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
        world.count(Accepted).await == accepted && now_waiting == waiting
    })
    .await;
    let stats = world.sim.stats();
    assert!(stats.violations.is_empty(), "{:?}", stats.violations);
    assert_eq!(world.sends(), accepted);
}

#[tokio::test]
async fn dispatchers_together_reach_no_more_people_than_the_portfolio_may() {
    let mut world = limited(20).await;
    let drafts: Vec<_> = (0..60).map(|nth| world.draft(nth)).collect();
    let ids = world.insert(&drafts).await;
    world.publish(Lane::Normal, &ids).await;
    for _ in 0..3 {
        world.start();
    }

    settled(&world, 20, 40).await;

    // People who were reached are written to again, and whoever has written is answered.
    let again = Draft { to: format!("+{}", world.sim.sends(0, 1)[0].recipient), ..world.draft(0) };
    let answer = Draft { to: "+14155550199".into(), ..world.draft(0) };
    world
        .execute(&format!(
            "INSERT INTO service_windows VALUES ('{}', '{}', '{}', now())",
            world.sender.phone_number_id, answer.to, world.sender.tenant_id
        ))
        .await;
    let inbound = Inbound {
        phone_number_id: world.sender.phone_number_id.to_string(),
        from: answer.to.clone(),
        name: None,
        text: None,
        message: None,
    };
    world.sim.receive(&inbound).unwrap();
    world.enqueue(&[again, answer]).await;
    settled(&world, 22, 40).await;
}

#[tokio::test]
async fn what_redis_forgets_makes_room_for_nobody() {
    let mut world = limited(10).await;
    world.start();
    let drafts: Vec<_> = (0..8).map(|nth| world.draft(nth)).collect();
    world.enqueue(&drafts).await;
    settled(&world, 8, 0).await;

    world.bus.forget_limits().await;

    let drafts: Vec<_> = (100..110).map(|nth| world.draft(nth)).collect();
    world.enqueue(&drafts).await;
    settled(&world, 10, 8).await;
}

#[tokio::test]
async fn a_limit_that_is_raised_lets_the_waiting_go_without_a_restart() {
    let mut world = limited(5).await;
    world.start();
    let drafts: Vec<_> = (0..10).map(|nth| world.draft(nth)).collect();
    world.enqueue(&drafts).await;
    settled(&world, 5, 5).await;

    limit(&world, 8).await;
    let client = world.db.client().await.unwrap();
    let portfolio = world.sender.waba_id.to_string();
    let_ask(&client, &portfolio, &[Lane::Normal], 3, runtime::now()).await.unwrap();

    settled(&world, 8, 2).await;
}

#[tokio::test]
async fn marketing_leaves_a_share_to_everything_else() {
    let mut world = limited(20).await;
    world.config.budget_reserved = 25;
    world.start();
    let bulk = |nth| Draft { lane: Lane::Bulk, ..world.draft(nth) };
    let drafts: Vec<_> = (0..20).map(bulk).collect();
    world.enqueue(&drafts).await;
    settled(&world, 15, 5).await;

    let urgent = |nth| Draft { lane: Lane::Urgent, ..world.draft(nth) };
    let drafts: Vec<_> = (100..106).map(urgent).collect();
    world.enqueue(&drafts).await;
    settled(&world, 20, 6).await;
}
