//! What becomes of an access token.

use chrono::TimeDelta;
use graph_sim::{Ending, TokenEnd};
use serde_json::json;
use store::connections::block;
use store::messages;

use crate::meta::{Meta, TOKEN};
use crate::world::World;

#[tokio::test]
async fn a_dead_token_is_told_and_inbound_goes_on() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    let end = TokenEnd { token: TOKEN.into(), ended: Some(Ending::LoggedOut) };

    meta.sim.end_token(&end).unwrap();
    world.ask().await;

    assert_eq!(
        world.standing().await,
        (vec!["token.invalid".to_owned()], json!("NEEDS_ATTENTION"))
    );
    let told = world.trouble("token.invalid").await.unwrap();
    assert!(told.cause.contains("logged out"), "{}", told.cause);
    assert_eq!(told.subject, world.acme.connection_id.to_string());
    let paused = json!({"message_template_id": 9, "event": "PAUSED"});
    world.tell(30, "message_template_status_update", &paused).await;
    world.becomes("SELECT status FROM templates", json!("PAUSED")).await;

    meta.token(|_| {});
    world.ask().await;
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    running.end().await;
}

#[tokio::test]
async fn without_the_apps_secret_a_refused_call_shows_a_dead_token() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let settings = [("META_APP_ID", ""), ("META_APP_SECRET", "")];
    let running = meta.start(&world, &settings);
    world.ask().await;
    assert_eq!(world.value("SELECT token_valid FROM connections").await, json!(true));

    meta.sim.end_token(&TokenEnd { token: TOKEN.into(), ended: None }).unwrap();
    world.ask().await;

    assert_eq!(world.standing().await.0, ["token.invalid"]);
    running.end().await;
}

#[tokio::test]
async fn the_end_of_a_token_is_told_before_it_comes_and_ever_more_urgently() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    const DAY: u64 = 86_400;

    for (days, severity) in [(6 * DAY, "warning"), (DAY / 2, "critical")] {
        meta.token(|token| token.expires_in_s = Some(days));
        world.ask().await;
        assert_eq!(world.trouble("token.expiring").await.unwrap().severity, severity);
    }
    meta.token(|token| token.expires_in_s = Some(30 * DAY));
    world.ask().await;
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    let ends = "SELECT token_expires_at > now() + interval '29 days' FROM connections";
    assert_eq!(world.value(ends).await, json!(true));
    running.end().await;
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);

    meta.token(|token| token.scopes = vec!["whatsapp_business_management".into()]);
    world.ask().await;
    let told = world.trouble("token.permissions").await.unwrap();
    assert_eq!(told.cause, "The token lacks whatsapp_business_messaging.");

    // Without the other one no account can be reached, which is the same cause.
    meta.token(|token| token.scopes = vec!["whatsapp_business_messaging".into()]);
    world.ask().await;
    assert_eq!(world.standing().await.0, ["token.permissions"]);

    meta.token(|_| {});
    world.ask().await;
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    running.end().await;
}

#[tokio::test]
async fn what_waits_for_a_token_goes_on_when_meta_takes_it_again() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let client = world.db.client().await.unwrap();
    let now = runtime::now();
    messages::insert(&client, &[world.acme.message(now)], now).await.unwrap();
    world
        .execute(
            "UPDATE messages SET waiting_reason = 'credential', not_before = now() + interval '5 min',
                                 due_at = now() + interval '5 min'",
        )
        .await;
    let sealed = client.query_one("SELECT access_token FROM connections", &[]).await.unwrap();
    let sealed: Vec<u8> = sealed.get("access_token");
    let until = now + TimeDelta::minutes(5);
    block(&client, world.acme.connection_id, &sealed, until, "it was refused").await.unwrap();
    drop(client);
    meta.token(|token| token.scopes = vec!["whatsapp_business_management".into()]);
    let running = meta.start(&world, &[]);
    let blocked = "SELECT blocked_until IS NOT NULL FROM connections";
    let waits = "SELECT due_at > now() FROM messages";

    world.ask().await;
    assert_eq!(world.value(blocked).await, json!(true), "it may not send yet");
    assert_eq!(world.value(waits).await, json!(true));

    meta.token(|_| {});
    world.ask().await;
    assert_eq!(world.value(blocked).await, json!(false));
    assert_eq!(world.value(waits).await, json!(false));
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    // Whoever remembers that the old one was refused does not know it again.
    let client = world.db.client().await.unwrap();
    let row = client.query_one("SELECT access_token FROM connections", &[]).await.unwrap();
    assert_ne!(row.get::<_, Vec<u8>>("access_token"), sealed);
    running.end().await;
}

#[tokio::test]
async fn of_a_connection_that_is_disconnected_nothing_stays_open() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[("WAYPOST_WATCH_S", "0.2")]);
    meta.sim.end_token(&TokenEnd { token: TOKEN.into(), ended: None }).unwrap();
    world.ask().await;
    assert_eq!(world.standing().await.0, ["token.invalid"]);

    let client = world.db.client().await.unwrap();
    store::connections::disconnect(&client, world.acme.connection_id, "over").await.unwrap();

    let open = "SELECT count(*) FROM notifications WHERE cleared_at IS NULL";
    world.becomes(open, json!(0)).await;
    assert_eq!(world.value("SELECT status_reason FROM connections").await, json!("over"));
    running.end().await;
}
