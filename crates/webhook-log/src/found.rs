//! A rejected POST that one of its connection's secrets proves; pure.

use amqp::{Exchange, Outgoing};
use contracts::{PROTOBUF, Rejection, SignatureState, WebhookReceived};
use domain::ids::ConnectionId;
use domain::scope::Scope;
use graph_api::signature::{SignatureCheck, SigningKey};
use graph_api::webhook;
use serde_json::{Value, json};
use store::audit::{Actor, Entry};
use store::webhook_events::{Named, Proved, Quarantined};

use crate::outside;
use crate::row::Contents;

/// What was rejected, as it goes on now, and what could be read of it.
pub(crate) struct Found<'a> {
    event: &'a Quarantined,
    post: WebhookReceived,
    contents: Contents,
}

impl<'a> Found<'a> {
    /// Holds a rejected POST against the secrets of its connection.
    pub(crate) fn by(
        secrets: &[(ConnectionId, SigningKey)],
        event: &'a Quarantined,
    ) -> Option<Self> {
        let body = event.body.as_ref()?;
        let is_own = |holder: ConnectionId| holder == event.connection_id;
        let fits = |key: &SigningKey| key.verify(body, Some(&event.signature));
        secrets
            .iter()
            .find(|(holder, key)| is_own(*holder) && fits(key) == SignatureCheck::Valid)?;
        let post = WebhookReceived {
            event_id: event.event_id,
            received_at: event.received_at,
            scope: Some(Scope::Connection(event.connection_id)),
            signature: SignatureState::Valid,
            path: event.path.clone(),
            body: body.clone().into(),
            repeats: 1,
            rejection: Rejection::default(),
        };
        Some(Self { event, contents: Contents::of(body), post })
    }

    /// As ingress would have published it.
    pub(crate) fn outgoing(&self) -> Outgoing {
        Outgoing {
            exchange: Exchange::Webhooks,
            routing_key: self.contents.kinds.to_owned(),
            message_id: self.event.event_id.as_uuid(),
            content_type: PROTOBUF,
            traceparent: None,
            body: self.post.encode(),
        }
    }

    /// What its signature proves, and its body.
    pub(crate) fn says(&self) -> (Scope, &[u8]) {
        (Scope::Connection(self.event.connection_id), &self.post.body)
    }

    /// What its row says from now on; `outside`: beside the items that could not be read.
    pub(crate) fn proved(&self, outside: Vec<Value>) -> Proved {
        let Contents { kinds, item_count, parse_error, poison } = &self.contents;
        let mut poison = poison.clone();
        outside::add(&mut poison, outside);
        Proved {
            event_id: self.event.event_id,
            connection_id: self.event.connection_id,
            kinds: (*kinds).to_owned(),
            item_count: *item_count,
            parse_error: parse_error.clone(),
            poison,
        }
    }

    /// Whom it concerns.
    pub(crate) fn named(&self) -> Named {
        let Contents { kinds, item_count, .. } = &self.contents;
        Named {
            event_id: self.event.event_id,
            received_at: self.event.received_at,
            scope: Scope::Connection(self.event.connection_id),
            waba_ids: webhook::waba_ids(&self.post.body).into_iter().collect(),
            detail: json!({"kinds": kinds, "items": item_count, "path": self.event.path}),
        }
    }

    /// For the audit log of its owner, which names it as rejected already.
    pub(crate) fn line(&self) -> Entry<'_> {
        Entry {
            tenant_id: self.event.tenant_id,
            actor: Actor::Waypost,
            action: "webhook.inbound.reverified",
            subject: None,
            detail: json!({
                "event_id": self.event.event_id,
                "connection_id": self.event.connection_id,
                "kinds": self.contents.kinds,
            }),
        }
    }
}
