use futures::future::join_all;
use graph_api::signature::{SignatureCheck, verify};
use serde_json::json;

use crate::support::{NUMBER, Receiver, Running, SECRET, at_once, eventually};

#[tokio::test]
async fn a_webhook_is_signed_over_its_exact_bytes_which_are_ascii() {
    let receiver = Receiver::new(&[]);
    let sim = Running::new(&json!({"fates": at_once()}), Some(&receiver)).await;

    sim.text("+14155550101", "é/😀").await;
    sim.idle().await;

    for post in receiver.received() {
        assert_eq!(
            verify(&SECRET.into(), &post.body, post.signature.as_deref()),
            SignatureCheck::Valid
        );
        let text = String::from_utf8(post.body.to_vec()).unwrap();
        assert!(text.is_ascii() && text.contains(r"\u00e9\/\ud83d\ude00"), "{text}");
    }
    assert!(receiver.statuses().iter().all(|status| status["biz_opaque_callback_data"] == "é/😀"));
}

#[tokio::test]
async fn a_post_comes_again_whole_until_it_gets_200() {
    let receiver = Receiver::new(&[500, 404, 302, 201]);
    let scenario = json!({"fates": {"sent_after_ms": [0, 0], "delivered": 0},
        "webhooks": {"redelivery": {"first_ms": 5, "factor": 1.5}}});
    let sim = Running::new(&scenario, Some(&receiver)).await;

    sim.text("+14155550101", "1").await;
    sim.idle().await;

    let posts = receiver.received();
    assert_eq!(posts.iter().map(|post| post.status).collect::<Vec<_>>(), [500, 404, 302, 201, 200]);
    assert!(
        posts.iter().all(|post| post.body == posts[0].body && post.signature == posts[0].signature)
    );
    let webhooks = sim.control.stats().webhooks;
    assert_eq!((webhooks.delivered, webhooks.failed, webhooks.redelivered), (1, 4, 4));
}

#[tokio::test]
async fn a_receiver_that_cannot_be_reached_gets_everything_once_it_is_there() {
    let receiver = Receiver::new(&[]);
    let redelivery = json!({"first_ms": 5, "longest_ms": 20});
    let webhooks = |url: &str| json!({"subscribers": [{"url": url}], "redelivery": redelivery});
    let scenario = json!({"fates": at_once(), "webhooks": webhooks("http://127.0.0.1:1/")});
    let sim = Running::new(&scenario, None).await;

    sim.text("+14155550101", "1").await;
    eventually("a try fails", || sim.control.stats().webhooks.failed > 0).await;
    let scenario = json!({"fates": at_once(), "webhooks": webhooks(&receiver.url())});
    sim.control.set_scenario(serde_json::from_value(scenario).unwrap()).unwrap();
    sim.text("+14155550102", "2").await;

    eventually("the new subscriber has all statuses of the second", || {
        receiver.statuses().len() >= 3
    })
    .await;
    assert!(!sim.control.stats().webhooks.is_idle(), "the first goes on where it was meant to go");
}

#[tokio::test]
async fn a_post_is_given_up_after_its_simulated_hours() {
    let redelivery = json!({"first_ms": 5, "give_up_after_hours": 2, "hour_ms": 20});
    let webhooks =
        json!({"subscribers": [{"url": "http://127.0.0.1:1/"}], "redelivery": redelivery});
    let fates = json!({"sent_after_ms": [0, 0], "delivered": 0});
    let sim = Running::new(&json!({"fates": fates, "webhooks": webhooks}), None).await;

    sim.text("+14155550101", "1").await;
    sim.idle().await;

    let webhooks = sim.control.stats().webhooks;
    assert_eq!((webhooks.given_up, webhooks.delivered), (1, 0));
    assert!(webhooks.failed >= 2);
}

#[tokio::test]
async fn due_updates_share_posts_up_to_the_largest_batch() {
    let receiver = Receiver::new(&[]);
    let scenario = json!({"fates": {"sent_after_ms": [0, 0], "delivered": 0}, "webhooks": {"max_batch": 40},
        "limits": {"throughput": {"enabled": false}}});
    let sim = Running::new(&scenario, Some(&receiver)).await;
    sim.control.pause_webhooks(true);
    let people: Vec<String> = (0..100).map(|person| format!("+1415555{person:04}")).collect();
    join_all(people.iter().map(|to| sim.code(to, to))).await;
    eventually("all are due", || sim.control.stats().webhooks.pending_updates == 100).await;
    assert!(receiver.received().is_empty());

    sim.control.pause_webhooks(false);
    eventually("all have come", || receiver.statuses().len() == 100).await;

    assert!(receiver.received().iter().all(|post| post.statuses().len() <= 40));
    assert!(receiver.received().iter().any(|post| post.statuses().len() == 40));
}

#[tokio::test]
async fn several_apps_get_what_they_subscribed_to_with_their_own_secret() {
    let (all, one) = (Receiver::new(&[]), Receiver::new(&[]));
    let scenario = json!({"fates": at_once(),
        "numbers": [{"phone_number_id": NUMBER, "waba_id": "100"}],
        "webhooks": {"subscribers": [{"url": all.url()},
            {"url": one.url(), "app_secret": "another", "waba_ids": ["555"]}]}});
    let sim = Running::new(&scenario, None).await;

    sim.text("+14155550101", "1").await;
    let change = json!({"waba_id": "555", "field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}});
    sim.control.change(serde_json::from_value(change).unwrap());
    sim.idle().await;

    assert_eq!(all.statuses().len(), 3);
    assert!(one.statuses().is_empty());
    let posts = one.received();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].values(), [json!({"event": "VERIFIED_ACCOUNT"})]);
    assert_eq!(
        verify(&"another".into(), &posts[0].body, posts[0].signature.as_deref()),
        SignatureCheck::Valid
    );
}

#[tokio::test]
async fn a_post_may_come_twice_although_it_got_200() {
    let receiver = Receiver::new(&[]);
    let scenario =
        json!({"fates": {"sent_after_ms": [0, 0], "delivered": 0}, "webhooks": {"doubled": 1}});
    let sim = Running::new(&scenario, Some(&receiver)).await;

    sim.text("+14155550101", "1").await;
    sim.idle().await;

    let posts = receiver.received();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0].body, posts[1].body);
}

#[tokio::test]
async fn a_restart_keeps_records_and_posts_what_is_still_owed() {
    let receiver = Receiver::new(&[]);
    let sim = Running::new(&json!({"fates": at_once()}), Some(&receiver)).await;
    sim.control.pause_webhooks(true);
    sim.text("+14155550101", "1").await;

    let sim = sim.restarted().await;
    assert!(receiver.received().is_empty());
    sim.control.pause_webhooks(false);
    sim.idle().await;

    assert_eq!(receiver.statuses().len(), 3);
    assert_eq!(sim.control.sends(0, 10).len(), 1);
    assert_eq!(sim.code("+14155550102", "2").await, 0);
}
