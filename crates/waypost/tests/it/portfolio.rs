//! The messaging limit of a portfolio, through all services.

use graph_sim::{Inbound, NumberChange};
use serde_json::{Value, json};
use test_support::eventually;

use crate::process::Up;
use crate::world::{Meta, PHONE_NUMBER_ID, WABA_ID, World, free_address};

fn to(nth: usize) -> String {
    format!("+1415555{nth:04}")
}

/// Waits until so many messages are read and all others wait for their portfolio.
async fn settled(up: &Up, read: usize, waiting: usize) {
    eventually(&format!("{read} are read and {waiting} wait"), async || {
        let all = up.get("/v1/messages?limit=100").await;
        let all = all["data"].as_array().unwrap();
        let count = |is: fn(&&Value) -> bool| all.iter().filter(is).count();
        count(|it| !it["opened_at"].is_null()) == read
            && count(|it| it["waiting_reason"] == "portfolio_budget") == waiting
            && all.len() == read + waiting
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_at_its_limit_answers_who_writes_and_goes_on_when_the_limit_is_raised() {
    let ingress = free_address();
    let numbers = json!([{ "phone_number_id": PHONE_NUMBER_ID, "waba_id": WABA_ID, "tier": 5 }]);
    let meta = Meta::new(&ingress, json!({ "numbers": numbers })).await;
    let mut world = World::with_number().await;
    world.set("WAYPOST_INGRESS_ADDR", &ingress);
    world.set("GRAPH_API_BASE_URL", &meta.base_url);
    let up = Up::start(&world, &[]).await;
    let client = world.db.client().await.unwrap();
    eventually("the limit is known", async || {
        let tier = client.query_one("SELECT tier FROM wabas", &[]).await.unwrap();
        tier.get::<_, Option<&str>>(0) == Some("5")
    })
    .await;

    for nth in 0..8 {
        let body = json!({"from": PHONE_NUMBER_ID, "to": to(nth), "type": "text", "text": {"body": "Hello"}});
        assert_eq!(up.post("/v1/messages", &body).await.status(), 202);
    }
    settled(&up, 5, 3).await;

    let waiting = up.get("/v1/messages?limit=100").await["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|message| message["waiting_reason"] == "portfolio_budget")
        .unwrap()
        .clone();
    let until = waiting["not_before"].as_str().unwrap();
    assert!(until > runtime::now().to_rfc3339().as_str(), "{until}");
    meta.control
        .receive(&Inbound {
            phone_number_id: PHONE_NUMBER_ID.into(),
            from: waiting["to"].as_str().unwrap().to_owned(),
            name: None,
            text: Some("Where is my parcel?".into()),
            message: None,
        })
        .unwrap();
    settled(&up, 6, 2).await;

    let raised = NumberChange { tier: Some(6), ..NumberChange::default() };
    meta.control.change_number(PHONE_NUMBER_ID, &raised).unwrap();
    settled(&up, 7, 1).await;
    assert!(meta.control.stats().violations.is_empty(), "{:?}", meta.control.stats().violations);
}
