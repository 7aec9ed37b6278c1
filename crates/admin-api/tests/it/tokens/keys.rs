//! The provider's keys, which come, change and stay away.

use serde_json::json;
use test_support::eventually;

use super::{ask, member};
use crate::provider::{Provider, Signer};

#[tokio::test]
async fn a_new_key_is_looked_for_once_and_unknown_ones_do_not_hammer() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    member(&world, &json!({"subject": "ana", "role": "agent"})).await;
    let next = Signer::ec();
    provider.publish(&[("first", &provider.signer), ("next", &next)]);

    let token = next.token("next", &provider.claims("ana"));
    assert_eq!(ask(&world, "/v1/me", &token).await.status, 200);
    assert_eq!(provider.asked(), 2);
    for n in 0..20 {
        let token = Signer::ec().token(&format!("forged-{n}"), &provider.claims("ana"));
        let refused = ask(&world, "/v1/me", &token).await;
        assert_eq!(refused.status, 401, "{}", refused.show());
    }
    assert_eq!(provider.asked(), 2);
    assert_eq!(ask(&world, "/v1/me", &provider.token("ana")).await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn many_tokens_with_a_new_key_at_once_are_one_look() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    member(&world, &json!({"subject": "ana", "role": "agent"})).await;
    let next = Signer::ec();
    provider.publish(&[("next", &next)]);
    let token = next.token("next", &provider.claims("ana"));

    let answers = futures::future::join_all((0..20).map(|_| ask(&world, "/v1/me", &token))).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(provider.asked(), 2);
    // What is published no more counts no more.
    assert_eq!(ask(&world, "/v1/me", &provider.token("ana")).await.status, 401);
    world.end().await;
}

#[tokio::test]
async fn a_provider_that_is_away_at_the_start_is_asked_again_and_keys_go_on_working() {
    let provider = Provider::new().await;
    provider.go_away(true);
    let world = provider.world("0.1").await;
    member(&world, &json!({"subject": "ana", "role": "agent"})).await;

    let away = ask(&world, "/v1/me", &provider.token("ana")).await;

    assert_eq!(away.status, 503, "{}", away.show());
    assert_eq!(away.header("retry-after"), "5");
    assert_eq!(world.get("/v1/me").await.status, 200, "an API key needs no provider");
    provider.go_away(false);
    let token = provider.token("ana");
    eventually("the token is taken", async || ask(&world, "/v1/me", &token).await.status == 200)
        .await;
    world.end().await;
}

#[tokio::test]
async fn the_last_good_keys_stay_while_the_provider_is_away() {
    let provider = Provider::new().await;
    let world = provider.world("0.1").await;
    member(&world, &json!({"subject": "ana", "role": "agent"})).await;
    let token = provider.token("ana");
    eventually("the token is taken", async || ask(&world, "/v1/me", &token).await.status == 200)
        .await;
    provider.go_away(true);
    let unknown = Signer::ec().token("next", &provider.claims("ana"));

    eventually("an unknown key may be a new one", async || {
        ask(&world, "/v1/me", &unknown).await.status == 503
    })
    .await;

    assert_eq!(ask(&world, "/v1/me", &token).await.status, 200);
    world.end().await;
}
