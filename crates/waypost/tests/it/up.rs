use serde_json::Value;
use test_support::eventually;

use crate::process::Up;
use crate::world::{PHONE_NUMBER_ID, World, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_by_the_command_line_is_followed_until_it_is_read() {
    let mut world = World::with_number().await;
    let up = Up::start(&world, &["--with-sim"]).await;
    world.set("WAYPOST_API_KEY", &up.key);
    let url = up.url("url.api", "/");

    let sent =
        world.done(&["send", "--to", "+4915112345678", "--text", "Hello", "--url", &url]).await;
    let watched = world
        .done(&["watch", sent.trim(), "--until", "read", "--timeout", "30", "--url", &url])
        .await;

    for event in ["enqueued", "handed to Meta: accepted", "sent", "delivered", "opened"] {
        assert!(watched.contains(event), "{watched}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_is_one_line_that_names_the_field() {
    let mut world = World::with_number().await;
    let up = Up::start(&world, &["--with-sim"]).await;
    world.set("WAYPOST_API_KEY", &up.key);
    let url = up.url("url.api", "/");

    let output =
        world.waypost(&["send", "--to", "0151 123", "--text", "Hello", "--url", &url]).await;

    let errors = text(&output.stderr);
    assert_eq!((output.status.code(), errors.lines().count()), (Some(1), 1), "{errors}");
    assert!(errors.contains("/to"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_in_the_environment_replaces_the_old_one_and_wakes_what_waits() {
    let mut world = World::with_number().await;
    let scenario = tempfile::NamedTempFile::new().unwrap();
    let number = serde_json::json!({ "open": false, "numbers": [{
        "phone_number_id": PHONE_NUMBER_ID, "waba_id": crate::world::WABA_ID,
        "tokens": ["the-new-one"] }] });
    std::fs::write(scenario.path(), number.to_string()).unwrap();
    world.set("WAYPOST_SIM_SCENARIO", scenario.path().to_str().unwrap());
    let first = Up::start(&world, &["--with-sim"]).await;
    first.enqueue(1).await;
    let newest = async |up: &Up| -> Value { up.get("/v1/messages").await["data"][0].clone() };
    eventually("the message waits for its credentials", async || {
        newest(&first).await["waiting_reason"] == "credential"
    })
    .await;
    let key = first.key.clone();
    first.terminate().await;

    world.set("WHATSAPP_ACCESS_TOKEN", "the-new-one");
    let mut second = Up::spawn(&world, &["--with-sim"]);
    second.ready().await;
    second.key = key;

    eventually("the message is delivered", async || {
        newest(&second).await["delivery_status"] == "delivered"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_nothing_knows_is_told() {
    let mut world = World::with_number().await;
    world.set("WAYPOST_SWEEP_SECONDS", "1");

    let up = Up::start(&world, &["--with-sim"]).await;

    let (_, _, log) = up.terminate().await;
    assert!(log.contains("WAYPOST_SWEEP_SECONDS is set, and nothing here knows it"), "{log}");
    assert_eq!(log.matches("nothing here knows it").count(), 1, "{log}");
}
