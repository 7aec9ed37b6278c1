//! The one-number set-up: tenant `default` with the number that the environment names.

use anyhow::bail;
use backbone::{Backbone, persist};
use domain::ids::{ConnectionId, PhoneNumberId, WabaId};
use runtime::env::SecretString;
use runtime::{ConfigError, Env, Stop};
use store::Client;
use store::connections::{self, Added};

use crate::number::{self, Sender};

/// The tenant that is made.
const TENANT: &str = "default";

/// A number from the environment:
///
/// | Variable | Meaning |
/// |---|---|
/// | `WHATSAPP_PHONE_NUMBER_ID` | Meta's id of the number |
/// | `WHATSAPP_BUSINESS_ACCOUNT_ID` | Meta's id of its WhatsApp Business Account |
/// | `WHATSAPP_ACCESS_TOKEN` | with what it sends |
#[derive(Clone, Debug)]
pub(crate) struct OneNumber {
    phone_number_id: PhoneNumberId,
    waba_id: WabaId,
    access_token: SecretString,
}

impl OneNumber {
    /// Reads the variables above; `None` when none of them is set.
    ///
    /// # Errors
    /// The variable that is wrong, or missing beside the others.
    pub(crate) fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        const NUMBER: &str = "WHATSAPP_PHONE_NUMBER_ID";
        const WABA: &str = "WHATSAPP_BUSINESS_ACCOUNT_ID";
        const TOKEN: &str = "WHATSAPP_ACCESS_TOKEN";
        let missing = |name| {
            let meaning = "the one-number set-up needs WHATSAPP_PHONE_NUMBER_ID, \
                           WHATSAPP_BUSINESS_ACCOUNT_ID and WHATSAPP_ACCESS_TOKEN together";
            Err(ConfigError::missing(name).meaning(meaning))
        };
        let number = env.optional_parsed(NUMBER)?;
        let waba = env.optional_parsed(WABA)?;
        match (number, waba, env.optional_secret(TOKEN)?) {
            (None, None, None) => Ok(None),
            (None, _, _) => missing(NUMBER),
            (_, None, _) => missing(WABA),
            (_, _, None) => missing(TOKEN),
            (Some(phone_number_id), Some(waba_id), Some(access_token)) => {
                Ok(Some(Self { phone_number_id, waba_id, access_token }))
            }
        }
    }

    /// Makes the tenant with the number, or gives the number the token that the environment has
    /// now. Its rate and tier stay as an operator set them. A token that the environment has set
    /// before is not set again: it must not undo a newer one that was given by `waypost token set`
    /// or over the API.
    ///
    /// # Errors
    /// When the number or its account belongs to another tenant; when stopped meanwhile.
    pub(crate) async fn ensure(&self, backbone: &Backbone, stop: &Stop) -> anyhow::Result<()> {
        let db = &backbone.db;
        let tenant_id = persist(stop, || async {
            store::tenants::ensure(&db.client().await?, TENANT, runtime::now()).await
        })
        .await??;
        let mut client = persist(stop, || db.client()).await??;
        if self.is_set(&client).await? {
            return Ok(());
        }
        let sender = Sender {
            tenant_id,
            waba_id: self.waba_id.clone(),
            phone_number_id: self.phone_number_id.clone(),
            access_token: self.access_token.clone(),
            messages_per_second: None,
            portfolio_id: None,
            tier: None,
        };
        match number::add(&mut client, &backbone.vault, sender).await? {
            Added::New(connection_id) => {
                tracing::info!(
                    tenant.id = %tenant_id,
                    phone_number.id = %self.phone_number_id,
                    "tenant {TENANT} has the number {}", self.phone_number_id
                );
                self.note(backbone, connection_id, stop).await?;
            }
            Added::Renewed(connection_id) => self.note(backbone, connection_id, stop).await?,
            Added::OtherToken { others, .. } => bail!(
                "WHATSAPP_ACCESS_TOKEN is not the token of WHATSAPP_BUSINESS_ACCOUNT_ID, which \
                 {others} other numbers send with: replace it for all of them with `waypost token \
                 set`"
            ),
            Added::OtherTenant => bail!(
                "WHATSAPP_PHONE_NUMBER_ID or WHATSAPP_BUSINESS_ACCOUNT_ID belongs to another \
                 tenant than {TENANT}"
            ),
            Added::OtherWaba => bail!(
                "WHATSAPP_PHONE_NUMBER_ID is known under another WABA than \
                 WHATSAPP_BUSINESS_ACCOUNT_ID"
            ),
        }
        Ok(())
    }

    /// Whether the number has, or had before a newer one, exactly this token from the environment.
    async fn is_set(&self, client: &Client) -> store::Result<bool> {
        let connection = connections::of_number(client, &self.phone_number_id).await?;
        let token = Some(connections::fingerprint(&self.access_token));
        Ok(connection.is_some_and(|connection| connection.environment_fingerprint == token))
    }

    async fn note(
        &self,
        backbone: &Backbone,
        connection_id: ConnectionId,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let note = || async {
            let client = backbone.db.client().await?;
            connections::note_environment(&client, connection_id, &self.access_token).await
        };
        Ok(persist(stop, note).await??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 3] = [
        ("WHATSAPP_PHONE_NUMBER_ID", "106540352242922"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "102290129340398"),
        ("WHATSAPP_ACCESS_TOKEN", "t0k3n"),
    ];

    #[test]
    fn all_of_the_three_variables_are_a_number_and_none_is_none() {
        let number = OneNumber::from_env(&Env::of(ALL)).unwrap().unwrap();

        assert!(!format!("{number:?}").contains("t0k3n"));
        assert!(OneNumber::from_env(&Env::of::<&str, &str>([])).unwrap().is_none());
    }

    #[test]
    fn the_one_that_is_missing_beside_the_others_is_named() {
        for (missing, _) in ALL {
            let env = Env::of(ALL).with(missing, "");

            let error = OneNumber::from_env(&env).unwrap_err().to_string();

            assert!(error.starts_with(&format!("{missing} is not set")), "{error}");
        }
    }
}
