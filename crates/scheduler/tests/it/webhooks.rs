//! What is forgotten of the log of webhooks, and when.

use chrono::{DateTime, Months, TimeDelta, Utc};
use domain::ids::EventId;
use runtime::{Stop, now};
use serde_json::json;
use store::webhook_events::{self, NewEvent};
use store::{Client, partitions};
use test_support::{backbone, eventually, vault};

use crate::World;

fn event(received_at: DateTime<Utc>, diagnosis: Option<&str>) -> NewEvent {
    NewEvent {
        event_id: EventId::at(received_at),
        received_at,
        path: "tenant".into(),
        diagnosis: diagnosis.map(str::to_owned),
        connection_id: None,
        quarantined_for: None,
        presented_signature: diagnosis.map(|_| "sha256=00".to_owned()),
        kinds: "statuses".into(),
        body: b"{}".to_vec(),
        item_count: 0,
        parse_error: None,
        poison: json!([]),
        repeats: 1,
    }
}

async fn insert(client: &Client, events: &[NewEvent]) {
    webhook_events::insert(client, &vault(), events).await.unwrap();
}

#[tokio::test]
async fn the_body_of_a_rejected_webhook_is_forgotten_after_a_week_unless_it_was_proved() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    let (old, young) = (now() - TimeDelta::days(8), now() - TimeDelta::days(6));
    let forgotten = event(old, Some("mismatch"));
    let proved = event(old, Some("mismatch"));
    let kept = [proved.clone(), event(young, Some("mismatch")), event(old, None)];
    insert(&client, std::slice::from_ref(&forgotten)).await;
    insert(&client, &kept).await;
    let prove = "UPDATE webhook_events SET reverified_at = now() WHERE event_id = $1";
    client.execute(prove, &[&proved.event_id.as_uuid()]).await.unwrap();

    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    let body = async |event: &NewEvent| {
        webhook_events::body(&client, &vault(), event.event_id).await.unwrap()
    };
    eventually("it is forgotten", async || body(&forgotten).await.is_none()).await;
    stop.stop();
    running.await.unwrap().unwrap();
    for event in &kept {
        assert_eq!(body(event).await.as_deref(), Some(&b"{}"[..]));
    }
    let row = "SELECT diagnosis, presented_signature, body_bytes FROM webhook_events
               WHERE event_id = $1";
    let row = client.query_one(row, &[&forgotten.event_id.as_uuid()]).await.unwrap();
    assert_eq!(row.get::<_, Option<&str>>("diagnosis"), Some("mismatch"));
    assert_eq!(row.get::<_, Option<&str>>("presented_signature"), None);
    assert_eq!(row.get::<_, i32>("body_bytes"), 2);
}

#[tokio::test]
async fn a_month_of_webhooks_is_dropped_when_its_last_day_is_too_old() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    // 90 days ago lies in the third or the fourth month before this one.
    let (dropped, kept) = (now() - Months::new(5), now() - TimeDelta::days(89));
    for instant in [dropped, kept] {
        partitions::ensure(&client, instant, 0).await.unwrap();
        insert(&client, &[event(instant, None)]).await;
    }
    let partition = format!("webhook_events_{}", dropped.format("%Y%m"));
    let messages = format!("messages_{}", dropped.format("%Y%m"));
    let is_there = async |table: &str| -> bool {
        let sql = "SELECT to_regclass($1) IS NOT NULL";
        client.query_one(sql, &[&table]).await.unwrap().get(0)
    };
    assert!(is_there(&partition).await);

    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    eventually("the month is dropped", async || !is_there(&partition).await).await;
    stop.stop();
    running.await.unwrap().unwrap();
    let left = client.query_one("SELECT count(*) FROM webhook_events", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 1);
    assert!(is_there(&messages).await, "messages stay");
}
