use amqp::Queue;
use bytes::Bytes;
use contracts::SignatureState;
use runtime::Stop;
use test_support::{TestBus, TestDb, eventually};

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
