//! What may stand on a queue, and what is to become of it.

use amqp::{Exchange, Queue};
use bytes::Bytes;
use contracts::{
    DispatchJob, EnqueueNotification, JSON, PROTOBUF, Rejection, SignatureState, WebhookReceived,
};
use domain::ids::{ConnectionId, EventId, MessageId, TenantId};
use domain::lane::Lane;
use domain::scope::Scope;
use runtime::now;
use serde_json::{Value, json};
use test_support::Sender;
use uuid::Uuid;

use super::scene::{Address, Scene, address};

/// A message of the bus before it is published.
#[derive(Clone)]
pub(super) struct Letter {
    pub(super) name: &'static str,
    pub(super) address: Address,
    pub(super) message_id: Uuid,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    /// A part of the reason for which a queue parks it; `None` where it is done.
    pub(super) parked: fn(Queue) -> Option<&'static str>,
}

impl Letter {
    pub(super) fn new(name: &'static str, address: Address, body: Bytes) -> Self {
        let message_id = Uuid::now_v7();
        Self { name, address, message_id, content_type: PROTOBUF, body, parked: |_| None }
    }

    fn labelled(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }

    fn parked(self, parked: fn(Queue) -> Option<&'static str>) -> Self {
        Self { parked, ..self }
    }
}

/// Protobuf fields that stand behind an encoded message: the last word on a field counts.
fn with(message: &Bytes, fields: &[u8]) -> Bytes {
    [message, fields].concat().into()
}

/// A text in field 99, which no version has yet.
const LATER_FIELD: &[u8] = b"\x9a\x06\x02hi";

/// The bad letters of every queue. One that all of several queues receive stands here once.
pub(super) fn bad(scene: &Scene) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for queue in Queue::ALL {
        if letters.iter().any(|letter| letter.address == address(queue)) {
            continue;
        }
        letters.extend(match queue {
            Queue::Notify => notifications(scene),
            Queue::DispatchUrgent => jobs(scene, Lane::Urgent),
            Queue::DispatchNormal => jobs(scene, Lane::Normal),
            Queue::DispatchBulk => jobs(scene, Lane::Bulk),
            Queue::StatusMapper | Queue::Inbox | Queue::AccountSync | Queue::WebhookLog => {
                posts(scene)
            }
        });
    }
    letters
}

/// What no queue can read.
fn unreadable(address: Address) -> Vec<Letter> {
    let letter = |name, body: &'static [u8]| Letter::new(name, address, Bytes::from_static(body));
    let not_protobuf = |_| Some("not the protobuf message");
    vec![
        letter("no protobuf", &[0xff; 40]).parked(not_protobuf),
        letter("half a field", b"\x0a\x10\x00\x01").parked(not_protobuf),
        letter("a field of another type", b"\x08\x01").parked(not_protobuf),
        letter("nothing", b"").parked(|queue| {
            Some(match address_kind(queue) {
                Exchange::Notify => "field tenant is required",
                Exchange::Dispatch => "field tenant_id must be 16 bytes",
                Exchange::Webhooks => "field event_id must be 16 bytes",
            })
        }),
    ]
}

fn address_kind(queue: Queue) -> Exchange {
    address(queue).0
}

fn notifications(scene: &Scene) -> Vec<Letter> {
    let address = address(Queue::Notify);
    let good = notification(scene, "bad");
    let letter = |name, notification: &EnqueueNotification| {
        Letter::new(name, address, notification.encode())
    };
    let of = |tenant: String| EnqueueNotification { tenant, ..good.clone() };
    let mut anothers = good.clone();
    anothers.body["from"] = json!(scene.other.phone_number_id.as_str());
    let mut letters = unreadable(address);
    letters.extend([
        Letter::new("protobuf that is called JSON", address, good.encode())
            .labelled(JSON)
            .parked(|_| Some("body is not JSON")),
        Letter::new("JSON that is none", address, Bytes::from_static(b"{\"tenant\": "))
            .labelled("text/plain")
            .parked(|_| Some("body is not JSON")),
        letter("a tenant by a name nobody has", &of("nobody".into()))
            .parked(|_| Some("the tenant is not known")),
        letter("a tenant by an id nobody has", &of(Uuid::now_v7().to_string()))
            .parked(|_| Some("the tenant is not known")),
        letter("another tenant's number", &anothers).parked(|_| Some("/from: is not")),
        Letter::new("an older one without a message", address, Bytes::from_static(b"\x0a\x04acme"))
            .parked(|_| Some("field message_json is required")),
        Letter::new("a lane of a later version", address, with(&good.encode(), b"\x30\x09"))
            .parked(|_| Some("field lane must be")),
    ]);
    letters
}

fn jobs(scene: &Scene, lane: Lane) -> Vec<Letter> {
    let address = (Exchange::Dispatch, lane.as_str());
    let job = |name, tenant_id, message_id| {
        Letter::new(
            name,
            address,
            DispatchJob { tenant_id, message_ids: vec![message_id] }.encode(),
        )
    };
    let acme = scene.acme.tenant_id;
    let nobodys = MessageId::at(now());
    let tenant_alone = [b"\x0a\x10", &acme.as_uuid().as_bytes()[..]].concat();
    let mut letters = unreadable(address);
    letters.extend([
        Letter::new("JSON", address, Bytes::from_static(b"{\"message_id\": 7}"))
            .labelled(JSON)
            .parked(|_| Some("not the protobuf message")),
        Letter::new("an older one without a message", address, tenant_alone.into())
            .parked(|_| Some("field message_ids is required")),
        job("a message that is not there", acme, nobodys),
        job("a tenant that is not there", TenantId::from_uuid(Uuid::now_v7()), scene.bystander),
        job("another tenant's message", acme, scene.bystander),
    ]);
    letters
}

fn posts(scene: &Scene) -> Vec<Letter> {
    let address = address(Queue::StatusMapper);
    let post = |name, received: &WebhookReceived| Letter::new(name, address, received.encode());
    let about = |sender: &Sender, message_id| webhook(scene, sender, message_id);
    let good = about(&scene.other, scene.bystander);
    let signed = |scope| WebhookReceived { scope: Some(scope), ..received(&good) };
    let unsigned =
        WebhookReceived { scope: None, signature: SignatureState::Mismatch, ..received(&good) };
    let no_json = WebhookReceived { body: Bytes::from_static(b"{"), ..received(&good) };
    let mut strange = good.clone();
    strange["entry"][0]["id"] = json!("1\u{0}");
    strange["entry"][0]["changes"][0]["value"]["statuses"][0]["recipient_id"] = json!("\u{0}");
    let nobodys = Sender {
        waba_id: "99998".parse().unwrap(),
        phone_number_id: "99999".parse().unwrap(),
        ..scene.acme.clone()
    };
    let unknown = ConnectionId::from_uuid(Uuid::now_v7());
    // The log keeps what the others cannot read.
    let all_but_the_log = |queue| (queue != Queue::WebhookLog).then_some("");
    let mut letters = unreadable(address);
    letters.extend([
        Letter::new("JSON", address, Bytes::from_static(b"{\"entry\": []}"))
            .labelled(JSON)
            .parked(|_| Some("not the protobuf message")),
        Letter::new("a later signature", address, with(&received(&good).encode(), b"\x28\x09"))
            .parked(|_| Some("field signature must be")),
        Letter::new("an unchecked signature", address, with(&received(&good).encode(), b"\x28\0"))
            .parked(|_| Some("field signature is required")),
        post("a body that is no webhook", &no_json).parked(all_but_the_log),
        post("a body that nobody signed", &unsigned).parked(all_but_the_log),
        post("what no column can hold", &received(&strange)),
        post("accounts and messages of nobody", &received(&about(&nobodys, MessageId::at(now())))),
        post("another's connection", &signed(Scope::Connection(scene.acme.connection_id))),
        post("a connection that is not there", &signed(Scope::Connection(unknown))),
    ]);
    letters
}

/// What a letter of its queue says that will be done; a later version of it says more.
pub(super) fn good(scene: &Scene, queue: Queue, message_id: MessageId) -> Letter {
    let body = match queue {
        Queue::Notify => notification(scene, "good").encode(),
        Queue::DispatchUrgent | Queue::DispatchNormal | Queue::DispatchBulk => {
            DispatchJob { tenant_id: scene.acme.tenant_id, message_ids: vec![message_id] }.encode()
        }
        Queue::StatusMapper | Queue::Inbox | Queue::AccountSync | Queue::WebhookLog => {
            received(&webhook(scene, &scene.acme, message_id)).encode()
        }
    };
    // Nobody who can read it looks at what it is called.
    Letter::new("a good one", address(queue), with(&body, LATER_FIELD)).labelled("image/png")
}

fn notification(scene: &Scene, text: &str) -> EnqueueNotification {
    let (person, _) = scene.person_and_second();
    let from = scene.acme.phone_number_id.as_str();
    let body = json!({ "from": from, "to": format!("+49171{person:07}"),
                       "type": "text", "text": { "body": text } });
    EnqueueNotification { tenant: "acme".into(), idempotency_key: None, body }
}

fn received(body: &Value) -> WebhookReceived {
    WebhookReceived {
        event_id: EventId::at(now()),
        received_at: now(),
        scope: Some(Scope::Platform),
        signature: SignatureState::Valid,
        path: "platform".into(),
        body: body.to_string().into(),
        repeats: 1,
        rejection: Rejection::default(),
    }
}

/// One POST with something for every queue of webhooks. Each has its own person and second, so that
/// what it does can be told from what others do.
fn webhook(scene: &Scene, sender: &Sender, message_id: MessageId) -> Value {
    let (nth, second) = scene.person_and_second();
    let metadata = json!({ "phone_number_id": sender.phone_number_id.as_str() });
    let status = json!({ "id": format!("wamid.{message_id}"), "status": "delivered",
                         "timestamp": second.to_string(), "recipient_id": "14155550101",
                         "biz_opaque_callback_data": message_id.to_string() });
    let message = json!({ "from": format!("49171{nth:07}"), "id": format!("wamid.in.{message_id}"),
                          "timestamp": second.to_string(), "type": "text",
                          "text": { "body": "Where is my parcel?" } });
    json!({ "object": "whatsapp_business_account", "entry": [{
        "id": sender.waba_id.as_str(), "time": second, "changes": [
            { "field": "messages", "value": { "metadata": metadata, "statuses": [status] } },
            { "field": "messages", "value": { "metadata": metadata, "messages": [message] } },
            { "field": "account_review_update", "value": { "decision": "APPROVED" } },
        ],
    }] })
}
