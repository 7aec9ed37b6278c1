//! What Meta answers when it is asked.

use serde_json::{Value, json};
use store::templates;

use crate::meta::{Meta, NUMBER, WABA};
use crate::posts::EPOCH;
use crate::world::World;

#[tokio::test]
async fn a_turn_fills_the_rows() {
    let (world, meta) = (World::new().await, Meta::new().await);
    world.execute("UPDATE wabas SET tier = NULL").await;
    let running = meta.start(&world, &[]);

    world.ask().await;

    let connection = "SELECT jsonb_build_array(token_valid, token_problem, token_lacks,
        app_problem, token_expires_at, sync_failures, status, token_issued_at IS NOT NULL,
        token_checked_at IS NOT NULL, sync_due_at > now() + interval '50 minutes')
        FROM connections";
    assert_eq!(
        world.value(connection).await,
        json!([true, null, [], null, null, 0, "ACTIVE", true, true, true])
    );
    let account = "SELECT jsonb_build_array(name, portfolio_id, review_status, granted, subscribed,
        subscribed_at IS NOT NULL, health, health_detail, unlisted_numbers, tier) FROM wabas";
    assert_eq!(
        world.value(account).await,
        json!(["Acme", "777", "APPROVED", true, true, true, "AVAILABLE", null, 0, "unlimited"])
    );
    let number = "SELECT jsonb_build_array(status, quality_rating, name_status, verified_name,
        throughput, granted, health, display_phone_number) FROM phone_numbers";
    assert_eq!(
        world.value(number).await,
        json!([
            "CONNECTED",
            "GREEN",
            "APPROVED",
            "Waypost Test",
            "STANDARD",
            true,
            "AVAILABLE",
            "+15550001111"
        ])
    );
    let client = world.db.client().await.unwrap();
    let listed = templates::list(&client, world.acme.tenant_id, None).await.unwrap();
    let told: Vec<_> = listed
        .iter()
        .map(|told| {
            let status = (told.status.as_deref(), told.status_reason.as_deref());
            (told.name.as_str(), told.language.as_str(), told.category.as_deref(), status)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("login", "de", Some("AUTHENTICATION"), (Some("REJECTED"), Some("SCAM"))),
            ("order_ready", "en_US", Some("UTILITY"), (Some("APPROVED"), None)),
        ]
    );
    assert_eq!(listed[1].parameter_format.as_deref(), Some("POSITIONAL"));
    assert_eq!(listed[1].components.as_ref().unwrap()[0]["type"], "BODY");
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    running.end().await;
}

#[tokio::test]
async fn what_meta_does_not_have_any_more_is_marked_until_it_is_back() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    world.ask().await;
    let changed = "SELECT jsonb_agg(jsonb_build_array(name, status) ORDER BY name) FROM templates";
    let before = meta.sim.scenario();

    meta.change(|scenario| scenario.templates.retain(|template| template.name == "login"));
    world.ask().await;
    assert_eq!(
        world.value(changed).await,
        json!([["login", "REJECTED"], ["order_ready", "DELETED"]])
    );

    meta.sim.set_scenario(before).unwrap();
    world.ask().await;
    assert_eq!(
        world.value(changed).await,
        json!([["login", "REJECTED"], ["order_ready", "APPROVED"]])
    );
    running.end().await;
}

#[tokio::test]
async fn another_throughput_is_another_rate_and_an_operators_choice_is_not_overruled_at_first() {
    let (world, meta) = (World::new().await, Meta::new().await);
    const RATE: &str = "SELECT jsonb_build_array(throughput, messages_per_second)
                        FROM phone_numbers";
    let running = meta.start(&world, &[]);
    let rate = async |mps: u32| -> Value {
        meta.change(|scenario| scenario.numbers[0].mps = Some(mps));
        world.ask().await;
        world.value(RATE).await
    };

    assert_eq!(rate(80).await, json!(["STANDARD", 1000]));
    assert_eq!(rate(1000).await, json!(["HIGH", 1000]));
    assert_eq!(rate(80).await, json!(["STANDARD", 80]));
    world.execute("UPDATE phone_numbers SET throughput = NULL, messages_per_second = 80").await;
    assert_eq!(rate(1000).await, json!(["HIGH", 1000]));
    meta.profile(|profile| profile.is_on_biz_app = true);
    assert_eq!(rate(1000).await, json!(["COEXISTENCE", 20]));
    running.end().await;
}

#[tokio::test]
async fn a_limit_applies_to_the_row_at_once_and_its_fall_is_told_until_it_rises() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    let tier = async |people: u64| {
        meta.change(|scenario| scenario.numbers[0].tier = Some(people));
        world.ask().await;
        world.value("SELECT tier FROM wabas").await
    };
    world.execute("UPDATE wabas SET tier = '10000'").await;

    assert_eq!(tier(250).await, json!("250"));
    let fell = world.trouble("waba.limit").await.unwrap();
    assert_eq!(fell.severity, "warning");
    assert!(fell.cause.contains("250") && fell.cause.contains("10000"), "{}", fell.cause);

    assert_eq!(tier(10_000).await, json!("10000"));
    let rose = world.trouble("waba.limit").await.unwrap();
    assert_eq!(rose.severity, "info");
    assert_ne!(rose.notification_id, fell.notification_id);
    running.end().await;
}

#[tokio::test]
async fn a_newer_webhook_beats_an_older_answer_and_an_older_one_does_not() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    let ahead = runtime::now().timestamp() - EPOCH + 600;
    let quality = |event: &str| json!({"display_phone_number": "15550001111", "event": event});
    let status = "SELECT status FROM phone_numbers";

    world.ask().await;
    assert_eq!(world.value(status).await, json!("CONNECTED"));
    // Told before the answer was asked for.
    world.tell(10, "phone_number_quality_update", &quality("FLAGGED")).await;
    world.becomes("SELECT count(*) FROM account_events", json!(1)).await;
    world.drained().await;
    assert_eq!(world.value(status).await, json!("CONNECTED"));

    // Told after the next answer is asked for: it stays, though the answer is written later.
    world.tell(ahead, "phone_number_quality_update", &quality("FLAGGED")).await;
    world.becomes(status, json!("FLAGGED")).await;
    world.ask().await;
    assert_eq!(world.value(status).await, json!("FLAGGED"));
    assert_eq!(world.value("SELECT quality_rating FROM phone_numbers").await, json!("GREEN"));
    running.end().await;
}

#[tokio::test]
async fn several_instances_ask_once() {
    let world = World::new().await;
    // One turn makes six calls: of two at once one would find none left.
    let mut scenario = crate::meta::scenario();
    scenario["accounts"]["limits"] = json!({
        "management_per_hour": 8, "management_per_hour_active": 8,
    });
    let meta = Meta::of(scenario).await;

    world.due().await;
    let running = [meta.start(&world, &[]), meta.start(&world, &[]), meta.start(&world, &[])];

    world.becomes("SELECT count(templates_synced_at) FROM wabas", json!(1)).await;
    world.becomes("SELECT sync_lease_until FROM connections", json!(null)).await;
    assert_eq!(world.value("SELECT sync_failures FROM connections").await, json!(0));
    for running in running {
        running.end().await;
    }
}

#[tokio::test]
async fn what_webhooks_ask_for_during_a_turn_is_asked_in_a_turn_of_its_own() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    world.ask().await;
    let due = "SELECT sync_due_at BETWEEN now() AND now() + interval '121 seconds'
               FROM connections";
    assert_eq!(world.value(due).await, json!(false));

    let upgrade = json!({"display_phone_number": "15550001111", "event": "THROUGHPUT_UPGRADE"});
    world.tell(9, "phone_number_quality_update", &upgrade).await;

    // Not before two minutes have passed since the last one.
    world.becomes(due, json!(true)).await;
    assert_eq!((WABA, NUMBER), (world.acme.waba_id.as_str(), world.acme.phone_number_id.as_str()));
    running.end().await;
}
