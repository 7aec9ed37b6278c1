//! What is never logged.

use domain::delivery::DeliveryStatus::{Accepted, Failed, Unknown};
use graph_sim::FaultKind;
use test_support::Lines;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use crate::world::World;

#[tokio::test]
async fn no_token_body_number_or_wamid_is_logged() {
    let lines = Lines::default();
    let ours = ["dispatcher", "limits", "graph_api", "store", "backbone", "amqp", "runtime"];
    let filter = Targets::new().with_targets(ours.map(|target| (target, LevelFilter::TRACE)));
    let layer = tracing_subscriber::fmt::layer().with_writer(lines.clone()).with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(filter).with(layer);
    // With a single subscriber, a line that another test's thread reaches first is off for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);
    let mut world = World::new().await;
    world.start();

    let accepted = world.enqueue_one(1).await;
    world.until(accepted, Accepted).await;
    for (fault, end) in
        [(FaultKind::Error { code: 131_026 }, Failed), (FaultKind::DropAfterAccept, Unknown)]
    {
        world.strike(fault, 1);
        let id = world.enqueue_one(1).await;
        world.until(id, end).await;
    }
    world.strike(FaultKind::Error { code: 190 }, 1);
    let refused = world.enqueue_one(1).await;
    world.until_waiting(refused).await;
    drop(guard);

    let log = lines.text();
    for said in [accepted.to_string(), refused.to_string(), "outcome=\"accepted\"".into()] {
        assert!(log.contains(&said), "{said}: {log}");
    }
    assert!(log.contains("blocked a connection"), "{log}");
    for secret in ["token-1", "4711", "14155550001", "wamid."] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}
