//! Webhook POSTs as callers see them.

use chrono::{DateTime, Utc};
use domain::diagnosis;
use domain::ids::{ConnectionId, EventId};
use serde::Serialize;
use serde_json::Value;
use store::webhook_events::Event;
use utoipa::ToSchema;

/// A page of POSTs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEventList {
    /// The POSTs, newest first.
    pub(crate) data: Vec<WebhookEvent>,
    /// For the next page; null on the last.
    pub(crate) next: Option<String>,
}

/// A POST to a webhook URL, as far as it concerns the tenant. Its body is never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEvent {
    /// Its id.
    #[schema(value_type = Uuid)]
    event_id: EventId,
    /// When it came.
    received_at: DateTime<Utc>,
    /// To which webhook URL: `platform`, `tenant` (the connection's own) or `shared`.
    #[schema(example = "tenant")]
    path: String,
    /// `valid`; `refused`; or `reverified`: it was refused, and a secret that was saved later
    /// proved it.
    #[schema(example = "valid")]
    signature: &'static str,
    /// Why it was refused; null: it was not.
    diagnosis: Option<Diagnosis>,
    /// When a secret proved it after all; null: it did not have to, or none has.
    reverified_at: Option<DateTime<Utc>>,
    /// The connections of the tenant that it concerns.
    #[schema(value_type = Vec<Uuid>)]
    connection_ids: Vec<ConnectionId>,
    /// What it carries: `statuses`, `messages`, `account`; or `none`, `unparsed`, `rejected`.
    kinds: Vec<String>,
    /// How many POSTs it stands for: above 1 where a flood of refused ones is summed up.
    repeats: i32,
    /// Whether it concerns the tenant alone, or its own app signed it; else what follows is null.
    is_whole: bool,
    /// How many items it carries, those that cannot be used too.
    item_count: Option<i32>,
    /// How long its body is.
    body_bytes: Option<i32>,
    /// Why the whole body could not be read; null: it could.
    parse_error: Option<String>,
    /// The items that could not be used, each with its place in the body and why; its neighbours
    /// were.
    #[schema(value_type = Option<Vec<Unusable>>)]
    unusable: Option<Value>,
    /// Whether it can be replayed.
    is_replayable: bool,
}

/// An item that could not be used.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Unusable {
    /// Where it stands in the body: a JSON pointer.
    #[schema(example = "/entry/0/changes/0/value/statuses/1")]
    pointer: String,
    /// What is wrong there.
    detail: String,
}

/// Why a signature was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Diagnosis {
    /// A word that does not change.
    #[schema(example = "retired_secret")]
    word: String,
    /// What happened.
    cause: &'static str,
    /// What to do.
    remedy: &'static str,
    /// Whether only its body says that it concerns the tenant: anybody can say so.
    is_claimed: bool,
}

/// What was replayed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replay {
    /// How many POSTs are on their way again.
    pub(crate) replayed: usize,
    /// Where to go on; null: that was all.
    pub(crate) next: Option<String>,
}

impl From<Event> for WebhookEvent {
    fn from(event: Event) -> Self {
        let is_claimed = event.is_claimed;
        let known = |word: String| {
            let known: diagnosis::Diagnosis = word.parse().ok()?;
            Some(Diagnosis { word, cause: known.cause(), remedy: known.remedy(), is_claimed })
        };
        let contents = event.contents;
        let is_refused = event.standing == store::webhook_events::Standing::Refused;
        Self {
            event_id: event.event_id,
            received_at: event.received_at,
            path: event.path,
            signature: event.standing.as_str(),
            diagnosis: event.diagnosis.and_then(known),
            reverified_at: event.reverified_at,
            connection_ids: event.connection_ids,
            kinds: event.kinds.split('.').map(str::to_owned).collect(),
            repeats: event.repeats,
            is_whole: contents.is_some(),
            item_count: contents.as_ref().map(|contents| contents.item_count),
            body_bytes: contents.as_ref().map(|contents| contents.body_bytes),
            parse_error: contents.as_ref().and_then(|contents| contents.parse_error.clone()),
            unusable: contents.map(|contents| contents.poison),
            is_replayable: event.is_kept && !is_refused,
        }
    }
}
