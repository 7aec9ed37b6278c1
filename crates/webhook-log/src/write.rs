//! Events with the lines and notifications that belong to them, in one transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use contracts::WebhookReceived;
use domain::ids::ConnectionId;
use domain::role::Role;
use graph_api::webhook;
use serde_json::json;
use store::notifications::{self, Severity, Trouble};
use store::webhook_events::{self, Healing, Named, NewEvent};
use store::{Client, Transaction, Vault};

use crate::examine::Finding;

/// The kind of a notification about signatures that are refused.
pub(crate) const SIGNATURE: &str = "webhook.signature";

/// One POST, and all that is written of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) event: NewEvent,
    pub(crate) named: Option<Named>,
    pub(crate) findings: Vec<Finding>,
}

/// What a proved event says of whom; `None` when nothing was proved.
pub(crate) fn named(received: &WebhookReceived, event: &NewEvent) -> Option<Named> {
    Some(Named {
        event_id: event.event_id,
        received_at: event.received_at,
        scope: received.scope?,
        waba_ids: webhook::waba_ids(&received.body).into_iter().collect(),
        detail: json!({"kinds": event.kinds, "items": event.item_count, "path": event.path}),
    })
}

/// Writes entries; those that are there already stay as they are. Answers how many were new.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub(crate) async fn write(
    client: &mut Client,
    vault: &Vault,
    entries: &[Entry],
    quiet: Duration,
) -> store::Result<usize> {
    let transaction = client.transaction().await?;
    let events: Vec<NewEvent> = entries.iter().map(|entry| entry.event.clone()).collect();
    let mut inserted = webhook_events::insert(&transaction, vault, &events).await?;
    // One POST may stand in a batch twice.
    let new: Vec<&Entry> =
        entries.iter().filter(|entry| inserted.remove(&entry.event.event_id)).collect();

    let named: Vec<Named> = new.iter().filter_map(|entry| entry.named.clone()).collect();
    if !named.is_empty() {
        webhook_events::attribute(&transaction, &named).await?;
        heal(&transaction, &named, quiet).await?;
    }
    for entry in &new {
        for finding in &entry.findings {
            reject(&transaction, &entry.event, finding).await?;
        }
    }
    raise(&transaction, &new).await?;
    transaction.commit().await?;
    Ok(new.len())
}

pub(crate) async fn heal(
    transaction: &Transaction<'_>,
    named: &[Named],
    quiet: Duration,
) -> store::Result<()> {
    let quiet = TimeDelta::from_std(quiet).unwrap_or(TimeDelta::MAX);
    let healing = Healing { kind: SIGNATURE, quiet };
    webhook_events::heal(transaction, named, healing, runtime::now()).await?;
    Ok(())
}

async fn reject(
    transaction: &Transaction<'_>,
    event: &NewEvent,
    finding: &Finding,
) -> store::Result<()> {
    let detail = json!({
        "diagnosis": finding.diagnosis.as_str(),
        "claimed": finding.is_claimed,
        "repeats": event.repeats,
        "path": event.path,
    });
    let Finding { party, .. } = finding;
    webhook_events::reject(
        transaction,
        event.event_id,
        event.received_at,
        party.tenant_id,
        party.connection_id,
        &detail,
    )
    .await
}

/// One notification for each connection, which counts the POSTs; in the order of connections,
/// so that two batches do not wait for each other.
async fn raise(transaction: &Transaction<'_>, entries: &[&Entry]) -> store::Result<()> {
    let mut told: BTreeMap<ConnectionId, (&Finding, i32)> = BTreeMap::new();
    for entry in entries {
        for found in entry.findings.iter().filter(|found| is_told(found)) {
            let (newest, times) = told.entry(found.party.connection_id).or_insert((found, 0));
            *newest = found;
            *times = times.saturating_add(entry.event.repeats);
        }
    }
    for (connection_id, (found, times)) in told {
        let subject = connection_id.to_string();
        let trouble = Trouble {
            tenant_id: found.party.tenant_id,
            kind: SIGNATURE,
            subject: &subject,
            severity: if found.is_claimed { Severity::Warning } else { Severity::Critical },
            roles: &[Role::Owner, Role::Admin],
            cause: found.diagnosis.cause(),
            remedy: found.diagnosis.remedy(),
        };
        notifications::raise_times(transaction, &trouble, times, runtime::now()).await?;
    }
    Ok(())
}

/// Whether a person should know: not of what heals by itself, and of what only claims to concern
/// them only when it is signed at all.
fn is_told(found: &Finding) -> bool {
    use domain::diagnosis::Diagnosis::{Late, Malformed, Missing};
    match found.diagnosis {
        Late => false,
        Missing | Malformed => !found.is_claimed,
        _ => true,
    }
}

/// What a rejected event keeps beside its body: under whose secrets it may prove good later, and
/// the diagnosis when it concerns one tenant alone.
pub(crate) fn quarantine(event: &mut NewEvent, received: &WebhookReceived, findings: &[Finding]) {
    let [only] = findings else { return };
    event.diagnosis = Some(only.diagnosis.as_str().to_owned());
    if only.party.is_own_app && received.path != "platform" && !received.rejection.body_is_cut {
        event.quarantined_for = Some(only.party.connection_id);
        event.presented_signature.clone_from(&received.rejection.presented);
    }
}
