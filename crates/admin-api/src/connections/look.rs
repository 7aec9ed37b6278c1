//! A connection as it stands, with the secrets that Meta is asked with.

use domain::ids::ConnectionId;
use graph_api::client::GraphClient;
use secrecy::SecretString;
use store::connections::{self, Connection, Kind, NumberAsset, WabaAsset, open_token};
use store::{acting_for, app_secrets};

use super::proof::OwnSecret;
use super::refused::Refused;
use super::{By, Connections};

/// A connection and what lies under it.
pub(super) struct Standing {
    pub(super) connection: Connection,
    /// With the app for which its calls count.
    pub(super) graph: GraphClient,
    pub(super) wabas: Vec<WabaAsset>,
    pub(super) numbers: Vec<NumberAsset>,
    /// `None`: it has none, or no key opens it.
    pub(super) token: Option<SecretString>,
    /// Of an own app whose id and secret are known.
    pub(super) own: Option<OwnSecret>,
}

impl Connections {
    pub(super) async fn standing(
        &self,
        by: By,
        connection_id: ConnectionId,
    ) -> Result<Standing, Refused> {
        let mut client = self.db.client().await?;
        let acting = acting_for(&mut client, by.tenant_id).await?;
        let found = connections::find(&acting, by.tenant_id, connection_id).await?;
        let connection = found.ok_or(Refused::Missing)?;
        let (wabas, numbers) = connections::assets(&acting, connection_id).await?;
        let sealed = connection.sealed_token.as_deref();
        let token = sealed.and_then(|sealed| open_token(&self.vault, connection_id, sealed).ok());
        let own = match (&connection.kind, &connection.app_id) {
            (Kind::OwnApp, Some(app_id)) => {
                let secrets = app_secrets::of_tenant(&acting, &self.vault, by.tenant_id).await?;
                let current = secrets.into_iter().find(|secret| {
                    secret.connection_id == connection_id && secret.retires_at.is_none()
                });
                current
                    .map(|secret| OwnSecret { app_id: app_id.clone(), app_secret: secret.secret })
            }
            (Kind::OwnApp | Kind::Platform, _) => None,
        };
        let graph = match (connection.kind, &connection.app_id) {
            (Kind::OwnApp, Some(app_id)) => self.graph.of_app(app_id),
            (Kind::OwnApp | Kind::Platform, _) => self.graph.clone(),
        };
        Ok(Standing { connection, graph, wabas, numbers, token, own })
    }
}
