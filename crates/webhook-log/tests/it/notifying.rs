//! How often an owner is told.

use contracts::{Rejection, SignatureState, WebhookReceived};
use graph_api::signature::sign;
use runtime::{Stop, now};
use store::notifications;
use test_support::{OwnApp, TestBus, TestDb, eventually, own_app};

use crate::world::{publish, received, start};

const KIND: &str = "webhook.signature";

/// A refused POST to the URL of `app`, or a word about several.
fn refused(app: &OwnApp, repeats: u32) -> WebhookReceived {
    let rejection = Rejection {
        addressed: Some(app.sender.connection_id),
        presented: (repeats == 1).then(|| sign(&"somebody else's".into(), b"{}")),
        body_is_cut: repeats > 1,
    };
    let post = received("{}", SignatureState::Mismatch);
    WebhookReceived { path: "tenant".into(), repeats, rejection, ..post }
}

/// Whether each notification is open, and how often it was seen; the oldest first.
async fn told(db: &TestDb) -> Vec<(bool, i32)> {
    let sql = "SELECT cleared_at IS NULL AS is_open, occurrences
               FROM   notifications WHERE kind = 'webhook.signature' ORDER BY notification_id";
    let rows = db.client().await.unwrap().query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get("is_open"), row.get("occurrences"))).collect()
}

#[tokio::test]
async fn many_refused_posts_are_one_notification_that_counts_them_until_it_is_cleared() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    app.put_secret(&client, "wrong").await;
    let running = start(&db, &bus, &stop);

    for _ in 0..150 {
        publish(&bus, "rejected", refused(&app, 1).encode()).await;
    }
    // Of a flood only the number is told.
    publish(&bus, "rejected", refused(&app, 1_000).encode()).await;
    eventually("all are counted", async || told(&db).await == [(true, 1_150)]).await;

    let subject = app.sender.connection_id.to_string();
    let tenant_id = app.sender.tenant_id;
    assert!(notifications::clear(&client, tenant_id, KIND, &subject, now()).await.unwrap());
    for _ in 0..50 {
        publish(&bus, "rejected", refused(&app, 1).encode()).await;
    }

    let again = [(false, 1_150), (true, 50)];
    eventually("it is told once more, and once", async || told(&db).await == again).await;
    stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_redelivery_on_the_bus_is_not_counted_again() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    let (first, last) = (refused(&app, 1), refused(&app, 1));
    for post in [&first, &first, &first, &last] {
        publish(&bus, "rejected", post.encode()).await;
    }

    let running = start(&db, &bus, &stop);

    eventually("both are counted", async || told(&db).await == [(true, 2)]).await;
    stop.stop();
    running.await.unwrap().unwrap();
    assert_eq!(told(&db).await, [(true, 2)]);
}
