//! Meta is away, or wants to be asked less often.

use std::time::Duration;

use serde_json::json;
use test_support::proxy::Proxy;

use crate::meta::{Meta, scenario};
use crate::world::World;

const FAILURES: &str = "SELECT sync_failures FROM connections";

#[tokio::test]
async fn a_meta_that_is_away_is_asked_again_later_and_nothing_is_told_of_it() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let target = meta.base_url.strip_prefix("http://").unwrap();
    let proxy = Proxy::start(target).await;
    let url = format!("http://{}", proxy.addr());
    let settings = [("GRAPH_API_BASE_URL", url.as_str()), ("WAYPOST_SYNC_INTERVAL_S", "4")];

    proxy.cut().await;
    world.due().await;
    let running = meta.start(&world, &settings);
    world.becomes("SELECT sync_failures > 1 FROM connections", json!(true)).await;
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    assert_eq!(world.value("SELECT token_valid FROM connections").await, json!(null));

    proxy.restore().await;
    world.becomes("SELECT count(templates_synced_at) FROM wabas", json!(1)).await;
    world.becomes(FAILURES, json!(0)).await;
    running.end().await;
}

#[tokio::test]
async fn who_is_throttled_waits_and_keeps_what_was_answered() {
    let world = World::new().await;
    let mut scenario = scenario();
    scenario["accounts"]["limits"] = json!({
        "management_per_hour": 3, "management_per_hour_active": 3,
    });
    let meta = Meta::of(scenario).await;
    let running = meta.start(&world, &[]);

    world.ask().await;
    assert_eq!(world.value(FAILURES).await, json!(1));
    assert_eq!(world.value("SELECT subscribed FROM wabas").await, json!(true));
    assert_eq!(world.value("SELECT health FROM wabas").await, json!(null));
    let later = "SELECT sync_due_at > now() + interval '50 minutes' FROM connections";
    assert_eq!(world.value(later).await, json!(true));
    world.ask().await;
    assert_eq!(world.value(FAILURES).await, json!(2));
    let ever_later = "SELECT sync_due_at > now() + interval '100 minutes' FROM connections";
    assert_eq!(world.value(ever_later).await, json!(true));

    meta.change(|scenario| {
        scenario.accounts.limits.management_per_hour_active = 100;
    });
    meta.sim.advance_clock(Duration::from_secs(3600));
    world.ask().await;
    assert_eq!(world.value(FAILURES).await, json!(0));
    assert_eq!(world.value("SELECT health FROM wabas").await, json!("AVAILABLE"));
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    running.end().await;
}

#[tokio::test]
async fn a_stop_gives_the_turn_back_while_meta_is_silent() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let target = meta.base_url.strip_prefix("http://").unwrap();
    let proxy = Proxy::start(target).await;
    let url = format!("http://{}", proxy.addr());
    proxy.stall();
    world.due().await;
    let running = meta.start(&world, &[("GRAPH_API_BASE_URL", url.as_str())]);
    world.becomes("SELECT count(sync_lease_until) FROM connections", json!(1)).await;

    running.end().await;

    let free = "SELECT sync_lease_until IS NULL AND sync_due_at <= now() FROM connections";
    assert_eq!(world.value(free).await, json!(true));
    proxy.resume();
}
