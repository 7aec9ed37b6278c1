//! The end of a connection.

use domain::ids::ConnectionId;
use serde_json::json;
use store::acting_for;
use store::connections::{self, Status};

use super::refused::Refused;
use super::secrets::commit;
use super::{By, Connections};

const REASON: &str = "It was disconnected. A new access token connects it again.";

impl Connections {
    /// Ends a connection: the app hears of its accounts no more, the token is forgotten, and what is
    /// queued waits. Harmless to repeat. Meta's refusal to end the subscription does not keep it
    /// from ending here: its webhooks prove nothing any more.
    ///
    /// # Errors
    /// `Missing`, `Store`.
    pub async fn disconnect(&self, by: By, connection_id: ConnectionId) -> Result<(), Refused> {
        let standing = self.standing(by, connection_id).await?;
        if standing.connection.status == Status::Disconnected {
            return Ok(());
        }
        let mut unsubscribed = 0;
        if let Some(token) = &standing.token {
            for waba in &standing.wabas {
                match standing.graph.unsubscribe(&waba.waba_id, token).await {
                    Ok(()) => unsubscribed += 1,
                    Err(failure) => tracing::warn!(
                        waba.id = %waba.waba_id,
                        error = %failure,
                        "the subscription to {} could not be ended", waba.waba_id
                    ),
                }
            }
        }
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        let locked = connections::lock(&transaction, by.tenant_id, connection_id).await?;
        locked.ok_or(Refused::Missing)?;
        connections::disconnect(&transaction, connection_id, REASON).await?;
        let detail = json!({ "wabas": standing.wabas.len(), "unsubscribed": unsubscribed });
        by.note(&transaction, "connection.disconnected", connection_id, detail).await?;
        commit(transaction).await
    }
}
