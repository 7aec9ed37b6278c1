//! Words into rows, with a value that cannot be stored kept from spoiling its neighbours.

use std::collections::{BTreeMap, BTreeSet};

use backbone::{Backbone, persist};
use chrono::{DateTime, Utc};
use domain::ids::ConnectionId;
use runtime::{Stop, Stopped};
use store::accounts::wabas::LimitChanged;
use store::accounts::{numbers, wabas};
use store::notifications::Severity;
use store::{Error, Transaction, account_events, notifications, templates};

use crate::map::{Column, Mapped, Part};
use crate::note::{LIMIT, Note};

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// The connections whose accounts, numbers or templates are other than before.
    pub(crate) connections: BTreeSet<ConnectionId>,
    /// How many rows were changed.
    pub(crate) touched: usize,
    /// Why pieces of news cannot be stored at all.
    pub(crate) refused: Vec<Error>,
}

/// Writes all that a batch says. While the database is away it waits; only a stop ends the wait.
/// One statement for each kind of word; if a value is refused, one for each half, down to the
/// culprit.
pub(crate) async fn apply(
    backbone: &Backbone,
    mapped: Mapped,
    stop: &Stop,
) -> Result<Applied, Stopped> {
    let (parts, notes) = mapped.into_parts();
    put(backbone, parts, &notes, stop).await
}

/// Writes `parts`, the last one first, and tells `notes` of what is new.
pub(crate) async fn put(
    backbone: &Backbone,
    mut parts: Vec<Part>,
    notes: &BTreeMap<String, Note>,
    stop: &Stop,
) -> Result<Applied, Stopped> {
    let mut applied = Applied::default();
    while let Some(mut part) = parts.pop() {
        let attempt = async || write(backbone, &part, notes).await;
        match persist(stop, attempt).await? {
            Ok(touched) => {
                applied.touched += touched.len();
                applied.connections.extend(touched.into_iter().flatten());
            }
            Err(error) if part.len() < 2 => applied.refused.push(error),
            Err(_) => {
                let second_half = part.split_off(part.len() / 2);
                parts.extend([second_half, part]);
            }
        }
    }
    Ok(applied)
}

/// Writes one part; answers for each row that it changed the connection whose standing it tells of.
async fn write(
    backbone: &Backbone,
    part: &Part,
    notes: &BTreeMap<String, Note>,
) -> store::Result<Vec<Option<ConnectionId>>> {
    let mut client = backbone.db.client().await?;
    let now = runtime::now();
    match part {
        Part::Events(events) => {
            // What is told of an event is told once, like the event itself.
            let transaction = client.transaction().await?;
            let new = account_events::keep(&transaction, &backbone.vault, events).await?;
            for (key, tenant_id) in &new {
                if let Some(note) = notes.get(key) {
                    notifications::raise(&transaction, &note.of(*tenant_id), now).await?;
                }
            }
            transaction.commit().await?;
            Ok(new.into_values().map(|_| None).collect())
        }
        Part::Limits(limits) => {
            let transaction = client.transaction().await?;
            let changed = wabas::put_limits(&transaction, limits).await?;
            for limit in &changed {
                tell_of_limit(&transaction, limit, now).await?;
            }
            transaction.commit().await?;
            Ok(changed.into_iter().map(|limit| Some(limit.connection_id)).collect())
        }
        Part::Heard(heard) => {
            templates::hear(&client, heard, now).await?;
            Ok(Vec::new())
        }
        Part::Words(column, told) => {
            let touched = match column {
                Column::Status => wabas::put_status(&client, told).await,
                Column::Granted => wabas::put_granted(&client, told).await,
                Column::Review => wabas::put_review(&client, told).await,
                Column::NumberStatus => numbers::put_status(&client, told).await,
                Column::NumberName => numbers::put_name_status(&client, told).await,
                Column::TemplateStatus => templates::put_status(&client, told).await,
                Column::TemplateQuality => templates::put_quality(&client, told).await,
                Column::TemplateCategory => templates::put_category(&client, told).await,
                Column::TemplateCorrection => templates::put_correct_category(&client, told).await,
                Column::TemplateComponents => templates::put_components(&client, told).await,
            };
            Ok(touched?.into_iter().map(|touched| Some(touched.connection_id)).collect())
        }
        Part::Ask(accounts) => {
            wabas::ask_soon(&client, accounts, now).await?;
            Ok(Vec::new())
        }
    }
}

/// A limit that was not known before is no news. One that rises ends the warning of its fall.
async fn tell_of_limit(
    transaction: &Transaction<'_>,
    limit: &LimitChanged,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let Some(before) = limit.before.as_deref() else { return Ok(()) };
    let note = Note::of_limit(&limit.waba_id, Some(before), &limit.tier);
    if note.severity == Severity::Info {
        notifications::clear(transaction, limit.tenant_id, LIMIT, &limit.waba_id, now).await?;
    }
    notifications::raise(transaction, &note.of(limit.tenant_id), now).await?;
    Ok(())
}
