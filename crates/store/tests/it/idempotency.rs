use chrono::TimeDelta;
use runtime::now;
use serde_json::json;
use store::idempotency::{Begin, begin, finish, forget_old};
use test_support::{TestDb, sender};

#[tokio::test]
async fn the_same_request_is_replayed_and_another_one_is_refused() {
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let tenant = sender(&client, "acme", 1).await.tenant_id;
    let other = sender(&client, "other", 2).await.tenant_id;
    let (now, answer) = (now(), json!({"message_id": "1"}));

    let transaction = client.transaction().await.unwrap();
    assert_eq!(begin(&transaction, tenant, "key", b"one", now).await.unwrap(), Begin::Work);
    finish(&transaction, tenant, "key", b"one", 202, &answer, now).await.unwrap();
    transaction.commit().await.unwrap();

    let replay = Begin::Replay { status: 202, body: answer };
    assert_eq!(begin(&client, tenant, "key", b"one", now).await.unwrap(), replay);
    assert_eq!(begin(&client, tenant, "key", b"two", now).await.unwrap(), Begin::OtherRequest);
    assert_eq!(begin(&client, other, "key", b"two", now).await.unwrap(), Begin::Work);
}

#[tokio::test]
async fn a_key_in_use_is_in_progress_and_free_again_when_its_worker_dies() {
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let tenant = sender(&client, "acme", 1).await.tenant_id;
    let second = db.client().await.unwrap();

    let transaction = client.transaction().await.unwrap();
    assert_eq!(begin(&transaction, tenant, "key", b"one", now()).await.unwrap(), Begin::Work);
    let meanwhile = begin(&second, tenant, "key", b"one", now()).await.unwrap();
    assert_eq!(meanwhile, Begin::InProgress);
    transaction.rollback().await.unwrap();

    assert_eq!(begin(&second, tenant, "key", b"one", now()).await.unwrap(), Begin::Work);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let tenant = sender(&client, "acme", 1).await.tenant_id;
    let (then, answer) = (now(), json!({}));
    finish(&client, tenant, "key", b"one", 202, &answer, then).await.unwrap();

    let later = then + TimeDelta::hours(24);
    assert_eq!(begin(&client, tenant, "key", b"two", later).await.unwrap(), Begin::Work);
    finish(&client, tenant, "key", b"two", 202, &answer, later).await.unwrap();
    assert_eq!(begin(&client, tenant, "key", b"one", later).await.unwrap(), Begin::OtherRequest);

    assert_eq!(forget_old(&client, later + TimeDelta::hours(24)).await.unwrap(), 1);
}
