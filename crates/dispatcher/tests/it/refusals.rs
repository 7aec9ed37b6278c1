//! What Meta refuses.

use domain::delivery::DeliveryStatus::{Accepted, Failed, Queued};
use domain::lane::WaitingReason;
use graph_sim::{FaultKind, NumberSpec};
use test_support::eventually;

use crate::world::{Draft, World};

fn with_token(world: &World, token: &str) -> NumberSpec {
    NumberSpec {
        phone_number_id: world.sender.phone_number_id.to_string(),
        waba_id: world.sender.waba_id.to_string(),
        display_phone_number: "15550100000".into(),
        tokens: vec![token.to_owned()],
        mps: Some(1_000),
        portfolio_id: None,
        tier: None,
        maintenance: false,
    }
}

#[tokio::test]
async fn a_refused_token_blocks_its_connection_and_a_new_one_lets_every_message_go() {
    let mut world = World::new().await;
    world.sim.add_number(with_token(&world, "new token"));
    world.start();

    let drafts: Vec<_> = (0..20).map(|nth| world.draft(nth)).collect();
    let mut ids = world.enqueue(&drafts).await;
    for id in &ids {
        let waiting = world.until_waiting(*id).await;
        assert_eq!(waiting.summary.waiting_reason, Some(WaitingReason::Credential));
    }
    ids.push(world.enqueue_one(20).await);
    let held = world.until_waiting(ids[20]).await;
    assert!(held.attempts.is_empty(), "nothing more is tried");
    assert_eq!(held.summary.waiting_reason, Some(WaitingReason::Credential));
    assert_eq!(world.sends(), 0);

    world.renew_token("new token").await;

    for id in ids {
        world.until_swept(id, Accepted).await;
    }
    assert_eq!(world.sends(), 21);
}

#[tokio::test]
async fn a_token_that_does_not_open_blocks_its_connection_and_fails_nothing() {
    let mut world = World::new().await;
    let client = world.db.client().await.unwrap();
    client.batch_execute("UPDATE connections SET access_token = '\\x0102'").await.unwrap();
    world.start();

    let id = world.enqueue_one(1).await;
    let waiting = world.until_waiting(id).await;

    assert_eq!(waiting.summary.waiting_reason, Some(WaitingReason::Credential));
    assert!(waiting.attempts.is_empty());
    world.renew_token("token-1").await;
    world.until_swept(id, Accepted).await;
}

#[tokio::test]
async fn a_refused_message_fails_with_a_reason_and_is_not_tried_again() {
    let mut world = World::new().await;
    world.strike(FaultKind::Error { code: 131_026 }, 1);
    world.start();

    let id = world.enqueue_one(1).await;
    world.until(id, Failed).await;
    world.sweep().await;
    let witness = world.enqueue_one(2).await;
    world.until(witness, Accepted).await;

    let message = world.message(id).await;
    assert_eq!(message.summary.error_code, Some(131_026));
    let detail = message.summary.delivery_error.unwrap();
    assert!(detail.contains("the recipient may lack WhatsApp"), "{detail}");
    assert_eq!(message.attempts.len(), 1);
    assert_eq!(world.sends_of(id), 0);
}

#[tokio::test]
async fn a_number_in_maintenance_pauses_and_its_neighbour_goes_on() {
    let mut world = World::new().await;
    let other = world.number("30001", 80).await;
    let mut spec = with_token(&world, "token-1");
    spec.maintenance = true;
    world.sim.add_number(spec);
    world.start();

    let id = world.enqueue_one(1).await;
    let waiting = world.until_waiting(id).await;
    let later = world.enqueue_one(2).await;
    let held = world.until_waiting(later).await;
    let neighbour = world.enqueue(&[Draft { from: other, ..world.draft(3) }]).await;
    world.until(neighbour[0], Accepted).await;

    assert_eq!(waiting.summary.waiting_reason, Some(WaitingReason::NumberPaused));
    assert_eq!(held.summary.waiting_reason, Some(WaitingReason::NumberPaused));
    assert!(held.attempts.is_empty());
    eventually("both still wait", async || world.count(Queued).await == 2).await;
}
