//! Whom a portfolio has reached, as the rows tell.

use std::pin::Pin;

use backbone::chain;
use limits::{Ledger, Reached};
use store::{Db, budget};

pub(crate) struct Rows(pub(crate) Db);

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

impl Ledger for Rows {
    fn reached<'a>(
        &'a self,
        portfolio: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Reached, String>> + Send + 'a>> {
        Box::pin(async move {
            let read = async {
                let client = self.0.client().await?;
                // In this order: what begins in between is in both.
                let claimed = budget::claimed(&client, portfolio).await?;
                let people = budget::reached(&client, portfolio, runtime::now()).await?;
                Ok(Reached { people, claimed })
            };
            read.await.map_err(|error: store::Error| chain(&error))
        })
    }
}
