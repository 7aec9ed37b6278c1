use domain::ids::TenantId;

use crate::{Client, Result, Transaction};

/// Opens a transaction that acts for one tenant: until it ends, Postgres itself shows and changes
/// no row of another, whatever a statement says (row-level security under `waypost_tenant`).
///
/// # Errors
/// `Unavailable`.
pub async fn acting_for(client: &mut Client, tenant_id: TenantId) -> Result<Transaction<'_>> {
    let transaction = client.transaction().await?;
    let identity = format!(
        "-- acting_for
         SET LOCAL ROLE waypost_tenant;
         SET LOCAL waypost.tenant_id = '{tenant_id}'"
    );
    transaction.batch_execute(&identity).await?;
    Ok(transaction)
}
