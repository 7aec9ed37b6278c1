//! The inbox between a real database and a real broker.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use amqp::{Exchange, Outgoing, Queue};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use contracts::{PROTOBUF, Rejection, SignatureState, WebhookReceived};
use domain::ids::EventId;
use domain::scope::Scope;
use inbox::Config;
use runtime::Stop;
use serde_json::{Value, json};
use test_support::{Sender, TestBus, TestDb, backbone, eventually, sender};
use tokio::task::JoinHandle;

struct World {
    bus: TestBus,
    db: TestDb,
    acme: Sender,
    stop: Stop,
}

impl World {
    async fn new() -> Self {
        let (db, bus) = (TestDb::new().await, TestBus::new().await);
        let acme = sender(&db.client().await.unwrap(), "acme", 1).await;
        Self { bus, db, acme, stop: Stop::new() }
    }

    fn start(&self) -> JoinHandle<anyhow::Result<()>> {
        let config = Config { batch: 50, redis: self.bus.redis() };
        let service =
            inbox::start(config, &backbone(&self.db, &self.bus), self.stop.clone()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test ends it")]
        tokio::spawn(service.task)
    }

    /// Publishes a POST with these messages to a number, as ingress does.
    async fn hear(&self, scope: Option<Scope>, messages: &[Value]) {
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": self.acme.waba_id.as_str(), "changes": [{"field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": {"phone_number_id": self.acme.phone_number_id.as_str()},
                "messages": messages,
            }}]}]
        });
        self.publish(received(scope, body.to_string().into()).encode()).await;
    }

    async fn publish(&self, body: Bytes) {
        let outgoing = Outgoing {
            exchange: Exchange::Webhooks,
            routing_key: "messages".into(),
            message_id: uuid::Uuid::now_v7(),
            content_type: PROTOBUF,
            traceparent: None,
            body,
        };
        self.bus.publisher().publish(outgoing).await.unwrap();
    }

    /// Who has written, and when.
    async fn windows(&self) -> Vec<(String, DateTime<Utc>)> {
        let client = self.db.client().await.unwrap();
        let sql = "SELECT contact, last_inbound_at FROM service_windows ORDER BY contact";
        let rows = client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

fn received(scope: Option<Scope>, body: Bytes) -> WebhookReceived {
    WebhookReceived {
        event_id: EventId::at(runtime::now()),
        received_at: runtime::now(),
        scope,
        signature: SignatureState::Valid,
        path: "platform".into(),
        body,
        repeats: 1,
        rejection: Rejection::default(),
    }
}

fn text(from: &Value, at: &Value) -> Value {
    json!({"from": from, "id": "wamid.in", "timestamp": at, "type": "text",
           "text": {"body": "Where is my parcel?"}})
}

#[tokio::test]
async fn whoever_writes_opens_a_window_by_every_name_that_answers_can_have() {
    let world = World::new().await;
    let running = world.start();
    let mut named = text(&json!("14155550101"), &json!("1790000000"));
    named["from_user_id"] = json!("US.13491208655302741918");

    world.hear(Some(Scope::Platform), &[named]).await;
    // Meta writes ids and instants now as text, now as numbers.
    let numbers = text(&json!(14_155_550_102_u64), &json!(1_790_000_007));
    let ahead = text(&json!("14155550103"), &json!("9790000000"));
    world.hear(Some(Scope::Platform), &[numbers, ahead]).await;

    eventually("four windows are open", async || world.windows().await.len() == 4).await;
    let windows = world.windows().await;
    let contacts: Vec<_> = windows.iter().map(|(contact, _)| contact.as_str()).collect();
    let expected = ["+14155550101", "+14155550102", "+14155550103", "US.13491208655302741918"];
    assert_eq!(contacts, expected);
    assert_eq!(windows[1].1.timestamp(), 1_790_000_007);
    assert!(windows[2].1 <= runtime::now(), "nobody writes in the future");
    world.stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn late_and_repeated_messages_close_nothing() {
    let world = World::new().await;
    let running = world.start();

    for second in [5, 1, 9, 5] {
        let at = json!((1_790_000_000 + second).to_string());
        world.hear(Some(Scope::Platform), &[text(&json!("14155550101"), &at)]).await;
    }

    eventually("the newest one counts", async || {
        world.windows().await.first().is_some_and(|(_, at)| at.timestamp() == 1_790_000_009)
    })
    .await;
    world.stop.stop();
    running.await.unwrap().unwrap();
    assert_eq!(world.windows().await[0].1.timestamp(), 1_790_000_009);
}

#[tokio::test]
async fn what_names_nobody_opens_nothing_and_what_cannot_be_read_is_parked() {
    let world = World::new().await;
    world.bus.allow_parked();
    let running = world.start();
    let unsigned = text(&json!("14155550101"), &json!("1790000000"));
    let nobody = [text(&json!("BR.junk!"), &json!("1790000000")), json!({"id": []}), json!(7)];
    let good = text(&json!("14155550102"), &json!(null));

    world.hear(None, &[unsigned]).await;
    world.publish(Bytes::from_static(b"\xff\xff no protobuf")).await;
    world.publish(received(Some(Scope::Platform), Bytes::from_static(b"{")).encode()).await;
    world.hear(Some(Scope::Platform), &nobody).await;
    world.hear(Some(Scope::Platform), &[good]).await;

    eventually("three are parked", async || {
        world.bus.parked(Queue::Inbox, 10).await.unwrap().len() == 3
    })
    .await;
    eventually("and one is heard", async || world.windows().await.len() == 1).await;
    world.stop.stop();
    running.await.unwrap().unwrap();
}
