//! What stands in the database of the demo's messages.

use std::collections::BTreeMap;

use domain::ids::{MessageId, TenantId};
use store::messages::{self, Filter, Summary};
use store::{Client, Error};

use super::plan::{Planned, index_of};

/// A look at all messages.
pub(super) struct Seen {
    /// The row of each planned message, in the plan's order.
    pub(super) rows: Vec<Option<Summary>>,
    /// Rows beside those: a message that became two.
    pub(super) surplus: usize,
    /// How many are where their fates lead.
    pub(super) arrived: usize,
}

/// Looks at all messages of the tenant.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn look(
    client: &Client,
    tenant_id: TenantId,
    plan: &[Planned],
) -> Result<Seen, Error> {
    let limit = i64::try_from(plan.len() * 2).unwrap_or(i64::MAX);
    let found = messages::list(client, tenant_id, &Filter::default(), limit).await?;
    let mut rows = vec![None; plan.len()];
    let mut surplus = 0;
    for row in found {
        match row.client_data.as_deref().and_then(index_of).and_then(|index| rows.get_mut(index)) {
            Some(place @ None) => *place = Some(row),
            Some(Some(_)) | None => surplus += 1,
        }
    }
    let arrived = plan.iter().zip(&rows).filter(|(planned, row)| is_there(planned, row)).count();
    Ok(Seen { rows, surplus, arrived })
}

/// Whether a message is where its fate leads.
pub(super) fn is_there(planned: &Planned, row: &Option<Summary>) -> bool {
    row.as_ref().is_some_and(|row| planned.fate.is_fulfilled(row))
}

impl Seen {
    /// How many messages stand in each state.
    pub(super) fn by_status(&self) -> BTreeMap<String, usize> {
        count(self.found().map(|row| row.status.to_string()))
    }

    /// How many failed with each code.
    pub(super) fn by_code(&self) -> BTreeMap<i32, usize> {
        count(self.found().filter_map(|row| row.error_code))
    }

    /// How many there are of each of Meta's types.
    pub(super) fn by_type(&self) -> BTreeMap<String, usize> {
        count(self.found().map(|row| row.message_type.clone()))
    }

    /// How many were read.
    pub(super) fn read(&self) -> usize {
        self.found().filter(|row| row.opened_at.is_some()).count()
    }

    /// How many wait, by reason.
    pub(super) fn waiting(&self) -> BTreeMap<String, usize> {
        let queued = self.found().filter(|row| row.accepted_at.is_none());
        count(queued.filter_map(|row| row.waiting_reason).map(|reason| reason.to_string()))
    }

    /// From the row to Meta's answer, in milliseconds, ascending.
    pub(super) fn latencies_ms(&self) -> Vec<i64> {
        let latency = |row: &Summary| Some((row.accepted_at? - row.created_at).num_milliseconds());
        let mut latencies: Vec<i64> = self.found().filter_map(latency).collect();
        latencies.sort_unstable();
        latencies
    }

    /// The message at a place of the plan.
    pub(super) fn id_of(&self, planned: &Planned) -> Option<MessageId> {
        self.rows.get(planned.index)?.as_ref().map(|row| row.message_id)
    }

    /// All rows.
    fn found(&self) -> impl Iterator<Item = &Summary> {
        self.rows.iter().flatten()
    }
}

/// How often each item occurs.
pub(super) fn count<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}
