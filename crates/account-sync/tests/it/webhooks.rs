//! What news of Meta's do to rows.

use bytes::Bytes;
use domain::scope::Scope;
use serde_json::json;
use store::templates;
use test_support::eventually;

use crate::posts::{post, publish};
use crate::world::World;

#[tokio::test]
async fn a_template_is_what_the_news_of_it_say_in_any_order() {
    let world = World::new().await;
    let running = world.start();
    let about = |mut value: serde_json::Value| {
        value["message_template_id"] = json!(123_456_789_012_345_i64);
        value["message_template_name"] = json!("order_ready");
        value["message_template_language"] = json!("en-US");
        value
    };

    let quality = about(json!({"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"}));
    world.tell(30, "message_template_quality_update", &quality).await;
    let paused = about(json!({"event": "PAUSED", "other_info": {"title": "FIRST_PAUSE"}}));
    world.tell(20, "message_template_status_update", &paused).await;
    let approved = about(json!({"event": "APPROVED", "message_template_category": "UTILITY"}));
    world.tell(10, "message_template_status_update", &approved).await;
    let category = about(json!({"previous_category": "UTILITY", "new_category": "MARKETING"}));
    world.tell(15, "template_category_update", &category).await;
    let text = about(json!({"message_template_element": "Your order {{1}} is ready"}));
    world.tell(5, "message_template_components_update", &text).await;

    world.becomes("SELECT count(*) FROM account_events", json!(5)).await;
    world.becomes("SELECT count(components) FROM templates", json!(1)).await;
    let client = world.db.client().await.unwrap();
    let listed = templates::list(&client, world.acme.tenant_id, None).await.unwrap();
    assert_eq!(listed.len(), 1);
    let template = &listed[0];
    assert_eq!((template.name.as_str(), template.language.as_str()), ("order_ready", "en_US"));
    assert_eq!(template.status.as_deref(), Some("PAUSED"));
    assert_eq!(template.status_reason.as_deref(), Some("FIRST_PAUSE"));
    assert_eq!(template.category.as_deref(), Some("MARKETING"));
    assert_eq!(template.quality.as_deref(), Some("YELLOW"));
    assert_eq!(
        template.components,
        Some(json!([{"type": "BODY", "text": "Your order {{1}} is ready"}]))
    );
    running.end().await;
}

#[tokio::test]
async fn news_that_come_twice_are_kept_and_told_once() {
    let world = World::new().await;
    let running = world.start();
    let violation =
        json!({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}});

    for _ in 0..3 {
        world.tell(7, "account_update", &violation).await;
    }
    world.tell(8, "account_review_update", &json!({"decision": "APPROVED"})).await;

    world.becomes("SELECT review_status FROM wabas", json!("APPROVED")).await;
    world.becomes("SELECT count(*) FROM account_events", json!(2)).await;
    let told = world.trouble("waba.violation").await.unwrap();
    assert_eq!((told.occurrences, told.severity.as_str()), (1, "critical"));
    assert!(told.cause.contains("SCAM"), "{}", told.cause);
    running.end().await;
}

#[tokio::test]
async fn a_number_that_changed_makes_its_account_due_to_be_read() {
    let world = World::new().await;
    world.execute("UPDATE connections SET sync_due_at = now() + interval '1 day'").await;
    let running = world.start();

    let upgrade = json!({"display_phone_number": "15550001111", "event": "THROUGHPUT_UPGRADE"});
    world.tell(9, "phone_number_quality_update", &upgrade).await;

    let due = "SELECT sync_due_at < now() + interval '1 hour' FROM connections";
    world.becomes(due, json!(true)).await;
    running.end().await;
}

#[tokio::test]
async fn a_value_that_the_database_refuses_is_parked_and_its_neighbours_are_not() {
    let world = World::new().await;
    world.bus.allow_parked();
    world
        .execute("ALTER TABLE wabas ADD CONSTRAINT planted CHECK (review_status <> 'PLANTED')")
        .await;
    // All wait in the queue, so that they come in one batch.
    world.tell(1, "account_review_update", &json!({"decision": "PLANTED"})).await;
    world
        .tell(
            2,
            "business_capability_update",
            &json!({"max_daily_conversations_per_business": 250}),
        )
        .await;
    publish(&world.bus, None, post("10001", 1, "account_review_update", &json!({}))).await;
    publish(&world.bus, Some(Scope::Platform), Bytes::from_static(b"no webhook")).await;

    let running = world.start();

    world.becomes("SELECT tier FROM wabas", json!("250")).await;
    eventually("three are parked", async || {
        world.bus.parked_depth(amqp::Queue::AccountSync).await.unwrap() == 3
    })
    .await;
    world.drained().await;
    running.end().await;
}

#[tokio::test]
async fn what_may_hold_a_persons_number_is_sealed() {
    let world = World::new().await;
    let running = world.start();
    let body = json!({"entry": [{"id": "10001", "time": 1_790_000_001, "changes": [
        {"field": "new_in_2030", "value": {"wa_id": "14155550101"}},
        {"field": "user_preferences", "value": {"wa_id": "14155550101"}},
        {"field": "flows", "value": {"event": "FLOW_STATUS_CHANGE"}}]}]});
    publish(&world.bus, Some(Scope::Platform), serde_json::to_vec(&body).unwrap().into()).await;

    world.becomes("SELECT count(*) FROM account_events", json!(2)).await;

    let all = world.value("SELECT jsonb_agg(to_jsonb(e)) FROM account_events e").await.to_string();
    assert!(all.contains("FLOW_STATUS_CHANGE") && !all.contains("4155550101"), "{all}");
    assert!(!all.contains(&hex("4155550101")), "{all}");
    running.end().await;
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
