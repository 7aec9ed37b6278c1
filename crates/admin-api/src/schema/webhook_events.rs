//! What requests about webhook POSTs look like, for the API document.

use chrono::{DateTime, Utc};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which POSTs a list shows. Another parameter is refused.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `query::webhook_events` reads")]
pub(crate) struct WebhookEventParameters {
    /// How many POSTs a page holds, default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u8>,
    /// `next` of the page before; to be sent with the same filters.
    cursor: Option<String>,
    /// Only received at or after this instant (RFC 3339), default 24 hours before `until`.
    since: Option<DateTime<Utc>>,
    /// Only received before this instant, default now.
    until: Option<DateTime<Utc>>,
    /// Only those whose signature stands so: `valid`, `refused` or `reverified`.
    signature: Option<String>,
    /// Only those that carry this: `statuses`, `messages`, `account`, `none`, `unparsed` or
    /// `rejected`.
    kind: Option<String>,
    /// Only those that concern this connection.
    connection_id: Option<Uuid>,
}

/// A stretch of time.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::webhook_events` reads")]
pub(crate) struct ReplayRequest {
    /// Its begin.
    since: DateTime<Utc>,
    /// Its end, default now.
    until: Option<DateTime<Utc>>,
    /// `next` of the call before.
    cursor: Option<String>,
}
