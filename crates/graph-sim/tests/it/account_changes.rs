//! What changes about a number or a template is told by its webhook, and control works over HTTP.

use graph_api::webhook::{ItemKind, parse};
use graph_sim::{NumberChange, TemplateChange};
use serde_json::{Value, json};

use crate::account::{PLATFORM_SECRET, PLATFORM_TOKEN, client, codes, secret, with_callbacks};
use crate::support::{Receiver, Running, answer};

/// A simulator whose platform app is subscribed to account 100.
async fn subscribed(platform: &Receiver) -> Running {
    let mut scenario = with_callbacks(platform, &Receiver::new(&[]));
    scenario["accounts"]["wabas"][0]["subscribed_apps"] = json!([{"app_id": "400"}]);
    scenario["templates"] = json!([{"name": "order_ready", "language": "en_US"}]);
    Running::new(&scenario, None).await
}

fn values(receiver: &Receiver) -> Vec<Value> {
    receiver.received().iter().flat_map(crate::support::Received::values).collect()
}

#[tokio::test]
async fn a_changed_number_is_told_and_read_as_it_stands() {
    let receiver = Receiver::new(&[]);
    let sim = subscribed(&receiver).await;
    let change = NumberChange {
        quality_rating: Some("RED".to_owned()),
        status: Some("RESTRICTED".to_owned()),
        tier: Some(10_000),
        mps: Some(1_000),
        verified_name: Some("Acme Shop".to_owned()),
    };

    sim.control.change_number("200", &change).unwrap();
    sim.idle().await;

    let mut fields = receiver.fields();
    fields.sort();
    let expected = [
        "account_update",
        "business_capability_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "phone_number_quality_update",
        "phone_number_quality_update",
    ];
    assert_eq!(fields, expected);
    let has = |name: &str, word: &str| values(&receiver).iter().any(|value| value[name] == word);
    for event in ["FLAGGED", "UPGRADE", "THROUGHPUT_UPGRADE", "ACCOUNT_RESTRICTION"] {
        assert!(has("event", event), "{event}");
    }
    assert!(has("max_daily_conversations_per_business", "TIER_10K") && has("decision", "APPROVED"));
    for post in receiver.received() {
        let items = parse(&post.body).unwrap().items;
        assert!(
            items.iter().all(
                |item| matches!(item, Ok(item) if matches!(item.kind, ItemKind::Field { .. }))
            )
        );
    }
    let (client, token) = (client(&sim), secret(PLATFORM_TOKEN));
    let number = client
        .phone_number(&"100".parse().unwrap(), &"200".parse().unwrap(), &token)
        .await
        .unwrap();
    assert_eq!(number.quality_rating.as_deref(), Some("RED"));
    assert_eq!(number.status.as_deref(), Some("RESTRICTED"));
    assert_eq!(number.throughput.unwrap().level.as_deref(), Some("HIGH"));
    assert_eq!(number.whatsapp_business_manager_messaging_limit.as_deref(), Some("TIER_10K"));
    let sibling = client
        .phone_number(&"100".parse().unwrap(), &"201".parse().unwrap(), &token)
        .await
        .unwrap();
    let limit = sibling.whatsapp_business_manager_messaging_limit;
    assert_eq!(limit.as_deref(), Some("TIER_10K"), "of the same portfolio");
    assert!(sim.control.change_number("999", &change).is_err());
}

#[tokio::test]
async fn a_changed_template_is_told_and_listed_as_it_stands() {
    let receiver = Receiver::new(&[]);
    let sim = subscribed(&receiver).await;
    let change: TemplateChange = serde_json::from_value(json!({"waba_id": "100",
        "name": "order_ready", "language": "en_US", "status": "PAUSED", "category": "marketing",
        "quality_score": "RED"}))
    .unwrap();

    sim.control.change_template(&change).unwrap();
    sim.idle().await;

    let told = values(&receiver);
    assert!(told.iter().all(|value| value["message_template_id"].is_u64()));
    assert!(told.iter().any(|value| value["event"] == "PAUSED"));
    assert!(told.iter().any(|value| value["new_category"] == "MARKETING"));
    assert!(told.iter().any(|value| value["new_quality_score"] == "RED"));
    let listed = client(&sim)
        .message_templates(&"100".parse().unwrap(), &secret(PLATFORM_TOKEN))
        .await
        .unwrap();
    assert_eq!(listed[0].status.as_deref(), Some("PAUSED"));
    assert_eq!(
        listed[0].id.as_deref(),
        told[0]["message_template_id"].as_u64().map(|id| id.to_string()).as_deref()
    );
    assert!(
        sim.control.change_template(&TemplateChange { name: "no".to_owned(), ..change }).is_err()
    );
}

#[tokio::test]
async fn everything_can_be_told_over_http() {
    let receiver = Receiver::new(&[]);
    let sim = subscribed(&receiver).await;
    let post = async |path: &str, body: Value| {
        answer(sim.client.post(sim.url(path)).json(&body).send().await.unwrap()).await
    };

    let webhook = json!({"waba_id": "100", "field": "account_review_update",
        "value": {"decision": "APPROVED"}});
    assert_eq!(post("/_sim/webhooks", webhook).await.0, 204);
    assert_eq!(post("/_sim/numbers/200", json!({"quality_rating": "RED"})).await.0, 204);
    let template = json!({"waba_id": "100", "name": "order_ready", "language": "en_US",
        "status": "DISABLED"});
    assert_eq!(post("/_sim/templates", template).await.0, 204);
    sim.idle().await;
    let mut fields = receiver.fields();
    fields.sort();
    let expected =
        ["account_review_update", "message_template_status_update", "phone_number_quality_update"];
    assert_eq!(fields, expected);

    let (status, body) = post("/_sim/codes", json!({"app_id": "400"})).await;
    let code = body["code"].as_str().unwrap().to_owned();
    assert_eq!(status, 200);
    assert_eq!(post("/_sim/clock", json!({"advance_ms": 31_000})).await.0, 204);
    let exchange = format!(
        "/v25.0/oauth/access_token?client_id=400&client_secret={PLATFORM_SECRET}&code={code}"
    );
    let late = answer(sim.client.get(sim.url(&exchange)).send().await.unwrap()).await.1;
    assert_eq!(late["error"]["error_subcode"], 36_007);

    let token = json!({"token": "EAAnew", "app_id": "400"});
    assert_eq!(post("/_sim/tokens", token).await.0, 204);
    let reads = async || codes(client(&sim).waba(&"110".parse().unwrap(), &secret("EAAnew")).await);
    assert_eq!(reads().await, (0, 0));
    let end = json!({"token": "EAAnew", "ended": "logged_out"});
    assert_eq!(post("/_sim/tokens/end", end).await.0, 204);
    assert_eq!(reads().await, (190, 467));
    let profile = json!({"phone_number_id": "200", "registered": false});
    assert_eq!(post("/_sim/profiles", profile).await.0, 204);
    assert!(!sim.control.profile("200").registered);
    for (path, body) in [
        ("/_sim/tokens/end", json!({"token": "EAAnever"})),
        ("/_sim/tokens", json!({"token": "x", "app_id": "999"})),
        ("/_sim/codes", json!({"app_id": "999"})),
        ("/_sim/numbers/999", json!({})),
        ("/_sim/clock", json!({})),
    ] {
        assert_eq!(post(path, body).await.0, 400, "{path}");
    }
}
