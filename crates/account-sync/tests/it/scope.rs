//! A signature proves one app; nothing it carries touches an account of another.

use domain::ids::ConnectionId;
use domain::scope::Scope;
use serde_json::json;
use test_support::sender;

use crate::posts::{post, publish};
use crate::world::World;

#[tokio::test]
async fn nothing_that_another_app_signed_touches_an_account() {
    let world = World::new().await;
    let mallory = sender(&world.db.client().await.unwrap(), "mallory", 2).await;
    let own_app = format!(
        "UPDATE connections SET kind = 'own_app' WHERE connection_id = '{}'",
        mallory.connection_id
    );
    world.execute(&own_app).await;
    let running = world.start();
    let before = world.value("SELECT to_jsonb(w) FROM wabas w WHERE waba_id = '10001'").await;
    let forged = Scope::Connection(mallory.connection_id);
    let unknown = Scope::Connection(ConnectionId::at(runtime::now()));

    let victim = world.acme.waba_id.as_str();
    let gone = json!({"event": "PARTNER_REMOVED", "waba_info": {"waba_id": victim}});
    let small = json!({"max_daily_conversations_per_business": "TIER_50"});
    let flagged = json!({"display_phone_number": "15550001111", "event": "FLAGGED"});
    let paused = json!({"message_template_id": 9, "event": "PAUSED"});
    for scope in [forged, unknown] {
        // The account in the value is as forged as the one of the entry.
        publish(
            &world.bus,
            Some(scope),
            post(mallory.waba_id.as_str(), 1, "account_update", &gone),
        )
        .await;
        publish(&world.bus, Some(scope), post(victim, 1, "business_capability_update", &small))
            .await;
        publish(&world.bus, Some(scope), post(victim, 1, "phone_number_quality_update", &flagged))
            .await;
        publish(
            &world.bus,
            Some(scope),
            post(victim, 1, "message_template_status_update", &paused),
        )
        .await;
    }
    // The last one is mallory's own, and tells that all of them have been read.
    let own = post(mallory.waba_id.as_str(), 2, "business_capability_update", &small);
    publish(&world.bus, Some(forged), own).await;

    world.becomes("SELECT tier FROM wabas WHERE waba_id = '10002'", json!("50")).await;
    let after = world.value("SELECT to_jsonb(w) FROM wabas w WHERE waba_id = '10001'").await;
    assert_eq!(after, before);
    assert_eq!(world.value("SELECT count(*) FROM templates").await, json!(0));
    let kept = world.value("SELECT count(*) FROM account_events WHERE waba_id = '10001'").await;
    assert_eq!(kept, json!(0));
    let number = "SELECT status FROM phone_numbers WHERE phone_number_id = '20001'";
    assert_eq!(world.value(number).await, json!(null));
    assert!(world.open(world.acme.tenant_id).await.is_empty());
    running.end().await;
}

#[tokio::test]
async fn a_limit_is_the_whole_portfolios_but_never_beyond_the_app() {
    let world = World::new().await;
    let client = world.db.client().await.unwrap();
    let globex = sender(&client, "globex", 2).await;
    let outside = sender(&client, "outside", 3).await;
    let own_app = format!(
        "UPDATE connections SET kind = 'own_app' WHERE connection_id = '{}'",
        outside.connection_id
    );
    world.execute(&own_app).await;
    world.execute("UPDATE wabas SET portfolio_id = '777', tier = '250'").await;
    let running = world.start();

    let limit = json!({"max_daily_conversations_per_business": "TIER_100K"});
    world.tell(5, "business_capability_update", &limit).await;

    world.becomes("SELECT tier FROM wabas WHERE waba_id = '10002'", json!("100000")).await;
    assert_eq!(
        world.value("SELECT tier FROM wabas WHERE waba_id = '10001'").await,
        json!("100000")
    );
    assert_eq!(world.value("SELECT tier FROM wabas WHERE waba_id = '10003'").await, json!("250"));
    for tenant_id in [world.acme.tenant_id, globex.tenant_id] {
        let open = world.open(tenant_id).await;
        assert_eq!(open[0].kind, "waba.limit");
        assert_eq!(open[0].severity, "info");
    }
    assert!(world.open(outside.tenant_id).await.is_empty());

    // Of some news the entry names the portfolio itself.
    let body = post(
        "777",
        6,
        "business_capability_update",
        &json!({"max_daily_conversations_per_business": -1}),
    );
    publish(&world.bus, Some(Scope::Platform), body).await;
    world.becomes("SELECT tier FROM wabas WHERE waba_id = '10001'", json!("unlimited")).await;
    running.end().await;
}
