//! Codes become tokens once and in time; tokens end; each refusal is Meta's.

use std::time::Duration;

use graph_api::error::explain;
use graph_api::wire::Expiry;
use graph_sim::{CodeSpec, Ending, TokenEnd, TokenSpec};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::account::{
    OWN, OWN_SECRET, PLATFORM, PLATFORM_SECRET, PLATFORM_TOKEN, as_app, client, codes, scenario,
    secret,
};
use crate::support::{Receiver, Running, answer, text};

fn code(parts: &Value) -> CodeSpec {
    let mut code = json!({"app_id": PLATFORM, "waba_ids": ["100"]});
    for (name, part) in parts.as_object().unwrap() {
        code[name] = part.clone();
    }
    serde_json::from_value(code).unwrap()
}

#[tokio::test]
async fn a_code_becomes_a_token_that_reaches_what_was_granted_and_nothing_else() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);
    let letters = sim.control.issue_code(code(&json!({"expires_in_s": 5_184_000}))).unwrap();

    let issued = as_app(PLATFORM, PLATFORM_SECRET, async |app| {
        client.exchange_code(app, &secret(&letters)).await.unwrap()
    })
    .await;
    let info = as_app(PLATFORM, PLATFORM_SECRET, async |app| {
        client.debug_token(app, &issued.access_token).await.unwrap()
    })
    .await;

    assert_eq!(issued.expires_in, Some(5_184_000));
    assert!(issued.access_token.expose_secret().starts_with("EAAB"));
    assert!(info.is_valid && info.reaches("whatsapp_business_management", "100"));
    assert!(!info.reaches("whatsapp_business_management", "110"));
    assert!(matches!(info.expiry(), Expiry::At(_)));
    let waba = client.waba(&"100".parse().unwrap(), &issued.access_token).await.unwrap();
    assert_eq!(waba.name.as_deref(), Some("Acme"));
    let owner = waba.owner_business_info.unwrap();
    assert_eq!((owner.id.as_deref(), owner.name.as_deref()), (Some("300"), Some("Acme Inc.")));
    let other = client.waba(&"110".parse().unwrap(), &issued.access_token).await;
    assert_eq!(codes(other), (200, 0));
}

#[tokio::test]
async fn a_code_lives_half_a_minute_is_used_once_and_belongs_to_its_app() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);
    let exchange = async |app_id: &str, app_secret: &str, letters: &str| {
        let letters = secret(letters);
        let exchange =
            async |app: graph_api::client::App<'_>| client.exchange_code(app, &letters).await;
        as_app(app_id, app_secret, exchange).await
    };
    let used = sim.control.issue_code(code(&json!({}))).unwrap();
    let late = sim.control.issue_code(code(&json!({"code": "late"}))).unwrap();

    assert_eq!(codes(exchange(OWN, OWN_SECRET, &used).await), (100, 0));
    assert_eq!(codes(exchange(PLATFORM, OWN_SECRET, &used).await), (1, 0));
    assert_eq!(codes(exchange("999", OWN_SECRET, &used).await), (101, 0));
    assert_eq!(codes(exchange(PLATFORM, PLATFORM_SECRET, &used).await), (0, 0));
    assert_eq!(codes(exchange(PLATFORM, PLATFORM_SECRET, &used).await), (100, 36_009));
    sim.control.advance_clock(Duration::from_secs(30));
    let expired = exchange(PLATFORM, PLATFORM_SECRET, &late).await;
    assert_eq!(explain(&expired.unwrap_err()).cause, "The sign-up code has expired.");
    assert!(sim.control.issue_code(code(&json!({"app_id": "999"}))).is_err());
}

#[tokio::test]
async fn a_token_tells_how_it_ended() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);
    let info = async |token: &str| {
        let token = secret(token);
        let ask = async |app: graph_api::client::App<'_>| client.debug_token(app, &token).await;
        as_app(PLATFORM, PLATFORM_SECRET, ask).await
    };
    let end = |token: &str, ended| {
        sim.control.end_token(&TokenEnd { token: token.to_owned(), ended }).unwrap();
    };
    let read =
        async |token: &str| client.waba(&"100".parse().unwrap(), &secret(token)).await.unwrap_err();

    assert!(info("EAAhour").await.unwrap().is_valid);
    assert!(info("EAAhour").await.unwrap().reaches("whatsapp_business_messaging", "110"));
    sim.control.advance_clock(Duration::from_secs(3_600));
    let expired = info("EAAhour").await.unwrap();
    assert!(!expired.is_valid);
    assert_eq!(expired.error.unwrap().subcode, Some(463));
    assert_eq!(
        explain(&read("EAAhour").await).to_string(),
        "Token expired — you used a temporary 24-hour token. Generate a system-user token."
    );
    for (ended, subcode) in
        [(Ending::LoggedOut, 467), (Ending::PasswordChanged, 460), (Ending::AppRemoved, 458)]
    {
        end(PLATFORM_TOKEN, Some(ended));
        let refused = read(PLATFORM_TOKEN).await;
        assert_eq!((refused.http_status, refused.code), (Some(401), Some(190)));
        assert_eq!(refused.subcode, Some(subcode));
        let told = info(PLATFORM_TOKEN).await.unwrap().failure().unwrap();
        assert_eq!(told.subcode, Some(subcode));
    }
    end("EAAsends", None);
    assert_eq!(codes(Err::<(), _>(read("EAAsends").await)), (190, 463));
    assert!(!info("EAAnever").await.unwrap().is_valid, "nobody knows it");
    assert_eq!(codes(info(crate::account::OWN_TOKEN).await), (100, 0), "another app's");
    let forged = as_app(PLATFORM, OWN_SECRET, async |app| {
        client.debug_token(app, &secret(PLATFORM_TOKEN)).await
    })
    .await;
    assert_eq!(codes(forged), (190, 0));
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);
    let waba = async |id: &str, token: &str| {
        codes(client.waba(&id.parse().unwrap(), &secret(token)).await)
    };
    let number = async |id: &str, token: &str| {
        codes(
            client
                .phone_number(&"100".parse().unwrap(), &id.parse().unwrap(), &secret(token))
                .await,
        )
    };

    assert_eq!(waba("100", PLATFORM_TOKEN).await, (0, 0));
    assert_eq!(waba("100", "EAAnobody").await, (190, 0));
    assert_eq!(waba("110", PLATFORM_TOKEN).await, (200, 0));
    assert_eq!(waba("100", "EAAsends").await, (10, 0));
    assert_eq!(waba("999", PLATFORM_TOKEN).await, (100, 33));
    assert_eq!(number("200", "EAAsends").await, (0, 0));
    assert_eq!(number("210", PLATFORM_TOKEN).await, (200, 0));
    assert_eq!(number("999", PLATFORM_TOKEN).await, (100, 33));
    let none = sim.client.get(sim.url("/v25.0/100")).send().await.unwrap();
    assert_eq!(answer(none).await.1["error"]["code"], 104);
    let refused = client.waba(&"999".parse().unwrap(), &secret(PLATFORM_TOKEN)).await.unwrap_err();
    let cause = "Unsupported post request. Object with ID '999' does not exist.";
    assert_eq!(explain(&refused).cause, cause);
}

#[tokio::test]
async fn a_send_needs_a_token_that_reaches_its_number() {
    let sim = Running::new(&scenario(), None).await;
    let send = async |number: &str, token: &str| {
        let url = sim.url(&format!("/v25.0/{number}/messages"));
        let sent = sim.client.post(url).bearer_auth(token).json(&text("+14155550101", "1"));
        answer(sent.send().await.unwrap()).await.1["error"]["code"].as_i64().unwrap_or(0)
    };

    assert_eq!(send("200", "EAAsends").await, 0);
    assert_eq!(send("200", "token").await, 190, "once apps are listed, not any token will do");
    assert_eq!(send("210", "EAAsends").await, 200);
    assert_eq!(send("201", "EAAsends").await, 133_010, "it is not registered");
}

#[tokio::test]
async fn a_removed_app_hears_of_it_though_it_is_not_subscribed() {
    let (platform, own) = (Receiver::new(&[]), Receiver::new(&[]));
    let sim = Running::new(&crate::account::with_callbacks(&platform, &own), None).await;

    let end = TokenEnd { token: PLATFORM_TOKEN.to_owned(), ended: Some(Ending::AppRemoved) };
    sim.control.end_token(&end).unwrap();
    sim.idle().await;

    let body: Value = serde_json::from_slice(&platform.received()[0].body).unwrap();
    let entry = &body["entry"][0];
    assert_eq!(entry["id"], "300", "the portfolio's");
    assert!(entry["time"].is_i64());
    let value = &entry["changes"][0]["value"];
    assert_eq!(value["event"], "PARTNER_APP_UNINSTALLED");
    assert_eq!(value["waba_info"]["partner_app_id"], PLATFORM);
    assert!(own.received().is_empty());
}

#[tokio::test]
async fn a_scenario_that_says_the_same_of_accounts_keeps_what_was_issued() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);
    let granted = CodeSpec::granting(PLATFORM, &["100"]);
    let (code, token) = (Some("c".to_owned()), Some("EAAissued".to_owned()));
    sim.control.issue_code(CodeSpec { code, token, ..granted }).unwrap();
    let kept = TokenSpec::granting("EAAkept", PLATFORM, &["100"]);
    sim.control.add_token(&kept).unwrap();
    let ask = async |app: graph_api::client::App<'_>| client.exchange_code(app, &secret("c")).await;
    as_app(PLATFORM, PLATFORM_SECRET, ask).await.unwrap();
    let reads = async || codes(client.waba(&"100".parse().unwrap(), &secret("EAAissued")).await);

    let mut same = sim.control.scenario();
    same.keep_sends = 7;
    sim.control.set_scenario(same.clone()).unwrap();
    assert_eq!(reads().await, (0, 0));
    assert_eq!(codes(client.waba(&"100".parse().unwrap(), &secret("EAAkept")).await), (0, 0));
    same.accounts.tokens.clear();
    sim.control.set_scenario(same).unwrap();
    assert_eq!(reads().await, (190, 0));
}
