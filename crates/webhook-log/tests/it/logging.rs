use amqp::Queue;
use bytes::Bytes;
use contracts::SignatureState;
use runtime::Stop;
use test_support::{TestBus, TestDb, eventually, sender};

use crate::world::{BODY, publish, received, rows, start};

#[tokio::test]
async fn every_post_is_a_row_signed_or_not_and_repeats_too() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let running = start(&db, &bus, &stop);

    let signed = received(BODY, SignatureState::Valid);
    publish(&bus, "statuses", signed.encode()).await;
    publish(&bus, "statuses", received(BODY, SignatureState::Valid).encode()).await;
    publish(&bus, "unparsed", received("no json", SignatureState::Valid).encode()).await;
    publish(&bus, "rejected", received(BODY, SignatureState::Mismatch).encode()).await;

    eventually("four rows are there", async || rows(&db).await.len() == 4).await;
    let rows = rows(&db).await;
    let kinds: Vec<String> = rows.iter().map(|row| row.get("kinds")).collect();
    assert_eq!(kinds, ["statuses", "statuses", "unparsed", "rejected"]);
    let valid: Vec<bool> = rows.iter().map(|row| row.get("signature_valid")).collect();
    assert_eq!(valid, [true, true, true, false]);
    assert_eq!(rows[0].get::<_, i32>("item_count"), 2);
    let poison: serde_json::Value = rows[0].get("poison");
    assert_eq!(poison[0]["pointer"], "/entry/0/changes/0/value/statuses/1");
    assert!(rows[2].get::<_, Option<&str>>("parse_error").is_some());
    assert_eq!(rows[3].get::<_, Option<&str>>("diagnosis"), Some("mismatch"));
    stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_redelivery_finds_its_row_and_a_broken_envelope_is_parked() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    bus.allow_parked();
    let event = received(BODY, SignatureState::Valid);
    publish(&bus, "statuses", event.encode()).await;
    publish(&bus, "statuses", event.encode()).await;
    publish(&bus, "statuses", Bytes::from_static(b"\xff\xff")).await;

    let running = start(&db, &bus, &stop);

    eventually("the queue is empty and the broken one is parked", async || {
        bus.depth(Queue::WebhookLog).await.unwrap() == 0
            && bus.parked_depth(Queue::WebhookLog).await.unwrap() == 1
    })
    .await;
    stop.stop();
    running.await.unwrap().unwrap();
    assert_eq!(rows(&db).await.len(), 1);
}

#[tokio::test]
async fn a_post_whose_line_cannot_be_written_leaves_no_row_and_is_whole_once_it_can() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    bus.allow_parked();
    let client = db.client().await.unwrap();
    sender(&client, "acme", 1).await;
    let plant = "ALTER TABLE audit_log ADD CONSTRAINT planted CHECK (action NOT LIKE 'webhook%')";
    client.batch_execute(plant).await.unwrap();
    let about_acme = r#"{"entry":[{"id":"10001","changes":[{"field":"flows","value":{}}]}]}"#;
    let about_nobody = received(BODY, SignatureState::Valid);
    publish(&bus, "none", received(about_acme, SignatureState::Valid).encode()).await;
    publish(&bus, "none", about_nobody.encode()).await;

    let running = start(&db, &bus, &stop);

    eventually("one is parked and the other a row", async || {
        bus.parked_depth(Queue::WebhookLog).await.unwrap() == 1 && rows(&db).await.len() == 1
    })
    .await;
    assert_eq!(
        rows(&db).await[0].get::<_, uuid::Uuid>("event_id"),
        about_nobody.event_id.as_uuid()
    );
    client.batch_execute("ALTER TABLE audit_log DROP CONSTRAINT planted").await.unwrap();
    bus.redrive(Queue::WebhookLog, 10).await.unwrap();
    eventually("both are rows", async || rows(&db).await.len() == 2).await;
    let lines = "SELECT count(*) FROM audit_log JOIN webhook_events ON event_id = audit_id";
    assert_eq!(client.query_one(lines, &[]).await.unwrap().get::<_, i64>(0), 1);
    stop.stop();
    running.await.unwrap().unwrap();
}
