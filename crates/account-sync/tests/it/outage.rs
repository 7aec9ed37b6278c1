//! Meta is away.

use serde_json::json;
use test_support::proxy::Proxy;

use crate::meta::Meta;
use crate::world::World;

const FAILURES: &str = "SELECT sync_failures FROM connections";

/// Whether nobody holds the connection's turn, and it may be taken at once.
const FREE: &str = "SELECT sync_lease_until IS NULL AND sync_due_at <= now() FROM connections";

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

    assert_eq!(world.value(FREE).await, json!(true));
    proxy.resume();
}

#[tokio::test]
async fn a_stop_gives_back_a_turn_that_is_just_being_taken() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let claims_wait = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                           'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END';
                       CREATE TRIGGER wait BEFORE UPDATE ON connections FOR EACH ROW
                           WHEN (NEW.sync_lease_until IS NOT NULL) EXECUTE FUNCTION wait()";
    let holder = world.db.client().await.unwrap();
    holder.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    world.due().await;
    world.execute(claims_wait).await;
    let running = meta.start(&world, &[]);
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid() AND ";
    world.becomes(&format!("{others} wait_event = 'advisory'"), json!(1)).await;

    // Told to end while it still waits for what it has taken.
    let release = async { holder.batch_execute("SELECT pg_advisory_unlock(7)").await.unwrap() };
    tokio::join!(running.end(), release);

    world.becomes(&format!("{others} state = 'active'"), json!(0)).await;
    assert_eq!(world.value(FREE).await, json!(true));
}
