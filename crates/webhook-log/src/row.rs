//! From a POST to its row; pure.

use contracts::WebhookReceived;
use domain::diagnosis::Diagnosis;
use domain::scope::Scope;
use graph_api::webhook::{self, RoutingWords, UNPARSED};
use serde_json::{Value, json};
use store::webhook_events::NewEvent;

use crate::diagnose::at_a_glance;

/// The word under which ingress publishes what no secret of ours has signed.
const REJECTED: &str = "rejected";

/// What is kept of a POST.
pub(crate) fn row(received: &WebhookReceived) -> NewEvent {
    let mut event = NewEvent {
        event_id: received.event_id,
        received_at: received.received_at,
        path: received.path.clone(),
        diagnosis: None,
        connection_id: match received.scope {
            Some(Scope::Connection(connection_id)) => Some(connection_id),
            Some(Scope::Platform) | None => None,
        },
        quarantined_for: None,
        presented_signature: None,
        kinds: REJECTED.to_owned(),
        body: received.body.to_vec(),
        item_count: 0,
        parse_error: None,
        poison: json!([]),
        repeats: i32::try_from(received.repeats).unwrap_or(i32::MAX),
    };
    if received.signature.is_valid() {
        let contents = Contents::of(&received.body);
        event.kinds = contents.kinds.to_owned();
        event.item_count = contents.item_count;
        event.parse_error = contents.parse_error;
        event.poison = contents.poison;
    } else {
        let is_summary = received.repeats > 1;
        let glance = if is_summary { Diagnosis::Flood } else { at_a_glance(received.signature) };
        event.diagnosis = Some(glance.as_str().to_owned());
    }
    event
}

/// What could be read of a body. Only a signed one is read: what anybody can post is kept, not parsed.
pub(crate) struct Contents {
    /// Topic words it is routed by.
    pub(crate) kinds: &'static str,
    pub(crate) item_count: i32,
    pub(crate) parse_error: Option<String>,
    pub(crate) poison: Value,
}

impl Contents {
    pub(crate) fn of(body: &[u8]) -> Self {
        let kinds = webhook::routing_words(body).map_or(UNPARSED, RoutingWords::key);
        let (items, parse_error) = match webhook::parse(body) {
            Ok(webhook) => (webhook.items, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let poison = items.iter().filter_map(|item| item.as_ref().err());
        let poison = poison.map(|one| json!({"pointer": one.pointer, "detail": one.detail}));
        Self {
            kinds,
            item_count: i32::try_from(items.len()).unwrap_or(i32::MAX),
            parse_error,
            poison: poison.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contracts::{Rejection, SignatureState};
    use domain::ids::EventId;

    use super::*;

    fn received(body: &str, signature: SignatureState) -> WebhookReceived {
        WebhookReceived {
            event_id: EventId::at(runtime::now()),
            received_at: runtime::now(),
            scope: signature.is_valid().then_some(Scope::Platform),
            signature,
            path: "platform".into(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            repeats: 1,
            rejection: Rejection::default(),
        }
    }

    #[test]
    fn a_signed_post_is_counted_and_its_poison_is_named() {
        let body = r#"{"entry":[{"id":"100","changes":[{"field":"messages","value":{
            "metadata":{"phone_number_id":"200"},
            "statuses":[{"id":"wamid.A","status":"sent","timestamp":"1790000000"}, 7]}}]}]}"#;

        let event = row(&received(body, SignatureState::Valid));

        assert_eq!(event.kinds, "statuses");
        assert_eq!(event.item_count, 2);
        assert_eq!(event.poison[0]["pointer"], "/entry/0/changes/0/value/statuses/1");
        assert_eq!(event.diagnosis, None);
    }

    #[test]
    fn a_signed_body_that_is_no_webhook_keeps_its_parse_error() {
        let event = row(&received("not json", SignatureState::Valid));

        assert_eq!(event.kinds, "unparsed");
        assert!(event.parse_error.unwrap().starts_with("the body is not JSON"));
    }

    #[test]
    fn an_unsigned_post_is_kept_unread_with_its_diagnosis() {
        let event = row(&received("{\"entry\":[]}", SignatureState::Mismatch));

        assert_eq!(event.kinds, "rejected");
        assert_eq!(event.diagnosis.as_deref(), Some("mismatch"));
        assert_eq!(event.item_count, 0);
    }

    #[test]
    fn a_flood_is_one_row_that_says_how_many() {
        let mut summary = received("", SignatureState::Missing);
        summary.repeats = 1_000;

        let event = row(&summary);

        assert_eq!(event.diagnosis.as_deref(), Some("flood"));
        assert_eq!(event.repeats, 1_000);
    }
}
