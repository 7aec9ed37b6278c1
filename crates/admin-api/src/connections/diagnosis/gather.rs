//! The facts.

use domain::ids::{ConnectionId, WabaId};
use graph_api::client::{App, GraphClient};
use secrecy::SecretString;
use store::connections;

use super::{Account, Facts, Finding, diagnose};
use crate::connections::proof::{self, Doubt};
use crate::connections::refused::Refused;
use crate::connections::{By, Connections};

impl Connections {
    /// Checks all that can be wrong with a connection. Changes nothing.
    ///
    /// # Errors
    /// `Missing`, `Store`. What is wrong stands in the findings.
    pub async fn diagnose(
        &self,
        by: By,
        connection_id: ConnectionId,
    ) -> Result<Vec<Finding>, Refused> {
        let standing = self.standing(by, connection_id).await?;
        let mut accounts = Vec::new();
        let mut about_token = None;
        if let Some(token) = &standing.token {
            if let Some(own) = &standing.own {
                let app = App { app_id: &own.app_id, app_secret: &own.app_secret };
                let told = standing.graph.debug_token(app, token).await;
                about_token = Some(told.map_err(|failure| Doubt::of_app(&failure)));
            }
            for waba in &standing.wabas {
                accounts.push(account(&standing.graph, &waba.waba_id, token).await);
            }
            if let Some(waba_id) = &standing.connection.claimed_waba_id {
                accounts.push(account(&standing.graph, waba_id, token).await);
            }
        }
        let now = runtime::now();
        let client = self.db.client().await?;
        let evidence = connections::evidence(&client, &standing.connection, now).await?;
        drop(client);
        Ok(diagnose(&Facts {
            has_token: standing.token.is_some(),
            connection: standing.connection,
            numbers: standing.numbers,
            token: about_token,
            accounts,
            evidence,
            now,
        }))
    }
}

async fn account(graph: &GraphClient, waba_id: &WabaId, token: &SecretString) -> Account {
    let doubt = |failure| Doubt::of(&failure, "/waba_id");
    Account {
        waba_id: waba_id.clone(),
        proof: proof::account(graph, waba_id, token).await,
        apps: graph.subscribed_apps(waba_id, token).await.map_err(doubt),
        templates: graph.message_templates(waba_id, token).await.map_err(doubt),
    }
}
