use chrono::TimeDelta;
use domain::delivery::{DeliveryStatus, Facts};
use domain::ids::Wamid;
use runtime::now;
use store::orphans::{self, Orphan};
use store::statuses;
use test_support::{Sender, TestDb, sender};

use crate::rows::{delivered, facts_of, failed, message, news, origin, queued, read, sent, status};

fn orphan(sender: &Sender, facts: Facts) -> Orphan {
    Orphan { origin: origin(sender), wamid: "wamid.A".parse::<Wamid>().unwrap(), facts }
}

#[tokio::test]
async fn facts_that_came_before_the_id_was_stored_are_adopted() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    for facts in [delivered(2), read(4), failed(3, 131_026, "undeliverable")] {
        assert_eq!(orphans::keep(&client, &[orphan(&acme, facts)], now()).await.unwrap(), 1);
    }
    assert_eq!(orphans::adopt(&client, 10).await.unwrap(), 0, "the id is not stored yet");

    statuses::merge(&client, &[news(&acme, job, sent(1))]).await.unwrap();

    assert_eq!(orphans::adopt(&client, 10).await.unwrap(), 1);
    assert_eq!(orphans::adopt(&client, 10).await.unwrap(), 0);
    assert_eq!(status(&client, job).await, DeliveryStatus::Delivered);
    let truth = sent(1).merge(delivered(2)).merge(read(4));
    let truth = truth.merge(failed(3, 131_026, "undeliverable"));
    assert_eq!(facts_of(&message(&client, job).await), truth);
}

#[tokio::test]
async fn facts_about_a_number_that_is_not_ours_are_not_kept() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let mut foreign = orphan(&acme, sent(1));
    foreign.origin.phone_number_id = "999".parse().unwrap();

    assert_eq!(orphans::keep(&client, &[foreign], now()).await.unwrap(), 0);
}

#[tokio::test]
async fn an_orphan_that_nobody_claims_is_forgotten_after_a_week() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    orphans::keep(&client, &[orphan(&acme, sent(1))], now()).await.unwrap();

    assert_eq!(orphans::forget_old(&client, now() + TimeDelta::days(6)).await.unwrap(), 0);
    assert_eq!(orphans::forget_old(&client, now() + TimeDelta::days(8)).await.unwrap(), 1);
}
