//! Webhooks go to the apps that are subscribed, where their overrides say, each signed with its app's secret.

use graph_api::client::CallbackOverride;
use graph_api::signature::{SignatureCheck, verify};
use graph_sim::AccountWebhook;
use serde_json::json;

use crate::account::{
    OWN_SECRET, OWN_TOKEN, PLATFORM_SECRET, PLATFORM_TOKEN, client, codes, secret, with_callbacks,
};
use crate::support::{Receiver, Running, VERIFY_TOKEN, text};

async fn send(sim: &Running, number: &str, token: &str, opaque: &str) {
    let url = sim.url(&format!("/v25.0/{number}/messages"));
    let sent = sim.client.post(url).bearer_auth(token).json(&text("+14155550101", opaque));
    assert_eq!(sent.send().await.unwrap().status(), 200);
    sim.idle().await;
}

fn emit(sim: &Running, waba_id: &str, field: &str) {
    sim.control.emit(AccountWebhook::of(waba_id, field, json!({"event": "VERIFIED_ACCOUNT"})));
}

fn is_signed_with(receiver: &Receiver, app_secret: &str) -> bool {
    receiver.received().iter().all(|post| {
        verify(&secret(app_secret), &post.body, post.signature.as_deref()) == SignatureCheck::Valid
    })
}

#[tokio::test]
async fn each_app_hears_of_the_accounts_it_subscribed_to_with_its_own_secret() {
    let (platform, own) = (Receiver::new(&[]), Receiver::new(&[]));
    let sim = Running::new(&with_callbacks(&platform, &own), None).await;
    let client = client(&sim);
    let (waba, other) = ("100".parse().unwrap(), "110".parse().unwrap());

    send(&sim, "200", PLATFORM_TOKEN, "before").await;
    assert!(platform.received().is_empty(), "not subscribed, not called back");
    client.subscribe(&waba, None, &secret(PLATFORM_TOKEN)).await.unwrap();
    client.subscribe(&other, None, &secret(OWN_TOKEN)).await.unwrap();
    send(&sim, "200", PLATFORM_TOKEN, "one").await;
    send(&sim, "210", OWN_TOKEN, "two").await;

    assert_eq!(platform.statuses().len(), 3);
    assert_eq!(own.statuses().len(), 3);
    assert!(is_signed_with(&platform, PLATFORM_SECRET) && is_signed_with(&own, OWN_SECRET));
    let apps = client.subscribed_apps(&waba, &secret(PLATFORM_TOKEN)).await.unwrap();
    let names: Vec<_> =
        apps.into_iter().filter_map(|app| app.whatsapp_business_api_data?.name).collect();
    assert_eq!(names, ["Platform"]);
    client.unsubscribe(&waba, &secret(PLATFORM_TOKEN)).await.unwrap();
    send(&sim, "200", PLATFORM_TOKEN, "three").await;
    assert_eq!(platform.statuses().len(), 3);
}

#[tokio::test]
async fn messages_follow_the_override_of_the_account_and_account_webhooks_do_not() {
    let (platform, own, elsewhere) = (Receiver::new(&[]), Receiver::new(&[]), Receiver::new(&[]));
    let sim = Running::new(&with_callbacks(&platform, &own), None).await;
    let (client, waba, token) = (client(&sim), "100".parse().unwrap(), secret(PLATFORM_TOKEN));
    let uri = elsewhere.url().parse().unwrap();
    let verify_token = secret(VERIFY_TOKEN);
    let callback = CallbackOverride { uri: &uri, verify_token: &verify_token };

    client.subscribe(&waba, Some(callback), &token).await.unwrap();
    assert_eq!(elsewhere.challenges(), 1);
    send(&sim, "200", PLATFORM_TOKEN, "one").await;
    emit(&sim, "100", "account_update");
    sim.idle().await;

    assert_eq!((elsewhere.statuses().len(), platform.statuses().len()), (3, 0));
    assert_eq!(platform.fields(), ["account_update"]);
    assert!(is_signed_with(&elsewhere, PLATFORM_SECRET));
    let apps = client.subscribed_apps(&waba, &token).await.unwrap();
    assert_eq!(apps[0].override_callback_uri.as_deref(), Some(uri.as_str()));
    client.subscribe(&waba, None, &token).await.unwrap();
    send(&sim, "200", PLATFORM_TOKEN, "two").await;
    assert_eq!(platform.statuses().len(), 3, "the override is gone");
}

#[tokio::test]
async fn an_override_that_does_not_answer_its_challenge_is_refused() {
    let (platform, own, elsewhere) = (Receiver::new(&[]), Receiver::new(&[]), Receiver::new(&[]));
    let sim = Running::new(&with_callbacks(&platform, &own), None).await;
    let (client, waba, token) = (client(&sim), "100".parse().unwrap(), secret(PLATFORM_TOKEN));
    let set = async |uri: &str, verify_token: &str| {
        let (uri, verify_token) = (uri.parse().unwrap(), secret(verify_token));
        let callback = CallbackOverride { uri: &uri, verify_token: &verify_token };
        codes(client.subscribe(&waba, Some(callback), &token).await)
    };

    assert_eq!(set(&elsewhere.url(), "wrong").await, (2_200, 0));
    assert_eq!(set("http://127.0.0.1:1/", VERIFY_TOKEN).await, (2_200, 0));
    assert_eq!(set("ftp://x/", VERIFY_TOKEN).await, (2_200, 0));
    assert_eq!(set(&elsewhere.url(), "").await, (100, 0));
    assert!(client.subscribed_apps(&waba, &token).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_override_of_a_number_comes_before_that_of_its_account() {
    let (platform, own) = (Receiver::new(&[]), Receiver::new(&[]));
    let (of_waba, of_number) = (Receiver::new(&[]), Receiver::new(&[]));
    let mut scenario = with_callbacks(&platform, &own);
    scenario["accounts"]["wabas"][0]["subscribed_apps"] =
        json!([{"app_id": "400", "override_callback_uri": of_waba.url()}]);
    scenario["accounts"]["profiles"][0]["registered"] = json!(true);
    let sim = Running::new(&scenario, None).await;
    let set = async |uri: &str| {
        let body = json!({"webhook_configuration":
            {"override_callback_uri": uri, "verify_token": VERIFY_TOKEN}});
        let set = sim.client.post(sim.url("/v25.0/200")).bearer_auth(PLATFORM_TOKEN).json(&body);
        assert_eq!(set.send().await.unwrap().status(), 200);
    };

    set(&of_number.url()).await;
    send(&sim, "200", PLATFORM_TOKEN, "one").await;
    send(&sim, "201", PLATFORM_TOKEN, "two").await;

    assert_eq!((of_number.statuses().len(), of_waba.statuses().len()), (3, 3));
    assert!(platform.received().is_empty());
    let (client, token) = (client(&sim), secret(PLATFORM_TOKEN));
    let number = client
        .phone_number(&"100".parse().unwrap(), &"200".parse().unwrap(), &token)
        .await
        .unwrap();
    let told = number.webhook_configuration.unwrap();
    assert_eq!(told.phone_number, Some(of_number.url()));
    assert_eq!(told.whatsapp_business_account, Some(of_waba.url()));
    assert_eq!(told.application, Some(platform.url()));
    set("").await;
    send(&sim, "200", PLATFORM_TOKEN, "three").await;
    assert_eq!(of_waba.statuses().len(), 6);
}

#[tokio::test]
async fn an_app_without_a_callback_is_called_where_the_simulator_was_told() {
    let receiver = Receiver::new(&[]);
    let mut scenario = crate::account::scenario();
    scenario["accounts"]["wabas"][0]["subscribed_apps"] = json!([{"app_id": "400"}]);
    scenario["accounts"]["apps"][0]["fields"] = json!(["account_update"]);
    let sim = Running::new(&scenario, Some(&receiver)).await;

    emit(&sim, "100", "account_update");
    emit(&sim, "100", "flows");
    emit(&sim, "110", "account_update");
    sim.idle().await;

    assert_eq!(receiver.fields(), ["account_update"]);
    assert!(is_signed_with(&receiver, PLATFORM_SECRET));
    assert_eq!(sim.control.stats().webhooks.unsubscribed, 2);
}
