use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::delivery::DeliveryStatus;
use domain::ids::{MessageId, TenantId};

use super::standing_of;
use crate::Result;

/// What came of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// It will not be sent.
    Cancelled,
    /// Too late, or done before: this is where it stands.
    Stands(DeliveryStatus),
    /// The tenant has no such message.
    Missing,
}

/// Cancels a message that waits; one that is being sent or was sent stays as it is.
///
/// # Errors
/// `Unavailable`.
pub async fn cancel(
    client: &impl GenericClient,
    tenant_id: TenantId,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> Result<Cancel> {
    let statement = client
        .prepare_cached(
            "-- messages::cancel
             UPDATE messages
             SET    stage          = 'cancelled',
                    stage_at       = $3,
                    waiting_reason = NULL,
                    not_before     = NULL
             WHERE  message_id      = $1
               AND  (tenant_id = $2) IS TRUE -- looked up by message_id alone
               AND  delivery_status = 'queued'",
        )
        .await?;
    let (message, tenant) = (message_id.as_uuid(), tenant_id.as_uuid());
    if client.execute(&statement, &[&message, &tenant, &now]).await? == 1 {
        return Ok(Cancel::Cancelled);
    }
    // Asked anew: the row may have changed while the update waited for it.
    let stands = standing_of(client, tenant_id, message_id).await?;
    Ok(stands.map_or(Cancel::Missing, Cancel::Stands))
}
