//! What a proved POST names beyond what its signature reaches.

use std::collections::HashSet;

use deadpool_postgres::GenericClient;
use domain::ids::{PhoneNumberId, WabaId};
use domain::scope::Scope;
use uuid::Uuid;

use crate::Result;

/// An account, and a number where one is named, under what a signature proved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reach {
    /// What the signature proved.
    pub scope: Scope,
    /// The account, or a portfolio.
    pub waba_id: WabaId,
    /// The number, which must be one of the account.
    pub phone_number_id: Option<PhoneNumberId>,
}

/// Keeps those that the scope does not reach: nobody takes what is said of them. Whether they are
/// somebody else's or nobody's is not told.
///
/// # Errors
/// `Unavailable`.
pub async fn outside(
    client: &impl GenericClient,
    reaches: HashSet<Reach>,
) -> Result<HashSet<Reach>> {
    if reaches.is_empty() {
        return Ok(reaches);
    }
    let mut reaches: Vec<Option<Reach>> = reaches.into_iter().map(Some).collect();
    let each = || reaches.iter().flatten();
    let proved: Vec<Option<Uuid>> = each().map(|reach| connection(reach.scope)).collect();
    let wabas: Vec<&str> = each().map(|reach| reach.waba_id.as_str()).collect();
    let numbers: Vec<Option<&str>> =
        each().map(|reach| reach.phone_number_id.as_ref().map(PhoneNumberId::as_str)).collect();
    let statement = client
        .prepare_cached(
            "-- webhook_events::outside
             SELECT u.ordinal
             FROM   UNNEST($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY
                    AS u (proved, waba_id, phone_number_id, ordinal)
             WHERE  NOT EXISTS (
                 SELECT
                 FROM   wabas w
                 JOIN   connections c USING (connection_id)
                 WHERE  u.phone_number_id IS NULL
                   AND  u.waba_id IN (w.waba_id, w.portfolio_id)
                   AND  in_scope(u.proved, c.connection_id, c.kind)
             )
               AND  NOT EXISTS (
                 SELECT
                 FROM   phone_numbers n
                 JOIN   connections   c USING (connection_id)
                 WHERE  n.phone_number_id = u.phone_number_id
                   AND  n.waba_id         = u.waba_id
                   AND  in_scope(u.proved, c.connection_id, c.kind)
             )",
        )
        .await?;
    let rows = client.query(&statement, &[&proved, &wabas, &numbers]).await?;
    let indices = rows.iter().map(|row| usize::try_from(row.get::<_, i64>("ordinal") - 1));
    Ok(indices.filter_map(|index| reaches.get_mut(index.ok()?)?.take()).collect())
}

fn connection(scope: Scope) -> Option<Uuid> {
    match scope {
        Scope::Platform => None,
        Scope::Connection(connection_id) => Some(connection_id.as_uuid()),
    }
}
