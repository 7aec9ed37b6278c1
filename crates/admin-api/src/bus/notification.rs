use amqp::Delivery;
use contracts::decode_notify;
use serde_json::Value;

use crate::idempotency::{hash, is_key};
use crate::trace;

/// A publication as far as it can be read without looking anything up.
pub(super) struct Notification {
    pub(super) traceparent: Option<String>,
    /// What it says, or why it is to be parked.
    pub(super) request: Result<Request, String>,
}

/// What a publication says.
pub(super) struct Request {
    /// The tenant's id or name.
    pub(super) tenant: String,
    /// Under which key it is done at most once.
    pub(super) key: Option<String>,
    pub(super) request_hash: Vec<u8>,
    /// As `POST /v1/messages` takes it.
    pub(super) body: Value,
}

impl Notification {
    pub(super) fn read(delivery: &Delivery) -> Self {
        let span = tracing::info_span!("notify", otel.kind = "consumer");
        runtime::trace::follow(&span, delivery.traceparent.as_deref());
        let sent = delivery.traceparent.as_deref();
        Self { traceparent: span.in_scope(|| trace::current_or(sent)), request: request(delivery) }
    }
}

fn request(delivery: &Delivery) -> Result<Request, String> {
    let notification = decode_notify(delivery.content_type.as_deref(), &delivery.body)
        .map_err(|error| format!("unreadable: {}", backbone::chain(&error)))?;
    let key = match notification.idempotency_key {
        Some(key) if is_key(&key) => Some(key),
        Some(_) => return Err("idempotency_key must be 1 to 255 visible ASCII characters".into()),
        // The space keeps it apart from every key that a caller can choose.
        None => delivery.message_id.map(|id| format!("message_id {id}")),
    };
    // Of what was meant, not of its bytes: both forms of the same publication are the same.
    let request_hash = hash(&[b"notify", notification.body.to_string().as_bytes()]);
    Ok(Request { tenant: notification.tenant, key, request_hash, body: notification.body })
}
