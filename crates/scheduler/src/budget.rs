//! Room in messaging limits that nobody could foresee when a message was put aside: a limit that was
//! raised, a message that failed and reached nobody.

use std::sync::Arc;

use domain::lane::Lane;
use store::budget::{Full, full, let_ask, reached, usage};

use crate::Shared;
use crate::every::Progress;

/// How many messages of a portfolio are let go at most, in one go.
const PORTION: u32 = 10_000;

const ABOVE_MARKETING: [Lane; 2] = [Lane::Urgent, Lane::Normal];

/// Lets as many messages ask again as there is room for.
pub(crate) async fn see(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    for Full { portfolio, tier } in full(&client).await? {
        let now = runtime::now();
        let mut people = match tier.room(Lane::Urgent, 0) {
            Some(_) => u32::try_from(reached(&client, &portfolio, now).await?.len())?,
            None => 0,
        };
        for lanes in [&ABOVE_MARKETING[..], &[Lane::Bulk]] {
            let room = tier.room(lanes[0], shared.config.budget_reserved);
            let room = room.map_or(PORTION, |room| room.saturating_sub(people).min(PORTION));
            let asking = let_ask(&client, &portfolio, lanes, room.into(), now).await?;
            people = people.saturating_add(u32::try_from(asking)?);
            if asking > 0 {
                tracing::info!(asking, "portfolio {portfolio} has room again: messages ask for it");
            }
        }
    }
    Ok(Progress::Idle)
}

/// Measures which portfolios are near their limits.
pub(crate) async fn measure(shared: Arc<Shared>) -> anyhow::Result<Progress> {
    let client = shared.backbone.db.client().await?;
    let usages = usage(&client, runtime::now()).await?;
    shared.metrics.portfolios.record(&usages);
    Ok(Progress::Idle)
}
