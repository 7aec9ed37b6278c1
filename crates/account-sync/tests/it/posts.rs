//! Webhook POSTs as ingress publishes them.

use amqp::{Bus, Exchange, Outgoing};
use bytes::Bytes;
use contracts::{PROTOBUF, SignatureState, WebhookReceived};
use domain::ids::EventId;
use domain::scope::Scope;
use serde_json::{Value, json};

/// Second 0 of what is told below.
pub(crate) const EPOCH: i64 = 1_790_000_000;

/// One change told at `second`.
pub(crate) fn post(id: &str, second: i64, field: &str, value: &Value) -> Bytes {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": id, "time": EPOCH + second,
                   "changes": [{"field": field, "value": value}]}]
    });
    serde_json::to_vec(&body).unwrap().into()
}

pub(crate) async fn publish(bus: &Bus, scope: Option<Scope>, body: Bytes) {
    let received = WebhookReceived {
        event_id: EventId::at(runtime::now()),
        received_at: runtime::now(),
        scope,
        signature: scope.map_or(SignatureState::Mismatch, |_| SignatureState::Valid),
        path: "platform".into(),
        body,
        repeats: 1,
        rejection: contracts::Rejection::default(),
    };
    let outgoing = Outgoing {
        exchange: Exchange::Webhooks,
        routing_key: "account".into(),
        message_id: uuid::Uuid::now_v7(),
        content_type: PROTOBUF,
        traceparent: None,
        body: received.encode(),
    };
    bus.publisher().publish(outgoing).await.unwrap();
}
