//! Meta limits how often it may be asked, and somebody waits for the answer.

use graph_api::client::{GraphClient, GraphConfig};
use reqwest::Method;
use secrecy::SecretString;

use super::{Shop, TOKEN};
use crate::world::Answer;

/// How often Meta has said that it was too much.
fn throttled(shop: &Shop) -> u64 {
    shop.meta.sim.stats().refused.get(&80_007).copied().unwrap_or(0)
}

/// Somebody else uses up what Meta allows the app on the account.
async fn use_up(shop: &Shop) {
    let mut scenario = shop.meta.sim.scenario();
    scenario.accounts.limits.management_per_hour_active = 20;
    shop.meta.sim.set_scenario(scenario).unwrap();
    let graph = GraphConfig::new(&shop.meta.base_url, "v25.0").unwrap();
    let client = GraphClient::new(&graph).unwrap();
    while client.waba(&"110".parse().unwrap(), &SecretString::from(TOKEN)).await.is_ok() {}
}

fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap()
}

#[tokio::test]
async fn who_finds_no_call_left_is_told_when_there_is_one_and_meta_is_not_asked_in_vain() {
    let shop = Shop::new().await;
    let connection = shop.connected().await;
    use_up(&shop).await;
    let before = throttled(&shop);

    // Meta says so once, and after that nobody asks.
    let refresh = shop.world.request(Method::POST, &format!("{connection}/assets/refresh"));
    let refresh = Answer::of(refresh).await;
    let test = Answer::of(shop.world.request(Method::POST, &format!("{connection}/test"))).await;
    let list = shop.world.get("/v25.0/110/message_templates").await;

    for answer in [&refresh, &test, &list] {
        assert_eq!(answer.status, 429, "{answer:?}");
        assert!((3_000..=3_600).contains(&seconds(answer)), "{answer:?}");
    }
    for answer in [&refresh, &test] {
        assert_eq!(answer.body["type"], "urn:waypost:problem:too-many-calls");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("Try again in 60 minutes"), "{detail}");
    }
    assert_eq!(list.body["error"]["code"], 80_007);
    assert_eq!(throttled(&shop), before + 1);
    assert_eq!(shop.world.get(&connection).await.body["status"], "ACTIVE");
    shop.end().await;
}

#[tokio::test]
async fn a_medium_and_a_send_are_no_such_calls() {
    let shop = Shop::new().await;
    shop.connected().await;
    use_up(&shop).await;
    shop.world.get("/v25.0/110/message_templates").await;

    let text = serde_json::json!({
        "messaging_product": "whatsapp", "to": "+14155552671", "type": "text",
        "text": { "body": "Hello" },
    });
    let send = shop.world.post("/v25.0/210/messages", &text).await;
    let medium = shop.world.get("/v25.0/9901?phone_number_id=210").await;

    assert_eq!(send.status, 200, "{send:?}");
    assert_ne!(medium.status, 429, "{medium:?}");
    shop.end().await;
}
