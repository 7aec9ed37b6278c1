//! A new connection through the tenant's own app.

use domain::ids::{AppId, ConnectionId, PhoneNumberId, WabaId};
use secrecy::SecretString;
use serde_json::json;
use store::connections::{self, NewOwnApp, create_own_app, fingerprint};
use store::{acting_for, app_secrets};

use super::assets::put_under;
use super::proof::{self, Doubt, OwnSecret};
use super::refused::Refused;
use super::secrets::{commit, random};
use super::words::{AccessToken, AppSecret, VerifyToken};
use super::{By, Connections};

/// What a tenant gives of its own app.
#[derive(Clone, Debug)]
pub struct OwnApp {
    /// What people call it; may be empty.
    pub label: String,
    /// Meta's id of the app.
    pub app_id: AppId,
    /// What the app signs its webhooks with.
    pub app_secret: AppSecret,
    /// The account that it shall reach.
    pub waba_id: WabaId,
    /// The number of that account.
    pub phone_number_id: PhoneNumberId,
    /// With what it sends.
    pub access_token: AccessToken,
    /// What Meta says when it asks whether the webhook URL is ours; `None`: we make one.
    pub verify_token: Option<VerifyToken>,
}

/// A connection that was made.
#[derive(Clone, Debug)]
pub struct Created {
    /// Its id.
    pub connection_id: ConnectionId,
    /// The verify token, if we made it: shown this once.
    pub verify_token: Option<String>,
    /// Why Meta has not borne it out; then it needs attention and has no number yet.
    pub doubt: Option<Doubt>,
}

impl Connections {
    /// Stores a connection. When Meta bears out what is claimed, WABA and number lie under it and it
    /// is `ACTIVE`. Else it needs attention, and the claim keeps nobody else from the number; a test
    /// asks Meta again.
    ///
    /// # Errors
    /// `Taken`, `OtherWaba` and `OtherConnection`, which only those are told who have shown that the
    /// WABA is theirs; `Store`.
    pub async fn create(&self, by: By, new: &OwnApp) -> Result<Created, Refused> {
        let token = new.access_token.secret();
        let graph = self.graph.of_app(&new.app_id);
        let own =
            OwnSecret { app_id: new.app_id.clone(), app_secret: new.app_secret.secret().clone() };
        let proof = async {
            let expires_at = proof::token(&graph, &own, token).await?;
            let number = &new.phone_number_id;
            Ok((proof::number(&graph, &new.waba_id, number, token).await?, expires_at))
        };
        let proof: Result<_, Doubt> = proof.await;
        let made = new.verify_token.is_none().then(random);
        let verify_token = match (&new.verify_token, &made) {
            (Some(given), _) => given.secret().clone(),
            (None, made) => SecretString::from(made.clone().unwrap_or_default()),
        };
        let row = NewOwnApp {
            tenant_id: by.tenant_id,
            label: new.label.clone(),
            app_id: new.app_id.clone(),
            waba_id: new.waba_id.clone(),
            phone_number_id: new.phone_number_id.clone(),
            access_token: token.clone(),
            verify_token,
            webhook_token: random(),
            reason: proof.as_ref().err().map(ToString::to_string).unwrap_or_default(),
        };

        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        let (vault, now) = (&self.vault, runtime::now());
        let connection_id = create_own_app(&transaction, vault, &row, now).await?;
        let secret = &own.app_secret;
        app_secrets::put(&transaction, vault, by.tenant_id, connection_id, secret, now, now)
            .await?;
        if let Ok((proof, expires_at)) = &proof {
            let number = &new.phone_number_id;
            put_under(&transaction, by, connection_id, number, proof, now).await?;
            connections::confirm(&transaction, connection_id, *expires_at).await?;
            connections::wake_waiting(&transaction, connection_id, now).await?;
        }
        let detail = json!({
            "kind": "own_app",
            "app_id": new.app_id,
            "waba_id": new.waba_id,
            "phone_number_id": new.phone_number_id,
            "token_fingerprint": fingerprint(token),
            "confirmed": proof.is_ok(),
        });
        by.note(&transaction, "connection.created", connection_id, detail).await?;
        commit(transaction).await?;
        drop(client);
        if proof.is_ok() {
            self.subscribe(by, &graph, &new.waba_id, token).await?;
        }
        Ok(Created { connection_id, verify_token: made, doubt: proof.err() })
    }
}
