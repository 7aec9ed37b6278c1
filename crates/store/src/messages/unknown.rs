//! Messages whose fate is unknown, as an operator looks for them: over all tenants.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{MessageId, PhoneNumberId, TenantId};
use domain::lane::{Lane, OnUnknown};

use super::{id, word};
use crate::Result;

/// A message whose fate is unknown.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// The message.
    pub message_id: MessageId,
    /// Name of its owner.
    pub tenant: String,
    /// The number it was sent from.
    pub phone_number_id: PhoneNumberId,
    /// To whom; not for logs.
    pub recipient: String,
    /// Meta's `type`.
    pub message_type: String,
    /// The queue it went through.
    pub lane: Lane,
    /// What Waypost does about it by itself; `retry` does nothing past the deadline.
    pub on_unknown: OnUnknown,
    /// Since when its fate is unknown.
    pub since: DateTime<Utc>,
    /// Its deadline.
    pub expires_at: DateTime<Utc>,
    /// What went wrong with the last attempt; `None` when its worker died.
    pub error: Option<String>,
}

/// Which of them are to be listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnknownFilter {
    /// Only of this tenant.
    pub tenant_id: Option<TenantId>,
    /// Only those that have been unknown since this instant or longer.
    pub until: Option<DateTime<Utc>>,
}

/// Up to `limit` messages whose fate is unknown, the oldest first.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn unknown(
    client: &impl GenericClient,
    filter: UnknownFilter,
    limit: i64,
) -> Result<Vec<Unknown>> {
    let statement = client
        .prepare_cached(
            "-- messages::unknown
             SELECT m.message_id, t.name AS tenant, m.phone_number_id, m.recipient,
                    m.message_type, m.lane, m.on_unknown, m.stage_at, m.expires_at, a.error
             FROM   messages m
             JOIN   tenants t USING (tenant_id)
             LEFT JOIN attempts a ON a.message_id = m.message_id
                                 AND a.attempt_no = m.begun_claim_no
             WHERE  m.stage           = 'unknown'
               AND  m.delivery_status = 'unknown'
               AND  ($1::uuid        IS NULL OR m.tenant_id = $1)
               AND  ($2::timestamptz IS NULL OR m.stage_at <= $2)
             ORDER BY m.stage_at
             LIMIT  $3",
        )
        .await?;
    let tenant_id = filter.tenant_id.map(TenantId::as_uuid);
    let rows = client.query(&statement, &[&tenant_id, &filter.until, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Unknown {
                message_id: MessageId::from_uuid(row.get("message_id")),
                tenant: row.get("tenant"),
                phone_number_id: id(row, "phone_number_id")?,
                recipient: row.get("recipient"),
                message_type: row.get("message_type"),
                lane: word(row, "lane")?,
                on_unknown: word(row, "on_unknown")?,
                since: row.get("stage_at"),
                expires_at: row.get("expires_at"),
                error: row.get("error"),
            })
        })
        .collect()
}

/// Whose message it is; for an operator, who acts for all tenants.
///
/// # Errors
/// `Unavailable`.
pub async fn owner(client: &impl GenericClient, message_id: MessageId) -> Result<Option<TenantId>> {
    let statement = client
        .prepare_cached(
            "-- messages::owner
             SELECT tenant_id
             FROM   messages
             WHERE  message_id = $1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&message_id.as_uuid()]).await?;
    Ok(row.map(|row| TenantId::from_uuid(row.get("tenant_id"))))
}
