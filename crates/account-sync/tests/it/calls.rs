//! Meta limits how often it may be asked.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;

use crate::meta::{Meta, TOKEN, WABA, scenario};
use crate::world::World;

const FAILURES: &str = "SELECT sync_failures FROM connections";

/// In how many minutes the connection's turn comes.
const DUE_IN: &str = "SELECT round(extract(epoch FROM sync_due_at - now()) / 60) FROM connections";

/// A Meta that allows so many calls on an account in an hour.
async fn meta(calls: usize) -> Meta {
    let mut scenario = scenario();
    scenario["accounts"]["limits"] = json!({
        "management_per_hour": calls, "management_per_hour_active": calls,
    });
    Meta::of(scenario).await
}

/// How often Meta has said that it was too much.
fn throttled(meta: &Meta) -> u64 {
    meta.sim.stats().refused.get(&80_007).copied().unwrap_or(0)
}

/// Uses up what Meta allows on acme's account, without any limit of ours.
async fn use_up(meta: &Meta) {
    let (client, token) = (meta.client(), SecretString::from(TOKEN));
    while client.waba(&WABA.parse().unwrap(), &token).await.is_ok() {}
}

#[tokio::test]
async fn a_turn_that_finds_no_call_left_is_put_off_keeps_what_was_answered_and_goes_on_after() {
    let (world, meta) = (World::new().await, meta(3).await);
    let running = meta.start(&world, &[]);
    let minutes = async || world.value(DUE_IN).await.as_f64().unwrap();

    world.ask().await;
    assert_eq!(world.value("SELECT subscribed FROM wabas").await, json!(true));
    assert_eq!(world.value("SELECT health FROM wabas").await, json!(null));
    assert!((9.0..=12.0).contains(&minutes().await), "{}", minutes().await);

    // Who asks sooner finds the limit as it was, and Meta is not bothered.
    world.ask().await;
    assert!((8.0..=12.0).contains(&minutes().await), "{}", minutes().await);
    assert_eq!((throttled(&meta), world.value(FAILURES).await), (0, json!(0)));

    meta.change(|scenario| scenario.accounts.limits.management_per_hour_active = 100);
    meta.sim.advance_clock(Duration::from_secs(3600));
    // What was remembered of the hour has passed.
    world.bus.forget_limits().await;
    world.ask().await;
    assert_eq!(world.value("SELECT health FROM wabas").await, json!("AVAILABLE"));
    assert!((54.0..=67.0).contains(&minutes().await), "{}", minutes().await);
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    running.end().await;
}

#[tokio::test]
async fn a_turn_waits_as_long_as_meta_says_and_asks_no_sooner() {
    let (world, meta) = (World::new().await, meta(20).await);
    use_up(&meta).await;
    let running = meta.start(&world, &[("WAYPOST_SYNC_INTERVAL_S", "4")]);
    let before = throttled(&meta);

    world.ask().await;

    let minutes = world.value(DUE_IN).await.as_f64().unwrap();
    assert!((58.0..=61.0).contains(&minutes), "{minutes}");
    assert_eq!(throttled(&meta), before + 1);
    world.ask().await;
    assert_eq!(throttled(&meta), before + 1);
    assert_eq!(world.value(FAILURES).await, json!(0));
    running.end().await;
}

#[tokio::test]
async fn another_account_of_the_connection_is_asked_about_as_ever() {
    let (world, meta) = (World::new().await, meta(20).await);
    meta.change(|scenario| {
        let mut other = scenario.accounts.wabas[0].clone();
        other.waba_id = "10002".into();
        scenario.accounts.wabas.push(other);
    });
    meta.token(|token| token.waba_ids = vec![WABA.into(), "10002".into()]);
    world
        .execute(
            "INSERT INTO wabas (waba_id, tenant_id, connection_id, created_at)
             SELECT '10002', tenant_id, connection_id, created_at FROM wabas",
        )
        .await;
    use_up(&meta).await;
    let running = meta.start(&world, &[]);

    world.ask().await;

    let synced = "SELECT jsonb_agg(templates_synced_at IS NOT NULL ORDER BY waba_id) FROM wabas";
    assert_eq!(world.value(synced).await, json!([false, true]));
    let minutes = world.value(DUE_IN).await.as_f64().unwrap();
    assert!((53.0..=67.0).contains(&minutes), "{minutes}");
    assert_eq!(world.value(FAILURES).await, json!(0));
    running.end().await;
}
