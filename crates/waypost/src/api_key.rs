//! `waypost api-key`: makes and revokes keys for the API.

use std::process::ExitCode;

use admin_api::keys::{self, Scope};
use anyhow::Context;
use domain::ids::ApiKeyId;
use serde_json::json;
use store::audit::{self, Actor, Entry};
use store::{acting_for, api_keys};

use crate::{output, tenant, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum ApiKey {
    /// Makes a key and prints it, alone and for the only time
    Create(Create),
    /// Revokes a key for good
    Revoke {
        /// The key's id, or the key itself: `wp_<id>_…`
        id: String,
    },
}

/// What a new key is.
#[derive(clap::Args)]
pub(crate) struct Create {
    /// Name or id of the only tenant that the key acts for
    #[arg(long)]
    tenant: String,
    /// What the key is for
    #[arg(long, default_value = "waypost api-key create")]
    name: String,
    /// What it may do, e.g. connections:read; may be repeated; messages:write and messages:read when
    /// left out
    #[arg(long = "scope")]
    scopes: Vec<Scope>,
}

impl ApiKey {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self {
            Self::Create(create) => create.run(),
            Self::Revoke { id } => revoke(id),
        }
    }
}

impl Create {
    fn run(self) -> ExitCode {
        tool::run(async move |env| {
            let mut client = tool::database(&env).await?;
            let by = tenant::by_operator(&client, &self.tenant).await?;
            let scopes =
                if self.scopes.is_empty() { &Scope::OF_A_NEW_KEY[..] } else { &self.scopes };
            let transaction = acting_for(&mut client, by.tenant_id).await?;
            let made = keys::make(&transaction, by, &self.name, scopes, runtime::now()).await?;
            transaction.commit().await.map_err(store::Error::from)?;
            output::line(made.key)
        })
    }
}

fn revoke(id: String) -> ExitCode {
    tool::run(async move |env| {
        let api_key_id = public_half(&id)?;
        let mut client = tool::database(&env).await?;
        let transaction = client.transaction().await.map_err(store::Error::from)?;
        let now = runtime::now();
        let revoked = api_keys::revoke(&transaction, api_key_id, now).await?;
        let tenant_id = revoked.context("there is no such key, or it is revoked already")?;
        let subject = api_key_id.to_string();
        let entry = Entry {
            tenant_id,
            actor: Actor::Operator,
            action: keys::REVOKED,
            subject: Some(&subject),
            detail: json!({}),
        };
        audit::write(&transaction, &entry, now).await?;
        transaction.commit().await.map_err(store::Error::from)?;
        Ok(())
    })
}

/// The id in a key, or the id alone. The error repeats nothing: it may be a key.
fn public_half(text: &str) -> anyhow::Result<ApiKeyId> {
    let id = text.strip_prefix("wp_").unwrap_or(text);
    let id = id.split_once('_').map_or(id, |(id, _secret)| id);
    id.parse().map_err(|_| anyhow::anyhow!("that is neither the id of a key nor a key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_revoked_by_its_id_or_by_itself() {
        let id = "018f4e9d-7a3b-7c4d-8e5f-6a7b8c9d0e1f";
        let key = "wp_018f4e9d7a3b7c4d8e5f6a7b8c9d0e1f_00ff";

        assert_eq!(public_half(id).unwrap(), public_half(key).unwrap());
    }

    #[test]
    fn what_is_no_key_is_not_repeated() {
        let error = public_half("wp_secret").unwrap_err().to_string();

        assert!(!error.contains("secret"), "{error}");
    }
}
