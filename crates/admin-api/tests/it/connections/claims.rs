//! From a claim to a connection, and to its end.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, TOKEN, path, scenario, set};
use crate::world::Answer;

#[tokio::test]
async fn what_meta_bears_out_is_connected_with_all_its_numbers_and_shows_no_secret() {
    let shop = Shop::new().await;

    let created = shop.create(&Shop::body()).await;
    let path = path(&created);
    let shown = shop.world.get(&path).await;
    let assets = shop.world.get(&format!("{path}/assets")).await;

    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!((&created.body["status"], &created.body["doubt"]), (&json!("ACTIVE"), &Value::Null));
    assert_eq!(created.body["verify_token"].as_str().unwrap().len(), 43);
    assert_eq!((&shown.body["claim"], &shown.body["verify_token"]), (&Value::Null, &Value::Null));
    let url = shown.body["webhook_url"].as_str().unwrap();
    assert!(url.starts_with("/webhooks/whatsapp/") && url.len() > 50, "{url}");
    assert_eq!(shown.body["access_token"]["fingerprint"].as_str().unwrap().len(), 12);
    for secret in [TOKEN, super::SECRET] {
        assert!(!shown.body.to_string().contains(secret), "{}", shown.body);
    }
    let waba = &assets.body["wabas"][0];
    assert_eq!((&waba["name"], &waba["granted"]), (&json!("Shop"), &json!(true)));
    assert!(waba["subscribed_at"].is_string(), "{waba}");
    assert_eq!(waba["portfolio_id"], "300");
    let numbers = waba["numbers"].as_array().unwrap();
    let ids: Vec<_> = numbers.iter().map(|n| n["phone_number_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["210", "211"]);
    let list = shop.world.get("/v1/connections").await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2);
    shop.end().await;
}

#[tokio::test]
async fn a_claim_that_meta_does_not_bear_out_waits_and_a_test_meets_it_later() {
    let shop = Shop::new().await;
    let mut body = Shop::body();
    body["phone_number_id"] = json!("777");
    let wrong = shop.create(&body).await;
    assert_eq!((wrong.status, &wrong.body["status"]), (201, &json!("NEEDS_ATTENTION")));
    assert_eq!(wrong.body["doubt"]["pointer"], "/phone_number_id");
    assert_eq!(wrong.body["claim"]["phone_number_id"], "777");
    let path = path(&wrong);
    assert_eq!(shop.world.get(&format!("{path}/assets")).await.body["wabas"], json!([]));
    assert_eq!(shop.test(&path).await["status"], "not_in_waba");

    let mut grown = scenario();
    let numbers = grown["numbers"].as_array_mut().unwrap();
    numbers.push(json!({"phone_number_id": "777", "waba_id": "110"}));
    set(&shop.meta.sim, &grown);
    let tested = shop.test(&path).await;

    assert_eq!((&tested["ok"], &tested["status"]), (&json!(true), &json!("ok")), "{tested}");
    let shown = shop.world.get(&path).await.body;
    assert_eq!((&shown["status"], &shown["claim"]), (&json!("ACTIVE"), &Value::Null));
    assert_eq!(shown["last_test"]["status"], "ok");
    let actions = shop.actions().await;
    assert_eq!(
        actions,
        ["connection.created", "connection.tested", "connection.confirmed", "connection.tested"]
    );
    shop.end().await;
}

#[tokio::test]
async fn a_waba_of_another_tenant_is_refused_without_saying_whose() {
    let shop = Shop::new().await;
    shop.connected().await;
    let (_, stranger) = shop.world.stranger().await;

    let request = shop.world.bare(Method::POST, "/v1/connections").bearer_auth(&stranger);
    let refused = Answer::of(request.json(&Shop::body())).await;
    let mine = shop.create(&Shop::body()).await;

    assert_eq!((refused.status, mine.status), (409, 409), "{refused:?} {mine:?}");
    assert_eq!(refused.body["type"], "urn:waypost:problem:connected-elsewhere");
    assert!(!refused.body.to_string().contains("acme"), "{}", refused.body);
    assert!(mine.body["detail"].as_str().unwrap().contains("your connection"));
    let request = shop.world.bare(Method::GET, "/v1/connections").bearer_auth(&stranger);
    let theirs = Answer::of(request).await;
    assert_eq!(theirs.body["data"].as_array().unwrap().len(), 1, "nothing was stored");
    shop.end().await;
}

#[tokio::test]
async fn nobody_sees_or_changes_a_connection_of_another_tenant() {
    let shop = Shop::new().await;
    let path = shop.connected().await;
    let (_, stranger) = shop.world.stranger().await;

    for (method, rest) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::POST, "/test"),
        (Method::POST, "/webhook-url"),
        (Method::GET, "/assets"),
        (Method::POST, "/assets/refresh"),
        (Method::GET, "/diagnosis"),
    ] {
        let request = shop.world.bare(method.clone(), &format!("{path}{rest}"));
        let answer = Answer::of(request.bearer_auth(&stranger)).await;
        assert_eq!(answer.status, 404, "{method} {rest}: {answer:?}");
    }
    assert_eq!(shop.world.get(&path).await.body["status"], "ACTIVE");
    shop.end().await;
}

#[tokio::test]
async fn a_disconnected_app_is_forgotten_and_a_new_token_connects_it_again() {
    let shop = Shop::new().await;
    let path = shop.connected().await;

    let ended = Answer::of(shop.world.request(Method::DELETE, &path)).await;
    let again = Answer::of(shop.world.request(Method::DELETE, &path)).await;

    for answer in [&ended, &again] {
        assert_eq!((answer.status, &answer.body["status"]), (200, &json!("DISCONNECTED")));
        assert_eq!(answer.body["access_token"], Value::Null);
    }
    assert_eq!(shop.test(&path).await["status"], "no_token");
    let assets = shop.world.get(&format!("{path}/assets")).await;
    assert_eq!(assets.body["wabas"][0]["subscribed_at"], Value::Null);
    let token = json!({"access_token": "EAAnewer"});
    let back = shop.put(&format!("{path}/access-token"), &token).await;
    assert_eq!((back.status, &back.body["status"]), (200, &json!("ACTIVE")), "{back:?}");
    let assets = shop.world.get(&format!("{path}/assets")).await;
    assert!(assets.body["wabas"][0]["subscribed_at"].is_string());
    shop.end().await;
}

#[tokio::test]
async fn a_refresh_adds_what_is_new_and_marks_what_has_lapsed() {
    let shop = Shop::new().await;
    let path = shop.connected().await;
    let mut grown = scenario();
    grown["numbers"][1] = json!({"phone_number_id": "212", "waba_id": "110"});
    set(&shop.meta.sim, &grown);

    let refreshed = shop.world.post(&format!("{path}/assets/refresh"), &Value::Null).await;

    let numbers = refreshed.body["wabas"][0]["numbers"].as_array().unwrap().clone();
    let marks: Vec<_> = numbers
        .iter()
        .map(|n| (n["phone_number_id"].as_str().unwrap(), n["granted"].as_bool().unwrap()))
        .collect();
    assert_eq!(marks, [("210", true), ("211", false), ("212", true)]);

    grown["accounts"]["tokens"][0]["waba_ids"] = json!(["120"]);
    set(&shop.meta.sim, &grown);
    let lapsed = shop.world.post(&format!("{path}/assets/refresh"), &Value::Null).await;
    assert_eq!(lapsed.status, 200, "{lapsed:?}");
    assert_eq!(lapsed.body["wabas"][0]["granted"], false);
    shop.end().await;
}
