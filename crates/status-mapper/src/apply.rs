//! News into rows, with a value that cannot be stored kept from spoiling its neighbours.

use backbone::persist;
use runtime::{Stop, Stopped};
use store::statuses::{self, Merged, News};
use store::{Db, Error, orphans};

use crate::map::Mapped;

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// The messages that were reached.
    pub(crate) merged: Vec<Merged>,
    /// Pieces of news that reached none: another system's, or out of scope.
    pub(crate) unmatched: usize,
    /// Facts kept until somebody stores their wamid.
    pub(crate) orphaned: u64,
    /// Why pieces of news cannot be stored at all.
    pub(crate) refused: Vec<Error>,
}

/// Writes all that a batch says. While the database is away it waits; only a stop ends the wait.
pub(crate) async fn apply(db: &Db, mut mapped: Mapped, stop: &Stop) -> Result<Applied, Stopped> {
    let mut applied = Applied::default();
    resolve_strays(db, &mut mapped, &mut applied, stop).await?;
    let (news, orphans) = mapped.into_parts();
    let total = news.len();
    merge(db, news, &mut applied, stop).await?;
    applied.unmatched = total.saturating_sub(applied.merged.len() + applied.refused.len());
    if !orphans.is_empty() {
        let keep = async || orphans::keep(&db.client().await?, &orphans, runtime::now()).await;
        match persist(stop, keep).await? {
            Ok(kept) => applied.orphaned = kept,
            Err(error) => applied.refused.push(error),
        }
    }
    Ok(applied)
}

async fn resolve_strays(
    db: &Db,
    mapped: &mut Mapped,
    applied: &mut Applied,
    stop: &Stop,
) -> Result<(), Stopped> {
    let wamids = mapped.stray_wamids();
    if wamids.is_empty() {
        return Ok(());
    }
    let find = async || statuses::find_by_wamid(&db.client().await?, &wamids).await;
    match persist(stop, find).await? {
        Ok(found) => mapped.resolve_strays(|key| found.get(key).copied()),
        Err(error) => applied.refused.push(error),
    }
    Ok(())
}

/// One statement for all; if a value is refused, one for each half, down to the culprit.
async fn merge(
    db: &Db,
    news: Vec<News>,
    applied: &mut Applied,
    stop: &Stop,
) -> Result<(), Stopped> {
    let mut batches = vec![news];
    while let Some(mut batch) = batches.pop() {
        if batch.is_empty() {
            continue;
        }
        let merge = async || statuses::merge(&db.client().await?, &batch).await;
        match persist(stop, merge).await? {
            Ok(merged) => applied.merged.extend(merged),
            Err(error) if batch.len() == 1 => applied.refused.push(error),
            Err(_) => {
                let second_half = batch.split_off(batch.len() / 2);
                batches.extend([second_half, batch]);
            }
        }
    }
    Ok(())
}
