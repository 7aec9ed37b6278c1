//! What rows say of a connection, made known: notifications and its status.

use backbone::{Backbone, persist};
use domain::ids::ConnectionId;
use domain::role::Role;
use runtime::{Stop, Stopped};
use store::connections::{self, Status, open_token};
use store::notifications::{self, Trouble};
use store::sync::{self, Facts};

use crate::config::Watch;
use crate::drift::{Finding, KINDS, Patience, drift};

/// Judges a connection by its rows. While the database is away it waits; only a stop ends the wait.
/// What cannot be judged is logged, and judged again when its time comes.
pub(crate) async fn judge(
    backbone: &Backbone,
    watch: &Watch,
    connection_id: ConnectionId,
    stop: &Stop,
) -> Result<(), Stopped> {
    let judged = persist(stop, || judge_once(backbone, watch, connection_id)).await?;
    if let Err(error) = judged {
        let error = backbone::chain(&error);
        tracing::error!(
            connection.id = %connection_id,
            error,
            "connection {connection_id} cannot be judged"
        );
    }
    Ok(())
}

async fn judge_once(
    backbone: &Backbone,
    watch: &Watch,
    connection_id: ConnectionId,
) -> store::Result<()> {
    let mut client = backbone.db.client().await?;
    let transaction = client.transaction().await?;
    // From here on nobody else judges it, so that what is read is what is told.
    let Some(tenant_id) = sync::judge(&transaction, connection_id).await? else { return Ok(()) };
    let now = runtime::now();
    let patience = Patience::of(watch);
    let few = i64::from(watch.messages);
    let facts =
        sync::facts(&transaction, tenant_id, connection_id, patience.grace, few, now).await?;
    let Some(facts) = facts else { return Ok(()) };
    let found = match facts.connection.status {
        Status::Disconnected => Vec::new(),
        Status::Active | Status::NeedsAttention => {
            let sealed = facts.connection.sealed_token.as_deref();
            let has_token = sealed
                .is_some_and(|sealed| open_token(&backbone.vault, connection_id, sealed).is_ok());
            drift(&facts, has_token, &patience, now)
        }
    };
    let subjects = subjects(&facts);
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let troubles: Vec<Trouble<'_>> = found
        .iter()
        .map(|finding| Trouble {
            tenant_id,
            kind: finding.kind,
            subject: &finding.subject,
            severity: finding.severity,
            roles: &[Role::Owner, Role::Admin],
            cause: &finding.cause,
            remedy: finding.remedy,
        })
        .collect();
    let raised =
        notifications::reconcile(&transaction, tenant_id, &KINDS, &subjects, &troubles, now)
            .await?;
    let worst = found
        .iter()
        .filter(|finding| finding.needs_attention())
        .max_by_key(|finding| finding.rank());
    let reason = worst.map(Finding::reason);
    connections::stands(&transaction, connection_id, reason.as_deref()).await?;
    transaction.commit().await?;
    if raised > 0 {
        tracing::warn!(
            connection.id = %connection_id,
            raised,
            "connection {connection_id} has new trouble"
        );
    }
    Ok(())
}

/// Everything that a finding about this connection may be about.
fn subjects(facts: &Facts) -> Vec<String> {
    let mut subjects = vec![facts.connection.connection_id.to_string()];
    subjects.extend(facts.accounts.iter().map(|account| account.waba_id.clone()));
    subjects.extend(facts.numbers.iter().map(|number| number.phone_number_id.clone()));
    subjects
}
