//! Webhooks that were kept in Postgres while the bus was away.

use std::sync::Arc;

use amqp::{Exchange, Outgoing};
use contracts::PROTOBUF;
use store::spool::{self, Page, Spooled};

use crate::Shared;
use crate::every::Progress;

/// How many are published at once; each may have 3 MiB.
const PORTION: i64 = 50;

/// Publishes spooled webhooks and forgets those that were confirmed. One that is published twice,
/// because this ended in between, does no harm: consumers know its event id. One that does not open
/// is passed over, and told by a gauge.
pub(crate) async fn publish(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    if !shared.backbone.bus.connected() {
        return Ok(Progress::Idle);
    }
    let client = shared.backbone.db.client().await?;
    let (mut page, mut closed) = (Page::default(), 0);
    loop {
        page = spool::oldest(&client, &shared.backbone.vault, page.last, PORTION).await?;
        closed += page.closed;
        if !page.spooled.is_empty() || page.last.is_none() {
            break;
        }
    }
    if page.last.is_none() {
        shared.metrics.sealed.record(closed as f64, &[]);
    }
    let outgoing = page.spooled.iter().map(outgoing).collect();
    let results = shared.publisher.publish_all(outgoing).await;
    let confirmed: Vec<_> = page
        .spooled
        .iter()
        .zip(&results)
        .filter_map(|(spooled, result)| result.is_ok().then_some(spooled.event_id))
        .collect();
    if !confirmed.is_empty() {
        spool::delete(&client, &confirmed).await?;
        tracing::info!(webhooks = confirmed.len(), "spooled webhooks are back on the bus");
    }
    let all_went = confirmed.len() == page.spooled.len();
    if all_went && page.last.is_some() {
        return Ok(Progress::More);
    }
    Ok(Progress::Idle)
}

fn outgoing(spooled: &Spooled) -> Outgoing {
    Outgoing {
        exchange: Exchange::Webhooks,
        routing_key: spooled.routing_key.clone(),
        message_id: spooled.event_id.as_uuid(),
        content_type: PROTOBUF,
        traceparent: None,
        body: spooled.envelope.clone().into(),
    }
}
