//! A number is registered with its PIN, and not too often.

use std::time::Duration;

use graph_api::client::GraphClient;
use graph_api::error::explain;
use graph_sim::ProfileSpec;

use crate::account::{PLATFORM_TOKEN, client, codes, scenario, secret};
use crate::support::{Running, answer, text};

async fn register(client: &GraphClient, number: &str, pin: &str) -> (i32, i32) {
    let (id, pin) = (number.parse().unwrap(), pin.parse().unwrap());
    codes(client.register(&"100".parse().unwrap(), &id, &pin, &secret(PLATFORM_TOKEN)).await)
}

#[tokio::test]
async fn only_the_right_pin_registers_and_then_the_number_sends() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);
    let send = async || {
        let url = sim.url("/v25.0/201/messages");
        let sent =
            sim.client.post(url).bearer_auth(PLATFORM_TOKEN).json(&text("+14155550101", "1"));
        answer(sent.send().await.unwrap()).await.1["error"]["code"].as_i64().unwrap_or(0)
    };

    assert_eq!(register(&client, "201", "222222").await, (133_005, 0));
    assert_eq!(send().await, 133_010);
    assert_eq!(register(&client, "201", "111111").await, (0, 0));
    assert_eq!(send().await, 0);
    assert_eq!(sim.control.profile("201").status(), "CONNECTED");
    client
        .deregister(&"100".parse().unwrap(), &"201".parse().unwrap(), &secret(PLATFORM_TOKEN))
        .await
        .unwrap();
    assert_eq!(send().await, 133_010);
    assert_eq!(sim.control.profile("201").status(), "DISCONNECTED");
}

#[tokio::test]
async fn the_first_registration_sets_the_pin_and_a_new_pin_replaces_it() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);

    assert_eq!(register(&client, "200", "333333").await, (0, 0));
    assert_eq!(register(&client, "200", "444444").await, (133_005, 0));
    let change = sim.client.post(sim.url("/v25.0/200")).bearer_auth(PLATFORM_TOKEN);
    let changed = change.json(&serde_json::json!({"pin": "444444"})).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(register(&client, "200", "444444").await, (0, 0));
}

#[tokio::test]
async fn ten_tries_in_three_days_are_enough() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);

    for _ in 0..10 {
        assert_eq!(register(&client, "200", "111111").await, (0, 0));
    }
    let (id, pin) = ("200".parse().unwrap(), "111111".parse().unwrap());
    let refused = client
        .register(&"100".parse().unwrap(), &id, &pin, &secret(PLATFORM_TOKEN))
        .await
        .unwrap_err();
    assert_eq!(refused.code, Some(133_016));
    assert!(explain(&refused).remedy.starts_with("Wait 72 hours"));
    sim.control.advance_clock(Duration::from_secs(72 * 60 * 60 + 1));
    assert_eq!(register(&client, "200", "111111").await, (0, 0));
}

#[tokio::test]
async fn a_number_may_refuse_to_be_registered() {
    let sim = Running::new(&scenario(), None).await;
    let client = client(&sim);
    let stands = |profile: ProfileSpec| {
        sim.control.set_profile(ProfileSpec { phone_number_id: "200".to_owned(), ..profile });
    };

    stands(ProfileSpec { refuses_registration: Some(133_015), ..ProfileSpec::default() });
    assert_eq!(register(&client, "200", "111111").await, (133_015, 0));
    let unverified = "NOT_VERIFIED".to_owned();
    stands(ProfileSpec { code_verification_status: unverified, ..ProfileSpec::default() });
    assert_eq!(register(&client, "200", "111111").await, (133_006, 0));
    stands(ProfileSpec { is_on_biz_app: true, ..ProfileSpec::default() });
    assert_eq!(register(&client, "200", "111111").await, (100, 0));
    assert_eq!(register(&client, "210", "111111").await, (200, 0));
}
