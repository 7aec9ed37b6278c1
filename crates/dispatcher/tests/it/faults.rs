//! What becomes of a message when Meta answers otherwise, or not at all.

use std::time::Duration;

use domain::delivery::DeliveryStatus::{Accepted, Queued, Unknown};
use domain::lane::WaitingReason;
use graph_sim::{Fault, FaultKind};
use runtime::Stop;
use store::{Db, DbConfig};
use test_support::proxy::Proxy;
use test_support::{backbone, eventually};

use crate::world::{Draft, World};

async fn ends_unknown(fault: FaultKind, sends: usize) {
    let mut world = World::new().await;
    world.config.graph.timeout = Duration::from_secs(2);
    world.strike(fault.clone(), 1);
    world.start();

    let id = world.enqueue_one(1).await;
    world.until(id, Unknown).await;

    world.sweep().await;
    let witness = world.enqueue_one(2).await;
    world.until(witness, Accepted).await;
    assert_eq!(world.status(id).await, Unknown, "{fault:?}");
    assert_eq!(world.sends_of(id), sends, "{fault:?}");
    let message = world.message(id).await;
    assert_eq!(message.attempts[0].outcome.as_deref(), Some("ambiguous"), "{fault:?}");
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_the_message_unknown() {
    ends_unknown(FaultKind::DropAfterAccept, 1).await;
}

#[tokio::test]
async fn a_server_error_leaves_the_message_unknown_whether_or_not_it_was_taken() {
    ends_unknown(FaultKind::ErrorAfterAccept { status: 500, code: None }, 1).await;
    ends_unknown(FaultKind::ServerError { status: 503 }, 0).await;
    ends_unknown(FaultKind::Error { code: 131_000 }, 0).await;
}

#[tokio::test]
async fn an_answer_that_comes_too_late_leaves_the_message_unknown() {
    ends_unknown(FaultKind::Slow { ms: 4_000 }, 1).await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_leaves_the_message_unknown() {
    ends_unknown(FaultKind::Garbage, 1).await;
}

async fn waits_and_is_sent(fault: FaultKind, reason: WaitingReason) {
    let mut world = World::new().await;
    world.strike(fault.clone(), 2);
    world.start();

    let id = world.enqueue_one(1).await;
    let waiting = world.until_waiting(id).await;

    assert_eq!(waiting.summary.waiting_reason, Some(reason), "{fault:?}");
    assert!(waiting.summary.not_before > Some(waiting.attempts[0].begun_at), "{fault:?}");
    world.until_swept(id, Accepted).await;
    let message = world.message(id).await;
    assert_eq!(world.sends_of(id), 1, "{fault:?}");
    assert_eq!(message.attempts.len(), 3, "{fault:?}");
    assert_eq!(message.attempts[0].outcome.as_deref(), Some("not_sent"), "{fault:?}");
    assert_eq!(message.waits.len(), 2, "{fault:?}");
    assert_eq!(message.summary.waiting_reason, None, "{fault:?}");
}

#[tokio::test]
async fn a_throttled_message_waits_and_is_sent_later() {
    waits_and_is_sent(FaultKind::Error { code: 130_429 }, WaitingReason::ThrottledByMeta).await;
    waits_and_is_sent(FaultKind::TooManyRequests, WaitingReason::ThrottledByMeta).await;
}

#[tokio::test]
async fn a_pair_that_is_too_fast_delays_nobody_else() {
    let mut world = World::new().await;
    let pair = world.draft(1);
    let fault = Fault {
        kind: Some(FaultKind::Error { code: 131_056 }),
        recipient: Some(pair.to.clone()),
        times: Some(1),
        ..Fault::default()
    };
    world.fault(fault);
    world.start();

    let delayed = world.enqueue(std::slice::from_ref(&pair)).await[0];
    let waiting = world.until_waiting(delayed).await;
    let other = world.enqueue_one(2).await;
    world.until(other, Accepted).await;

    assert_eq!(waiting.summary.waiting_reason, Some(WaitingReason::Pair));
    world.until_swept(delayed, Accepted).await;
    assert_eq!(world.sends(), 2);
}

#[tokio::test]
async fn what_finds_no_connection_waits_until_there_is_one() {
    let mut world = World::new().await;
    let sim = world.config.graph.clone();
    let proxy = Proxy::start("127.0.0.1:1").await;
    proxy.cut().await;
    let base_url = format!("http://{}", proxy.addr());
    world.config.graph = graph_api::client::GraphConfig::new(&base_url, "v25.0").unwrap();
    let away = world.start();

    let id = world.enqueue_one(1).await;
    let waiting = world.until_waiting(id).await;
    away.abort();
    world.ended().await;
    world.config.graph = sim;
    world.start();

    assert_eq!(waiting.summary.waiting_reason, Some(WaitingReason::Retry));
    world.until_swept(id, Accepted).await;
    assert_eq!(world.sends_of(id), 1);
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_lost_and_nothing_goes_twice() {
    const MESSAGES: usize = 200;
    let mut world = World::new().await;
    let database = world.db.url();
    let (host, rest) = database.split_once('@').unwrap().1.split_once('/').unwrap();
    let proxy = Proxy::start(host).await;
    let through = format!("postgres://postgres@{}/{rest}", proxy.addr());
    let mut backbone = backbone(&world.db, &world.bus);
    backbone.db = Db::new(&DbConfig::new(through)).unwrap();
    let from = world.number("30001", 100).await;
    world.start_on(&backbone, Stop::new());
    let drafts: Vec<_> =
        (0..MESSAGES).map(|nth| Draft { from: from.clone(), ..world.draft(nth) }).collect();
    world.enqueue(&drafts).await;
    eventually("it is at work", async || world.sends() > 20).await;

    proxy.cut().await;
    let (mut sends, mut unchanged) = (0, 0);
    eventually("no more is sent", async || {
        unchanged = if world.sends() == sends { unchanged + 1 } else { 0 };
        sends = world.sends();
        unchanged == 20
    })
    .await;
    assert!(sends < MESSAGES, "{sends}");
    proxy.restore().await;

    eventually("all are accepted", async || {
        world.sweep().await;
        // Claims whose answer was cut off are nobody's until their lease lapses.
        let client = world.db.client().await.unwrap();
        let lapse = "UPDATE messages SET lease_until = now() \
                     WHERE stage = 'sending' AND begun_claim_no < claim_no \
                     AND stage_at < now() - interval '3 seconds'";
        client.batch_execute(lapse).await.unwrap();
        store::messages::recover_lapsed(&client, 1_000, runtime::now()).await.unwrap();
        world.count(Accepted).await == MESSAGES
    })
    .await;
    assert_eq!(world.count(Queued).await, 0);
    assert_eq!(world.sends(), MESSAGES);
    assert!(world.sim.doubled().is_empty());
    backbone.db.close();
}
