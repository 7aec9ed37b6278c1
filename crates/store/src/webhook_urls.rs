//! The webhook URLs of tenants' own apps.

use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, WabaId};
use secrecy::SecretString;
use tokio_postgres::Row;

use crate::connections::open_verify_token;
use crate::{Result, Vault};

/// The URL of one connection, and what is asked there.
#[derive(Clone, Debug)]
pub struct WebhookUrl {
    /// The own-app connection.
    pub connection_id: ConnectionId,
    /// The opaque last part of its URL; `None` when it has no URL of its own.
    pub webhook_token: Option<String>,
    /// What Meta must say when it asks whether the URL is ours.
    pub verify_token: Option<SecretString>,
    /// The accounts that it reaches.
    pub waba_ids: Vec<WabaId>,
}

/// The URLs of all own-app connections that are not disconnected. A verify token that does not open
/// with the configured keys is left out, and counted in the second part.
///
/// # Errors
/// `Unavailable`.
pub async fn all(client: &impl GenericClient, vault: &Vault) -> Result<(Vec<WebhookUrl>, usize)> {
    let statement = client
        .prepare_cached(
            "-- webhook_urls::all
             SELECT c.connection_id, c.webhook_token, c.verify_token,
                    ARRAY(SELECT w.waba_id
                          FROM   wabas w
                          WHERE  w.connection_id = c.connection_id) AS waba_ids
             FROM   connections c
             WHERE  c.kind = 'own_app'
               AND  c.status <> 'DISCONNECTED'
             ORDER BY c.connection_id",
        )
        .await?;
    let rows = client.query(&statement, &[]).await?;
    let mut sealed = 0;
    let urls = rows.iter().map(|row| {
        let verify_token = open(vault, row);
        sealed += usize::from(verify_token.is_err());
        let waba_ids: Vec<&str> = row.get("waba_ids");
        WebhookUrl {
            connection_id: ConnectionId::from_uuid(row.get("connection_id")),
            webhook_token: row.get("webhook_token"),
            verify_token: verify_token.unwrap_or_default(),
            waba_ids: waba_ids.iter().filter_map(|id| id.parse().ok()).collect(),
        }
    });
    let urls = urls.collect();
    Ok((urls, sealed))
}

fn open(vault: &Vault, row: &Row) -> Result<Option<SecretString>> {
    let connection_id = ConnectionId::from_uuid(row.get("connection_id"));
    let sealed: Option<&[u8]> = row.get("verify_token");
    sealed.map(|sealed| open_verify_token(vault, connection_id, sealed)).transpose()
}
