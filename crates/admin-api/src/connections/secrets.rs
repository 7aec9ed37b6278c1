//! The app secret, the verify token and the webhook URL of an own app.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::ConnectionId;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;
use serde_json::json;
use store::connections::{self, Connection, Kind};
use store::{Transaction, acting_for, app_secrets};

use super::refused::Refused;
use super::words::{AppSecret, VerifyToken};
use super::{By, Connections};

/// 32 random bytes, as 43 characters that may stand in a URL.
///
/// # Panics
/// When the system has no random numbers.
pub(super) fn random() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("the system's random numbers never run out");
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Connections {
    /// Gives an own app its current secret; the one it had proves webhooks for `old_valid_for`.
    /// Answers until when.
    ///
    /// # Errors
    /// `Missing`, `PlatformApp`, `Store`.
    pub async fn set_app_secret(
        &self,
        by: By,
        connection_id: ConnectionId,
        app_secret: &AppSecret,
        old_valid_for: TimeDelta,
    ) -> Result<DateTime<Utc>, Refused> {
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        own_app(&transaction, by, connection_id).await?;
        let now = runtime::now();
        let old_until = now + old_valid_for;
        let secret = app_secret.secret();
        let tenant_id = by.tenant_id;
        app_secrets::put(
            &transaction,
            &self.vault,
            tenant_id,
            connection_id,
            secret,
            old_until,
            now,
        )
        .await?;
        let detail = json!({ "old_valid_until": old_until });
        by.note(&transaction, "connection.app_secret.replaced", connection_id, detail).await?;
        commit(transaction).await?;
        Ok(old_until)
    }

    /// Gives an own app its verify token, the given one or a new one, which is answered.
    ///
    /// # Errors
    /// `Missing`, `PlatformApp`, `Store`.
    pub async fn set_verify_token(
        &self,
        by: By,
        connection_id: ConnectionId,
        given: Option<&VerifyToken>,
    ) -> Result<Option<String>, Refused> {
        let made = given.is_none().then(random);
        let token = match (given, &made) {
            (Some(given), _) => given.secret().clone(),
            (None, made) => SecretString::from(made.clone().unwrap_or_default()),
        };
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        own_app(&transaction, by, connection_id).await?;
        connections::set_verify_token(&transaction, &self.vault, connection_id, &token).await?;
        let detail = json!({ "made_by_us": made.is_some() });
        by.note(&transaction, "connection.verify_token.replaced", connection_id, detail).await?;
        commit(transaction).await?;
        Ok(made)
    }

    /// Gives an own app a new webhook URL; the old one leads nowhere from now on. Answers the last
    /// part of the new one.
    ///
    /// # Errors
    /// `Missing`, `PlatformApp`, `Store`.
    pub async fn renew_webhook_url(
        &self,
        by: By,
        connection_id: ConnectionId,
    ) -> Result<String, Refused> {
        let webhook_token = random();
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        own_app(&transaction, by, connection_id).await?;
        connections::set_webhook_token(&transaction, connection_id, &webhook_token).await?;
        by.note(&transaction, "connection.webhook_url.replaced", connection_id, json!({})).await?;
        commit(transaction).await?;
        Ok(webhook_token)
    }

    /// Gives a connection another label.
    ///
    /// # Errors
    /// `Missing`, `Store`.
    pub async fn rename(
        &self,
        by: By,
        connection_id: ConnectionId,
        label: &str,
    ) -> Result<(), Refused> {
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        let locked = connections::lock(&transaction, by.tenant_id, connection_id).await?;
        locked.ok_or(Refused::Missing)?;
        connections::rename(&transaction, connection_id, label).await?;
        let detail = json!({ "label": label });
        by.note(&transaction, "connection.renamed", connection_id, detail).await?;
        commit(transaction).await
    }
}

/// The connection, kept from others, if it goes through the tenant's own app.
async fn own_app(
    transaction: &Transaction<'_>,
    by: By,
    connection_id: ConnectionId,
) -> Result<Connection, Refused> {
    let locked = connections::lock(transaction, by.tenant_id, connection_id).await?;
    let connection = locked.ok_or(Refused::Missing)?;
    match connection.kind {
        Kind::OwnApp => Ok(connection),
        Kind::Platform => Err(Refused::PlatformApp),
    }
}

pub(super) async fn commit(transaction: Transaction<'_>) -> Result<(), Refused> {
    Ok(transaction.commit().await.map_err(store::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_part_fits_into_a_url_and_is_never_the_same() {
        let (one, other) = (random(), random());

        assert_eq!(one.len(), 43);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(one, other);
    }
}
