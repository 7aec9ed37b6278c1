use deadpool_postgres::GenericClient;
use domain::delivery::DeliveryStatus;
use domain::ids::{MessageId, TenantId};
use domain::lane::WaitingReason;
use uuid::Uuid;

use super::status;
use crate::{Error, Result};

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The message.
    pub message_id: MessageId,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Why it waits; `None` when it does not, or only for its turn.
    pub waiting_reason: Option<WaitingReason>,
}

/// Where each of many messages stands; one that is not there is left out.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn standings(
    client: &impl GenericClient,
    message_ids: &[MessageId],
) -> Result<Vec<Standing>> {
    let statement = client
        .prepare_cached(
            "-- messages::standings
             SELECT message_id, delivery_status, waiting_reason
             FROM   messages
             WHERE  message_id = ANY ($1)",
        )
        .await?;
    let ids: Vec<Uuid> = message_ids.iter().map(|id| id.as_uuid()).collect();
    let rows = client.query(&statement, &[&ids]).await?;
    rows.iter()
        .map(|row| {
            let waiting: Option<&str> = row.get("waiting_reason");
            Ok(Standing {
                message_id: MessageId::from_uuid(row.get("message_id")),
                status: status(row)?,
                waiting_reason: waiting
                    .map(str::parse)
                    .transpose()
                    .map_err(|_| Error::Corrupt { table: "messages", column: "waiting_reason" })?,
            })
        })
        .collect()
}

/// Where a message of a tenant's stands; `None` when the tenant has no such message.
pub(super) async fn standing_of(
    client: &impl GenericClient,
    tenant_id: TenantId,
    message_id: MessageId,
) -> Result<Option<DeliveryStatus>> {
    let statement = client
        .prepare_cached(
            "-- messages::standing
             SELECT delivery_status
             FROM   messages
             WHERE  message_id = $1
               AND  (tenant_id = $2) IS TRUE -- looked up by message_id alone",
        )
        .await?;
    let ids = (message_id.as_uuid(), tenant_id.as_uuid());
    let row = client.query_opt(&statement, &[&ids.0, &ids.1]).await?;
    row.map(|row| status(&row)).transpose()
}
