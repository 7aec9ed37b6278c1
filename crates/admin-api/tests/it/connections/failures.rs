//! Bad input, and what Meta refuses: each with its own clear answer.

use graph_sim::TokenEnd;
use reqwest::Method;
use serde_json::{Value, json};

use super::{APP, SECRET, Shop, TOKEN};
use crate::world::{Answer, World};

#[tokio::test]
async fn each_wrong_value_is_blamed_by_name_with_what_to_do() {
    let shop = Shop::new().await;

    for (field, value, kind, pointer) in [
        ("access_token", "EAAnobody", "", "/access_token"),
        ("access_token", "EAAended", "token_expired", "/access_token"),
        ("access_token", "EAAother", "other_app", "/access_token"),
        ("access_token", "EAAsends", "no_permission", "/access_token"),
        ("access_token", "EAAelsewhere", "", ""),
        ("app_secret", &"e".repeat(32), "wrong_app_secret", "/app_secret"),
        ("app_id", "999", "wrong_app_secret", "/app_secret"),
        ("waba_id", "120", "", ""),
        ("waba_id", "555", "", ""),
        ("phone_number_id", "220", "not_in_waba", "/phone_number_id"),
    ] {
        let mut body = Shop::body();
        body[field] = json!(value);

        let answer = shop.create(&body).await;

        assert_eq!(answer.status, 201, "{field} {value}: {answer:?}");
        assert_eq!(answer.body["status"], "NEEDS_ATTENTION", "{field} {value}");
        let doubt = &answer.body["doubt"];
        if !kind.is_empty() {
            assert_eq!((&doubt["kind"], &doubt["pointer"]), (&json!(kind), &json!(pointer)));
        }
        let reason = answer.body["status_reason"].as_str().unwrap();
        assert!(reason.len() > 40, "{field} {value}: {reason}");
        assert!(!answer.body.to_string().contains(value) || field != "access_token");
    }
    let client = shop.world.db.client().await.unwrap();
    let rows = client.query("SELECT FROM wabas WHERE waba_id IN ('110', '120')", &[]).await;
    assert!(rows.unwrap().is_empty(), "nobody squats on a WABA");
    drop(client);
    shop.end().await;
}

#[tokio::test]
async fn a_secret_in_the_wrong_field_is_refused_and_never_repeated() {
    let shop = Shop::new().await;
    let long_token = format!("EAAJB{}", "0aZ".repeat(30));

    for (field, value, words) in [
        ("app_secret", long_token.as_str(), "is an access token"),
        ("app_secret", "choose-one", "neither the access token nor the verify token"),
        ("access_token", SECRET, "looks like an App Secret"),
        ("verify_token", SECRET, "is the App Secret"),
        ("verify_token", long_token.as_str(), "is an access token"),
        ("app_id", "my app", "digits"),
        ("label", "two\nlines", "one line"),
        ("color", "red", "is not"),
    ] {
        let mut body = Shop::body();
        body[field] = json!(value);

        let answer = shop.create(&body).await;

        assert_eq!(answer.status, 422, "{field}: {answer:?}");
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], format!("/{field}"), "{}", answer.body);
        let text = answer.body.to_string();
        assert!(text.contains(words), "{field}: {text}");
        for secret in [long_token.as_str(), SECRET, TOKEN] {
            assert!(!text.contains(secret), "{field}");
        }
    }
    assert_eq!(shop.actions().await, Vec::<String>::new());
    shop.end().await;
}

#[tokio::test]
async fn a_token_that_ends_is_told_by_the_test_and_a_good_one_mends_it() {
    let shop = Shop::new().await;
    let path = shop.connected().await;
    let good = shop.test(&path).await;
    assert_eq!((&good["ok"], &good["phone_number_id"]), (&json!(true), &json!("210")));
    assert!(good["verified_name"].is_string() && good["display_phone_number"].is_string());

    shop.meta.sim.end_token(&TokenEnd { token: TOKEN.into(), ended: None }).unwrap();
    let ended = shop.test(&path).await;

    assert_eq!((&ended["ok"], &ended["status"]), (&json!(false), &json!("token_expired")));
    let expired = "Token expired — you used a temporary 24-hour token.";
    assert_eq!(ended["cause"], expired);
    assert_eq!(ended["remedy"], "Generate a system-user token.");
    let shown = shop.world.get(&path).await.body;
    assert_eq!(shown["status"], "NEEDS_ATTENTION");
    assert_eq!(shown["last_test"]["status"], "token_expired");

    let put = format!("{path}/access-token");
    for wrong in ["EAAended", "EAAother", "EAAelsewhere", "EAAsends"] {
        let refused = shop.put(&put, &json!({"access_token": wrong})).await;
        assert_eq!(refused.status, 422, "{wrong}: {refused:?}");
        assert_eq!(refused.body["type"], "urn:waypost:problem:meta-refuses");
        assert_eq!(refused.body["errors"][0]["pointer"], "/access_token", "{wrong}");
    }
    let mended = shop.put(&put, &json!({"access_token": "EAAnewer"})).await;
    assert_eq!((mended.status, &mended.body["status"]), (200, &json!("ACTIVE")), "{mended:?}");
    shop.end().await;
}

#[tokio::test]
async fn without_an_answer_of_metas_nothing_is_changed_and_nothing_is_blamed() {
    let world = World::new().await;
    let path = format!("/v1/connections/{}", world.acme.connection_id);

    let tested = world.post(&format!("{path}/test"), &Value::Null).await;
    let put = world.request(Method::PUT, &format!("{path}/access-token"));
    let refused = Answer::of(put.json(&json!({"access_token": "EAAnewer"}))).await;
    let created = world.post("/v1/connections", &Shop::body()).await;

    assert_eq!((&tested.body["ok"], &tested.body["status"]), (&json!(false), &json!("no_answer")));
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"), "{refused:?}");
    assert_eq!(world.get(&path).await.body["status"], "ACTIVE");
    assert_eq!(created.body["doubt"]["kind"], "no_answer", "{created:?}");
    assert_eq!(created.body["claim"]["waba_id"], "110");
    world.end().await;
}

#[tokio::test]
async fn a_platform_connection_has_no_secret_of_its_own() {
    let shop = Shop::new().await;
    let path = format!("/v1/connections/{}", shop.world.acme.connection_id);

    let refused = shop.put(&format!("{path}/app-secret"), &json!({"app_secret": SECRET})).await;

    assert_eq!((refused.status, &refused.body["title"]), (409, &json!("Not an own app")));
    let shown = shop.world.get(&path).await.body;
    assert_eq!((&shown["kind"], &shown["app_id"]), (&json!("platform"), &Value::Null));
    assert_ne!(shown["app_id"], APP);
    shop.end().await;
}
