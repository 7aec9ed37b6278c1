//! Webhook POSTs as ingress publishes them.

use amqp::{Bus, Exchange, Outgoing};
use bytes::Bytes;
use contracts::{PROTOBUF, Rejection, SignatureState, WebhookReceived};
use domain::ids::{EventId, MessageId};
use domain::scope::Scope;
use serde_json::{Value, json};
use test_support::Sender;

/// Second 0 of the statuses below.
pub(crate) const EPOCH: i64 = 1_790_000_000;

pub(crate) fn status(message_id: MessageId, word: &str, second: i64) -> Value {
    json!({
        "id": format!("wamid.{message_id}"),
        "status": word,
        "timestamp": (EPOCH + second).to_string(),
        "recipient_id": "14155550101",
        "biz_opaque_callback_data": message_id.to_string(),
    })
}

pub(crate) fn post(sender: &Sender, statuses: &[Value]) -> Bytes {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": sender.waba_id.as_str(), "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": sender.phone_number_id.as_str()},
            "statuses": statuses,
        }}]}]
    });
    serde_json::to_vec(&body).unwrap().into()
}

pub(crate) fn received(body: &Bytes) -> WebhookReceived {
    WebhookReceived {
        event_id: EventId::at(runtime::now()),
        received_at: runtime::now(),
        scope: Some(Scope::Platform),
        signature: SignatureState::Valid,
        path: "platform".into(),
        body: body.clone(),
        repeats: 1,
        rejection: Rejection::default(),
    }
}

pub(crate) async fn publish(bus: &Bus, body: Bytes) {
    let outgoing = Outgoing {
        exchange: Exchange::Webhooks,
        routing_key: "statuses".into(),
        message_id: uuid::Uuid::now_v7(),
        content_type: PROTOBUF,
        traceparent: None,
        body,
    };
    bus.publisher().publish(outgoing).await.unwrap();
}
