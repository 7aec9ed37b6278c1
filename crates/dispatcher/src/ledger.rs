//! Whom a portfolio has reached, and who hears Redis, as the rows tell.

use backbone::chain;
use limits::{Asked, Ledger, Reached};
use store::{Db, budget, limit_workers};
use uuid::Uuid;

pub(crate) struct Rows(pub(crate) Db);

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

impl Ledger for Rows {
    fn reached<'a>(&'a self, portfolio: &'a str) -> Asked<'a, Reached> {
        told(async move {
            let client = self.0.client().await?;
            // In this order: what begins in between is in both.
            let claimed = budget::claimed(&client, portfolio).await?;
            let people = budget::reached(&client, portfolio, runtime::now()).await?;
            Ok(Reached { people, claimed })
        })
    }

    fn hears(&self, worker: Uuid) -> Asked<'_, bool> {
        told(async move { limit_workers::hears(&self.0.client().await?, worker).await })
    }

    fn hears_not(&self, worker: Uuid, may_go_on: bool) -> Asked<'_, bool> {
        told(
            async move { limit_workers::hears_not(&self.0.client().await?, worker, may_go_on).await },
        )
    }
}

fn told<'a, T>(asked: impl Future<Output = store::Result<T>> + Send + 'a) -> Asked<'a, T> {
    Box::pin(async move { asked.await.map_err(|error| chain(&error)) })
}
