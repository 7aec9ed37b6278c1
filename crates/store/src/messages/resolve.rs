//! What a person says of a message whose fate is unknown.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::{DeliveryStatus, Resolution};
use domain::ids::{MessageId, TenantId};

use super::{standing_of, status, word};
use crate::Result;

/// What somebody said became of a message.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub resolution: Resolution,
    /// Who, as [`crate::audit::Actor::kind`]; the audit log knows more.
    pub actor_kind: String,
    /// How they know: 1 to 500 characters; not for logs.
    pub reason: Option<String>,
}

/// What came of a resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolve {
    /// It counts, and the message stands here now.
    Resolved(DeliveryStatus),
    /// Its fate is known, or was said before: this is where it stands.
    Stands(DeliveryStatus),
    /// The tenant has no such message.
    Missing,
}

/// Moves a message whose fate is unknown as a person says, and keeps what they said. `sent`: it is
/// accepted; `not_sent`: it is queued again, due now, or expired if its deadline has passed;
/// `failed`: it is given up. Only stage moves: a fact of Meta's, before or after, outweighs it.
///
/// # Errors
/// `Unavailable`; `Unstorable` when the reason is too long, or empty.
pub async fn resolve(
    client: &impl GenericClient,
    tenant_id: TenantId,
    message_id: MessageId,
    said: &Resolved,
) -> Result<Resolve> {
    let statement = client
        .prepare_cached(
            "-- messages::resolve
             WITH resolved AS (
                 UPDATE messages
                 SET    stage          = CASE WHEN $4 = 'sent'      THEN 'accepted'
                                              WHEN $4 = 'failed'    THEN 'failed'
                                              WHEN expires_at <= $3 THEN 'expired'
                                              ELSE 'queued' END,
                        stage_at       = $3,
                        due_at         = $3,
                        sweep_count    = 0,
                        waiting_reason = NULL,
                        not_before     = NULL
                 WHERE  message_id      = $1
                   AND  (tenant_id = $2) IS TRUE -- looked up by message_id alone
                   AND  delivery_status = 'unknown'
                 RETURNING message_id, claim_no, tenant_id, delivery_status
             ),
             told AS (
                 INSERT INTO resolutions (message_id, claim_no, tenant_id, at, resolved_as,
                                          actor_kind, reason)
                 SELECT message_id, claim_no, tenant_id, $3, $4, $5, $6
                 FROM   resolved
             )
             SELECT delivery_status FROM resolved",
        )
        .await?;
    let row = client
        .query_opt(
            &statement,
            &[
                /* message_id  */ &message_id.as_uuid(),
                /* tenant_id   */ &tenant_id.as_uuid(),
                /* at          */ &said.at,
                /* resolved_as */ &said.resolution.as_str(),
                /* actor_kind  */ &said.actor_kind,
                /* reason      */ &said.reason,
            ],
        )
        .await?;
    if let Some(row) = row {
        return Ok(Resolve::Resolved(status(&row)?));
    }
    // Asked anew: the row may have changed while the update waited for it.
    let stands = standing_of(client, tenant_id, message_id).await?;
    Ok(stands.map_or(Resolve::Missing, Resolve::Stands))
}

/// What was said of a message, by time.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub(super) async fn resolutions(
    client: &impl GenericClient,
    message_id: MessageId,
) -> Result<Vec<Resolved>> {
    let statement = client
        .prepare_cached(
            "-- messages::resolutions
             SELECT at, resolved_as, actor_kind, reason
             FROM   resolutions
             WHERE  message_id = $1
             ORDER BY claim_no",
        )
        .await?;
    let rows = client.query(&statement, &[&message_id.as_uuid()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Resolved {
                at: row.get("at"),
                resolution: word(row, "resolved_as")?,
                actor_kind: row.get("actor_kind"),
                reason: row.get("reason"),
            })
        })
        .collect()
}
