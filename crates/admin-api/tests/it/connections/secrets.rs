//! Secrets change while the connection works.

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::app_secrets;
use test_support::vault;

use super::Shop;
use crate::world::Answer;

#[tokio::test]
async fn after_a_rotation_the_old_secret_proves_for_a_while_or_not_at_all() {
    let shop = Shop::new().await;
    let path = format!("{}/app-secret", shop.connected().await);
    let (second, third) = ("b".repeat(32), "c".repeat(40));

    let rotated = shop.put(&path, &json!({"app_secret": second})).await;
    let active = async || {
        let client = shop.world.db.client().await.unwrap();
        let active = app_secrets::active(&client, &vault(), runtime::now()).await.unwrap().0;
        active.iter().map(|s| s.secret.expose_secret().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_eq!(rotated.body["app_secrets"].as_array().unwrap().len(), 2);
    assert_eq!(rotated.body["app_secrets"][0]["retires_at"], Value::Null);
    assert!(active().await.contains(&super::SECRET.to_owned()));
    let at_once = json!({"app_secret": third, "old_valid_for_hours": 0});
    let rotated = shop.put(&path, &at_once).await;
    assert_eq!(rotated.body["app_secrets"].as_array().unwrap().len(), 1);
    assert_eq!(active().await, [third]);
    let wrong = shop.put(&path, &json!({"app_secret": second, "old_valid_for_hours": 169})).await;
    assert_eq!(wrong.body["errors"][0]["pointer"], "/old_valid_for_hours");
    shop.end().await;
}

#[tokio::test]
async fn verify_token_label_and_webhook_url_are_changed_by_their_owner() {
    let shop = Shop::new().await;
    let path = shop.connected().await;
    let before = shop.world.get(&path).await.body;

    let given = shop.put(&format!("{path}/verify-token"), &json!({"verify_token": "mine"})).await;
    let made = shop.put(&format!("{path}/verify-token"), &json!({})).await;
    let moved = shop.world.post(&format!("{path}/webhook-url"), &Value::Null).await;
    let request = shop.world.request(Method::PATCH, &path).json(&json!({"label": "Shop 2"}));
    let renamed = Answer::of(request).await;

    assert_eq!(given.body["verify_token"], Value::Null);
    assert_eq!(made.body["verify_token"].as_str().unwrap().len(), 43);
    assert_ne!(moved.body["webhook_url"], before["webhook_url"]);
    assert_eq!(renamed.body["label"], "Shop 2");
    assert_eq!(
        shop.actions().await,
        [
            "connection.created",
            "connection.verify_token.replaced",
            "connection.verify_token.replaced",
            "connection.webhook_url.replaced",
            "connection.renamed",
        ]
    );
    shop.end().await;
}
