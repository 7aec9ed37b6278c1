//! Tokens and keys change while everything runs.

use serde_json::Value;
use test_support::eventually;

use crate::process::Up;
use crate::world::{PHONE_NUMBER_ID, World, text};

const NEW_KEY: &str = "new:0101010101010101010101010101010101010101010101010101010101010101";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async fn newest(up: &Up) -> Value {
    up.get("/v1/messages").await["data"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_set_wakes_what_waits_and_a_start_with_the_old_one_does_not_undo_it() {
    let mut world = World::with_number().await;
    let scenario = tempfile::NamedTempFile::new().unwrap();
    let number = serde_json::json!({ "open": false, "numbers": [{
        "phone_number_id": PHONE_NUMBER_ID, "waba_id": crate::world::WABA_ID,
        "tokens": ["the-new-one"] }] });
    std::fs::write(scenario.path(), number.to_string()).unwrap();
    world.set("WAYPOST_SIM_SCENARIO", scenario.path().to_str().unwrap());
    let first = Up::start(&world, &["--with-sim"]).await;
    first.enqueue(1).await;
    eventually("the message waits for its credentials", async || {
        newest(&first).await["waiting_reason"] == "credential"
    })
    .await;
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "the-new-one\n").unwrap();

    let file = token.path().to_str().unwrap();
    let set = ["token", "set", "--phone-number-id", PHONE_NUMBER_ID, "--access-token-file", file];
    world.done(&set).await;

    eventually("the message is delivered", async || {
        newest(&first).await["delivery_status"] == "delivered"
    })
    .await;
    let key = first.key.clone();
    first.terminate().await;
    let mut second = Up::spawn(&world, &["--with-sim"]);
    second.ready().await;
    second.key = key;
    let tenant = world.done(&["connection", "list", "--tenant", "default"]).await;
    assert!(tenant.contains("ACTIVE"), "{tenant}");
    second.enqueue(1).await;
    eventually("a message goes out with the newer token", async || {
        newest(&second).await["delivery_status"] == "delivered"
    })
    .await;
    let unknown = ["token", "set", "--phone-number-id", "1", "--access-token-file", file];
    let output = world.waypost(&unknown).await;
    assert!(text(&output.stderr).contains("no tenant sends from that number"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_reseals_everything_and_says_which_key_is_needed_no_more() {
    let mut world = World::with_number().await;
    let up = Up::start(&world, &["--with-sim"]).await;
    up.enqueue(1).await;
    eventually("the message is delivered", async || {
        newest(&up).await["delivery_status"] == "delivered"
    })
    .await;
    world.set("CREDENTIAL_ENCRYPTION_KEY", &format!("{NEW_KEY},{KEY}"));

    let table = world.done(&["vault", "rotate"]).await;
    assert!(table.contains("key new: seals"), "{table}");
    up.enqueue(1).await;
    eventually("the running process cannot open it and waits", async || {
        newest(&up).await["waiting_reason"] == "credential"
    })
    .await;
    let key = up.key.clone();
    up.terminate().await;
    let table = world.done(&["vault", "rotate", "--events"]).await;
    assert!(table.contains("key default: not needed any more"), "{table}");

    world.set("CREDENTIAL_ENCRYPTION_KEY", NEW_KEY);
    let mut second = Up::spawn(&world, &["--with-sim"]);
    second.ready().await;
    second.key = key;
    second.terminate().await;
    let client = world.db.client().await.unwrap();
    client.batch_execute("UPDATE connections SET access_token = '\\x0103616263'").await.unwrap();
    let output = world.waypost(&["vault", "rotate"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("1 values open with no key"), "{output:?}");
}
