//! `waypost tenant`: makes tenants.

use std::process::ExitCode;

use admin_api::connections::By;
use anyhow::{Context, bail};
use domain::ids::TenantId;
use store::audit::Actor;
use store::{Error, GenericClient, tenants};

use crate::{output, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Tenant {
    /// Makes a tenant and prints its id
    Create {
        /// What people and scripts call it: 1 to 100 characters, unique
        name: String,
    },
}

impl Tenant {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        let Self::Create { name } = self;
        tool::run(async move |env| {
            let client = tool::database(&env).await?;
            match tenants::create(&client, &name, runtime::now()).await {
                Err(Error::Duplicate { .. }) => bail!("there is already a tenant of that name"),
                Err(Error::Unstorable(_)) => bail!("a tenant's name has 1 to 100 characters"),
                created => output::line(created?),
            }
        })
    }
}

/// The tenant of that name or id.
///
/// # Errors
/// When there is none.
pub(crate) async fn find(client: &impl GenericClient, name: &str) -> anyhow::Result<TenantId> {
    let found = tenants::find(client, name).await?;
    found.context("there is no such tenant: `waypost tenant create NAME` makes one")
}

/// For the tenant of that name or id, by whoever is at the command line.
///
/// # Errors
/// When there is no such tenant.
pub(crate) async fn by_operator(client: &impl GenericClient, name: &str) -> anyhow::Result<By> {
    Ok(By { tenant_id: find(client, name).await?, actor: Actor::Operator })
}
