use domain::ids::EventId;
use runtime::now;
use serde_json::json;
use store::spool::{self, Page, Spooled};
use store::webhook_events::{self, NewEvent};
use test_support::{TestDb, vault};

fn event() -> NewEvent {
    NewEvent {
        event_id: EventId::at(now()),
        received_at: now(),
        path: "platform".into(),
        diagnosis: None,
        connection_id: None,
        quarantined_for: None,
        presented_signature: None,
        kinds: "statuses".into(),
        body: b"{\"secret\":\"of a customer\"}".to_vec(),
        item_count: 1,
        parse_error: None,
        poison: json!([]),
        repeats: 1,
    }
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_is_one_row_with_a_sealed_body() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let event = event();
    let events = [event.clone()];

    let first = webhook_events::insert(&client, &vault(), &events).await.unwrap();
    let second = webhook_events::insert(&client, &vault(), &events).await.unwrap();

    assert!(first.contains(&event.event_id));
    assert!(second.is_empty());
    let row = client.query_one("SELECT body, signature_valid FROM webhook_events", &[]).await;
    let row = row.unwrap();
    let stored: Vec<u8> = row.get("body");
    assert!(!stored.windows(8).any(|window| window == b"customer"));
    assert!(row.get::<_, bool>("signature_valid"));
    let opened = webhook_events::body(&client, &vault(), event.event_id).await.unwrap();
    assert_eq!(opened, Some(event.body));
}

#[tokio::test]
async fn a_spooled_post_is_there_until_it_is_deleted() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let spooled = Spooled {
        event_id: EventId::at(now()),
        routing_key: "statuses".into(),
        envelope: b"envelope".to_vec(),
    };
    spool::keep(&client, &vault(), &spooled, now()).await.unwrap();
    spool::keep(&client, &vault(), &spooled, now()).await.unwrap();

    let page = spool::oldest(&client, &vault(), None, 10).await.unwrap();
    assert_eq!(page.spooled, std::slice::from_ref(&spooled));
    spool::delete(&client, &[spooled.event_id]).await.unwrap();

    assert_eq!(spool::oldest(&client, &vault(), None, 10).await.unwrap(), Page::default());
}
