use store::limit_workers::{hears, hears_not};
use test_support::TestDb;
use uuid::Uuid;

#[tokio::test]
async fn nobody_goes_on_alone_while_anybody_hears_redis() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert!(!hears(&client, one).await.unwrap());
    assert!(!hears(&client, other).await.unwrap());

    assert!(hears_not(&client, one, true).await.unwrap(), "the other one hears it");
    assert!(!hears(&client, other).await.unwrap(), "nobody has gone on alone");
    assert!(!hears_not(&client, other, true).await.unwrap(), "the first one has taken it back");

    assert!(hears(&client, one).await.unwrap(), "the other one has gone on alone");
    assert!(hears_not(&client, other, true).await.unwrap());
    assert!(!hears(&client, one).await.unwrap(), "and does so no more");
}

#[tokio::test]
async fn who_may_not_go_on_is_not_taken_for_one_that_does() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();

    assert!(!hears_not(&client, Uuid::from_u128(1), false).await.unwrap());

    assert!(!hears(&client, Uuid::from_u128(2)).await.unwrap());
}

#[tokio::test]
async fn the_word_of_one_that_has_died_counts_for_two_seconds_and_is_told_once() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let (dead, lives) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let age = "UPDATE limit_workers SET told_at = told_at - interval '3 seconds'";
    hears(&client, dead).await.unwrap();
    client.batch_execute(age).await.unwrap();
    assert!(!hears_not(&client, lives, true).await.unwrap(), "it is not taken to hear Redis");

    hears_not(&client, dead, true).await.unwrap();
    client.batch_execute(age).await.unwrap();

    assert!(hears(&client, lives).await.unwrap(), "it has sent, and told nobody");
    assert!(!hears(&client, lives).await.unwrap());
}
