//! Does what the plan says, each lane one thing after the other.

use std::time::{Duration, Instant};

use crate::plan::{Disturbance, Event, Plan};
use crate::world::{Clocks, Meta, Servers, Services, Ways};

/// Waits for a time of the plan.
pub(super) async fn reach(at_ms: u64, begun: Instant) {
    let at = begun + Duration::from_millis(at_ms);
    tokio::time::sleep_until(at.into()).await;
}

/// Kills processes and starts them again, and lets some join and leave.
pub(super) async fn services(
    events: &[Event],
    services: &mut Services,
    begun: Instant,
) -> anyhow::Result<()> {
    for event in events {
        reach(event.at_ms, begun).await;
        services.look_after_all()?;
        match event.disturbance {
            Disturbance::Kill { part, down_ms } => {
                // One that has left is not there to be killed.
                if services.kill(part).await? {
                    tokio::time::sleep(Duration::from_millis(down_ms)).await;
                    services.start(part)?;
                }
            }
            Disturbance::Join { part } => services.join(part).await?,
            Disturbance::Leave { part, kill: true } => {
                services.kill(part).await?;
            }
            Disturbance::Leave { part, kill: false } => services.leave(part).await?,
            Disturbance::Restart { .. }
            | Disturbance::FlushRedis
            | Disturbance::Stall { .. }
            | Disturbance::FullDisk { .. }
            | Disturbance::Clock { .. }
            | Disturbance::Deaf { .. }
            | Disturbance::Meta { .. } => {}
        }
    }
    services.all_have_left().await
}

/// Sets clocks wrong, and right again.
pub(super) async fn clocks(
    events: &[Event],
    clocks: &Clocks,
    begun: Instant,
) -> anyhow::Result<()> {
    for event in events {
        reach(event.at_ms, begun).await;
        if let Disturbance::Clock { part, step_s, for_ms } = event.disturbance {
            clocks.set(part, step_s)?;
            tokio::time::sleep(Duration::from_millis(for_ms)).await;
            clocks.set(part, 0)?;
        }
    }
    Ok(())
}

/// Takes dispatchers their way to Redis, and gives it back.
pub(super) async fn ways(events: &[Event], ways: &Ways, begun: Instant) {
    for event in events {
        reach(event.at_ms, begun).await;
        if let Disturbance::Deaf { part, for_ms } = event.disturbance {
            ways.block(part);
            tokio::time::sleep(Duration::from_millis(for_ms)).await;
            ways.clear(part);
        }
    }
}

/// Ends, stalls and floods servers.
pub(super) async fn servers(
    events: &[Event],
    servers: &Servers,
    begun: Instant,
) -> anyhow::Result<()> {
    for event in events {
        reach(event.at_ms, begun).await;
        match event.disturbance {
            Disturbance::Restart { server, crash, down_ms } => {
                servers.end(server, crash).await?;
                tokio::time::sleep(Duration::from_millis(down_ms)).await;
                servers.up().await?;
            }
            Disturbance::FlushRedis => servers.flush_redis().await?,
            Disturbance::Stall { server, for_ms } => {
                servers.stall(server);
                tokio::time::sleep(Duration::from_millis(for_ms)).await;
                servers.resume(server);
            }
            Disturbance::FullDisk { for_ms } => {
                servers.fill_disk(true).await?;
                tokio::time::sleep(Duration::from_millis(for_ms)).await;
                servers.fill_disk(false).await?;
            }
            Disturbance::Kill { .. }
            | Disturbance::Join { .. }
            | Disturbance::Leave { .. }
            | Disturbance::Clock { .. }
            | Disturbance::Deaf { .. }
            | Disturbance::Meta { .. } => {}
        }
    }
    Ok(())
}

/// Lets Meta be slow and fail.
pub(super) async fn meta(events: &[Event], meta: &Meta, begun: Instant) -> anyhow::Result<()> {
    for event in events {
        reach(event.at_ms, begun).await;
        if let Disturbance::Meta { trouble, percent, for_ms } = event.disturbance {
            meta.trouble(trouble, percent, for_ms)?;
        }
    }
    Ok(())
}

/// Lets people write.
pub(super) async fn write(plan: &Plan, meta: &Meta, begun: Instant) -> anyhow::Result<()> {
    for writer in &plan.writers {
        reach(writer.at_ms, begun).await;
        meta.receive(writer)?;
    }
    Ok(())
}
