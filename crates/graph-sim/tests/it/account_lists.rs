//! Lists come in pages, nodes tell their fields and health, and calls are counted.

use std::time::Duration;

use graph_api::client::GraphPath;
use graph_sim::Scenario;
use serde_json::{Value, json};

use crate::account::{PLATFORM_TOKEN, client, codes, scenario, secret};
use crate::support::{Running, answer};

fn with_templates(count: usize) -> Value {
    let template = |number: usize| {
        json!({"waba_id": "100", "name": format!("t{number}"), "language": "en_US",
            "category": "marketing", "quality_score": "GREEN",
            "components": [{"type": "BODY", "text": "Hi {{1}}", "example": {"body_text": [["Ada"]]}},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop"}]}]})
    };
    let mut scenario = scenario();
    scenario["templates"] = (0..count).map(template).collect();
    scenario
}

#[tokio::test]
async fn all_pages_of_templates_are_read_with_all_their_parts() {
    let sim = Running::new(&with_templates(250), None).await;

    let templates = client(&sim)
        .message_templates(&"100".parse().unwrap(), &secret(PLATFORM_TOKEN))
        .await
        .unwrap();

    let names: Vec<_> = templates.iter().filter_map(|template| template.name.clone()).collect();
    let expected: Vec<_> = (0..250).map(|number| format!("t{number}")).collect();
    assert_eq!(names, expected);
    let first = &templates[0];
    assert_eq!(first.components[0]["example"]["body_text"][0][0], "Ada");
    assert_eq!(first.components[1]["buttons"][0]["text"], "Stop");
    let words = [&first.status, &first.category, &first.rejected_reason, &first.parameter_format];
    assert_eq!(
        words.map(|word| word.as_deref().unwrap()),
        ["APPROVED", "MARKETING", "NONE", "POSITIONAL"]
    );
    assert_eq!(first.quality_score.as_ref().unwrap().score.as_deref(), Some("GREEN"));
}

#[tokio::test]
async fn a_page_is_read_raw_without_the_token_that_meta_writes_into_it() {
    let sim = Running::new(&with_templates(3), None).await;
    let path: GraphPath = "100/message_templates".parse().unwrap();
    let (client, token) = (client(&sim), secret(PLATFORM_TOKEN));

    let page = client.get(None, &path, [("limit", "2"), ("fields", "name")], &token).await.unwrap();
    let direct = sim.client.get(sim.url("/v25.0/100/message_templates?limit=2"));
    let direct = direct.bearer_auth(PLATFORM_TOKEN).send().await.unwrap();
    let wrong = client.get(None, &path, [("after", "!")], &token).await.unwrap();
    let named = client.get(None, &path, [("name", "t1")], &token).await.unwrap();

    let body = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.status == 200 && body.contains("access_token=[token]"), "{body}");
    let direct = answer(direct).await.1.to_string();
    assert!(direct.contains(&format!("access_token={PLATFORM_TOKEN}")), "{direct}");
    let wrong: Value = serde_json::from_slice(&wrong.body).unwrap();
    assert_eq!(wrong["error"]["code"], 131_059);
    let named: Value = serde_json::from_slice(&named.body).unwrap();
    assert_eq!(named["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn numbers_tell_their_standing_and_health() {
    let sim = Running::new(&scenario(), None).await;
    let (client, token) = (client(&sim), secret(PLATFORM_TOKEN));

    let numbers = client.phone_numbers(&"100".parse().unwrap(), &token).await.unwrap();
    let whole = client
        .phone_number(&"100".parse().unwrap(), &"201".parse().unwrap(), &token)
        .await
        .unwrap();

    let ids: Vec<_> = numbers.iter().filter_map(|number| number.id.as_deref()).collect();
    assert_eq!(ids, ["200", "201"]);
    assert_eq!(numbers[0].whatsapp_business_manager_messaging_limit.as_deref(), Some("TIER_2K"));
    assert_eq!(
        (numbers[0].status.as_deref(), numbers[0].is_pin_enabled),
        (Some("CONNECTED"), Some(true))
    );
    assert_eq!(whole.status.as_deref(), Some("PENDING"));
    let health = whole.health_status.unwrap();
    assert_eq!(health.can_send_message.as_deref(), Some("BLOCKED"));
    assert_eq!(health.entities[0].errors[0].error_code, Some(133_010));
}

#[tokio::test]
async fn an_account_and_a_template_tell_their_health() {
    let mut scenario = with_templates(1);
    scenario["templates"][0]["status"] = json!("PAUSED");
    let sim = Running::new(&scenario, None).await;
    let (client, token) = (client(&sim), secret(PLATFORM_TOKEN));
    let health = async |path: &str| {
        let path: GraphPath = path.parse().unwrap();
        let health = client.health_status(&"100".parse().unwrap(), &path, &token).await.unwrap();
        (health.can_send_message.unwrap(), health.entities[0].entity_type.clone().unwrap())
    };
    let templates = client.message_templates(&"100".parse().unwrap(), &token).await.unwrap();
    let template_id = templates[0].id.clone().unwrap();

    assert_eq!(health("100").await, ("AVAILABLE".to_owned(), "WABA".to_owned()));
    assert_eq!(health("200").await, ("AVAILABLE".to_owned(), "PHONE_NUMBER".to_owned()));
    let paused = ("BLOCKED".to_owned(), "MESSAGE_TEMPLATE".to_owned());
    assert_eq!(health(&template_id).await, paused);
}

#[tokio::test]
async fn calls_of_an_hour_are_counted_for_each_app_and_account() {
    let mut scenario = scenario();
    scenario["accounts"]["limits"] = json!({"management_per_hour_active": 4});
    let sim = Running::new(&scenario, None).await;
    let (client, token) = (client(&sim), secret(PLATFORM_TOKEN));
    let waba = async || codes(client.waba(&"100".parse().unwrap(), &token).await);

    for _ in 0..4 {
        assert_eq!(waba().await, (0, 0));
    }
    assert_eq!(waba().await, (80_007, 0));
    let response = sim.client.get(sim.url("/v25.0/100")).bearer_auth(PLATFORM_TOKEN).send().await;
    let usage =
        response.unwrap().headers()["x-business-use-case-usage"].to_str().unwrap().to_owned();
    let usage: Value = serde_json::from_str(&usage).unwrap();
    assert_eq!(usage["100"][0]["call_count"], 100);
    assert!(usage["100"][0]["estimated_time_to_regain_access"].as_u64().unwrap() > 0);
    sim.control.advance_clock(Duration::from_secs(3_601));
    assert_eq!(waba().await, (0, 0));
}

#[tokio::test]
async fn where_no_apps_are_listed_the_tokens_of_the_numbers_open_the_account() {
    let scenario = json!({"open": false, "numbers": [
        {"phone_number_id": "200", "waba_id": "100", "tokens": ["one"]},
        {"phone_number_id": "210", "waba_id": "110", "tokens": ["other"]}]});
    let sim = Running::new(&scenario, None).await;
    let client = client(&sim);
    let waba =
        async |token: &str| codes(client.waba(&"100".parse().unwrap(), &secret(token)).await);

    assert_eq!(waba("one").await, (0, 0));
    assert_eq!(waba("other").await, (100, 33));
    assert_eq!(waba("none").await, (190, 0));
    client.subscribe(&"100".parse().unwrap(), None, &secret("one")).await.unwrap();
    let scenario = Scenario::parse(b"{}").unwrap();
    sim.control.set_scenario(scenario).unwrap();
    let numbers = client.phone_numbers(&"100000000000001".parse().unwrap(), &secret("any")).await;
    assert!(numbers.is_ok(), "an open scenario has an account for its numbers");
    let templates = client.message_templates(&"10001".parse().unwrap(), &secret("any")).await;
    assert!(templates.unwrap().is_empty(), "and every other account");
}
