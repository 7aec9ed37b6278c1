//! Refused POSTs that a newly saved secret proves.

use amqp::Queue;
use backbone::Backbone;
use contracts::{Rejection, SignatureState, WebhookReceived};
use domain::ids::{EventId, MessageId};
use domain::scope::Scope;
use graph_api::signature::sign;
use runtime::{Stop, now};
use store::audit::{self, Filter};
use store::messages;
use store::webhook_events::{self, NewEvent};
use test_support::{OwnApp, TestBus, TestDb, backbone, eventually, own_app, vault};

use crate::world::{Way, config, publish, received, rows, start};

const RIGHT: &str = "the-secret-that-meta-has";
const SHARED: &str = "/api/webhooks/whatsapp";

/// The webhook that says that a message was delivered.
fn delivered(app: &OwnApp, message_id: MessageId) -> String {
    let (waba, number) = (&app.sender.waba_id, &app.sender.phone_number_id);
    format!(
        r#"{{"entry":[{{"id":"{waba}","changes":[{{"field":"messages","value":{{
            "metadata":{{"phone_number_id":"{number}"}},"statuses":[{{"id":"wamid.{message_id}",
            "status":"delivered","timestamp":"1790000000","recipient_id":"1",
            "biz_opaque_callback_data":"{message_id}"}}]}}}}]}}]}}"#
    )
}

/// A refused POST as it stands in its row.
fn quarantined(app: &OwnApp, secret: &str) -> NewEvent {
    let body = delivered(app, MessageId::at(now())).into_bytes();
    NewEvent {
        event_id: EventId::at(now()),
        received_at: now(),
        path: "tenant".into(),
        diagnosis: Some("mismatch".into()),
        connection_id: None,
        quarantined_for: Some(app.sender.connection_id),
        presented_signature: Some(sign(&secret.into(), &body)),
        kinds: "rejected".into(),
        body,
        item_count: 0,
        parse_error: None,
        poison: serde_json::json!([]),
        repeats: 1,
    }
}

async fn count(db: &TestDb, condition: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {condition}");
    db.client().await.unwrap().query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_was_refused_is_taken_after_all_once_the_right_secret_is_saved() {
    let (db, bus) = (TestDb::new().await, TestBus::new().await);
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    app.put_secret(&client, "a-wrong-secret").await;
    let new: Vec<_> = (0..2).map(|_| app.sender.message(now())).collect();
    messages::insert(&client, &new, now()).await.unwrap();
    let way = Way::start(&db, &bus);
    way.ready().await;

    let tenant = format!("/webhooks/whatsapp/{}", app.webhook_token);
    for (path, message) in [(&*tenant, &new[0]), (SHARED, &new[1])] {
        let body = delivered(&app, message.message_id);
        assert_eq!(way.post(RIGHT, path, &body).await, 403);
        assert_eq!(way.post("nobody's", path, &body).await, 403);
    }
    let notified = "notifications WHERE kind = 'webhook.signature' AND cleared_at IS NULL";
    eventually("the owner is told", async || count(&db, notified).await == 1).await;
    let tried = "webhook_events WHERE quarantined_for IS NOT NULL AND tried_at IS NOT NULL";
    eventually("all are held against the wrong one", async || count(&db, tried).await == 4).await;
    assert_eq!(count(&db, "messages WHERE delivery_status <> 'queued'").await, 0);

    app.put_secret(&client, RIGHT).await;

    let arrived = "messages WHERE delivery_status = 'delivered'";
    eventually("both are delivered", async || count(&db, arrived).await == 2).await;
    eventually("nobody needs to be told any more", async || count(&db, notified).await == 0).await;
    let proved = "webhook_events WHERE reverified_at IS NOT NULL AND kinds = 'statuses'
                  AND item_count = 1 AND connection_id = quarantined_for
                  AND NOT signature_valid AND diagnosis = 'mismatch'";
    assert_eq!(count(&db, proved).await, 2, "what was true when they came stays written");
    let retried = "webhook_events e JOIN app_secrets s ON s.connection_id = e.quarantined_for
                   WHERE e.reverified_at IS NULL AND e.tried_at = s.saved_at
                     AND s.retires_at IS NULL";
    eventually("the forged ones are tried again in vain", async || count(&db, retried).await == 2)
        .await;
    let filter = Filter { action: Some("webhook.inbound.reverified".into()), ..Filter::default() };
    let lines = audit::list(&client, app.sender.tenant_id, &filter, 10).await.unwrap();
    assert_eq!(lines.len(), 2);
    way.end().await;
}

#[tokio::test]
async fn what_came_before_ingress_knew_the_new_secret_is_taken_by_itself() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    app.put_secret(&client, RIGHT).await;
    let rejection = Rejection {
        addressed: Some(app.sender.connection_id),
        presented: Some(sign(&RIGHT.into(), b"{}")),
        body_is_cut: false,
    };
    let late = received("{}", SignatureState::Mismatch);
    let late = WebhookReceived { path: "tenant".into(), rejection, ..late };
    publish(&bus, "rejected", late.encode()).await;

    let running = start(&db, &bus, &stop);

    let proved = "webhook_events WHERE reverified_at IS NOT NULL AND diagnosis = 'late'";
    eventually("it is taken", async || count(&db, proved).await == 1).await;
    assert_eq!(count(&db, "notifications").await, 0);
    stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn while_the_bus_is_away_nothing_is_noted_and_then_it_goes_out_with_what_was_proved() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    let event = quarantined(&app, RIGHT);
    webhook_events::insert(&client, &vault(), std::slice::from_ref(&event)).await.unwrap();
    app.put_secret(&client, RIGHT).await;
    let (cut, network) = bus.proxied().await;
    network.cut().await;
    eventually("the bus is away", async || !cut.connected()).await;
    let backbone = Backbone { bus: cut, ..backbone(&db, &bus) };
    let service = webhook_log::start(&config(), &backbone, stop.clone());
    #[expect(clippy::disallowed_methods, reason = "the test ends it")]
    let running = tokio::spawn(service.task);

    assert_eq!(count(&db, "webhook_events WHERE reverified_at IS NOT NULL").await, 0);
    network.restore().await;

    let mut consumer = bus.consumer(Queue::StatusMapper, 1, stop.token()).await.unwrap();
    let delivery = consumer.next_batch(1).await.unwrap().remove(0);
    let published = WebhookReceived::decode(&delivery.body).unwrap();
    delivery.done().await;
    assert_eq!((published.event_id, &published.body[..]), (event.event_id, &event.body[..]));
    assert_eq!(published.scope, Some(Scope::Connection(app.sender.connection_id)));
    assert!(published.signature.is_valid());
    let noted = "webhook_events WHERE reverified_at IS NOT NULL";
    eventually("it is noted", async || count(&db, noted).await == 1).await;
    stop.stop();
    running.await.unwrap().unwrap();
    assert_eq!(rows(&db).await.len(), 1, "its own envelope is no new POST");
}

#[tokio::test]
async fn several_at_once_prove_each_event_once_and_stop_at_what_no_secret_proves() {
    const EVENTS: usize = 250;
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    let other = own_app(&client, "theirs", 2).await;
    let mut events: Vec<_> = (0..EVENTS).map(|_| quarantined(&app, RIGHT)).collect();
    // The secret of one connection proves nothing to another.
    events.push(quarantined(&other, RIGHT));
    let unproved = events[EVENTS].event_id;
    webhook_events::insert(&client, &vault(), &events).await.unwrap();
    app.put_secret(&client, RIGHT).await;
    other.put_secret(&client, "another").await;

    let running = [start(&db, &bus, &stop), start(&db, &bus, &stop), start(&db, &bus, &stop)];

    let settled = "webhook_events WHERE reverified_at IS NOT NULL OR tried_at IS NOT NULL";
    eventually("all are settled", async || count(&db, settled).await == 251).await;
    stop.stop();
    for service in running {
        service.await.unwrap().unwrap();
    }
    let left = "webhook_events WHERE reverified_at IS NULL";
    assert_eq!(count(&db, left).await, 1);
    let left = client.query_one(&format!("SELECT event_id FROM {left}"), &[]).await.unwrap();
    assert_eq!(left.get::<_, uuid::Uuid>(0), unproved.as_uuid());
    assert_eq!(bus.depth(Queue::StatusMapper).await.unwrap(), 250, "each was published once");
    let lines = "audit_log WHERE action = 'webhook.inbound.reverified'";
    assert_eq!(count(&db, lines).await, 250);
}

#[tokio::test]
async fn a_refused_post_that_does_not_open_holds_up_nobody() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    let (closed, good) = (quarantined(&app, RIGHT), quarantined(&app, RIGHT));
    webhook_events::insert(&client, &vault(), &[closed.clone(), good.clone()]).await.unwrap();
    let close = "UPDATE webhook_events SET body = '\\x00' WHERE event_id = $1";
    client.execute(close, &[&closed.event_id.as_uuid()]).await.unwrap();
    app.put_secret(&client, RIGHT).await;

    let running = start(&db, &bus, &stop);

    let proved = "webhook_events WHERE reverified_at IS NOT NULL";
    eventually("the good one is proved", async || count(&db, proved).await == 1).await;
    let in_vain = "webhook_events WHERE reverified_at IS NULL AND tried_at IS NOT NULL";
    eventually("the closed one was tried", async || count(&db, in_vain).await == 1).await;
    stop.stop();
    running.await.unwrap().unwrap();
}
