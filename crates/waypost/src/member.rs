//! `waypost member`: who acts for a tenant; the first owner is made here.

use std::process::ExitCode;

use admin_api::members::{self, NewMember};
use anyhow::{Context, bail};
use domain::role::Role;
use serde_json::json;
use store::acting_for;
use store::members::Member as Row;

use crate::{output, tenant, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Member {
    /// Adds a member and prints their id
    Add(Add),
    /// Lists the members of a tenant, the oldest first: id, role, subject, address and issuer
    List {
        /// Name or id of the tenant
        #[arg(long)]
        tenant: String,
        /// Prints a JSON array
        #[arg(long)]
        json: bool,
    },
}

/// Who a new member is.
#[derive(clap::Args)]
pub(crate) struct Add {
    /// Name or id of the tenant that they act for
    #[arg(long)]
    tenant: String,
    /// The identity provider: `iss` of their tokens [default: the one in the settings]
    #[arg(long)]
    issuer: Option<String>,
    /// Their id there: `sub` of their tokens
    #[arg(long, required_unless_present = "email")]
    subject: Option<String>,
    /// Their address, which the provider must have verified when they first come
    #[arg(long)]
    email: Option<String>,
    /// What they may do: owner, admin, agent or service
    #[arg(long)]
    role: Role,
}

impl Member {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self {
            Self::Add(add) => add.run(),
            Self::List { tenant, json } => list(tenant, json),
        }
    }
}

impl Add {
    fn run(self) -> ExitCode {
        tool::run(async move |env| {
            let Self { tenant, issuer, subject, email, role } = self;
            let known = admin_api::provider(&env)?.map(|provider| provider.issuer);
            let issuer = issuer.or(known).context(
                "--issuer is required: neither WAYPOST_OIDC_ISSUER nor WAYPOST_FIREBASE_PROJECT_ID is set",
            )?;
            let new = NewMember { issuer, subject, email, role };
            if let Err((field, detail)) = new.check() {
                bail!("--{field} {detail}");
            }
            let mut client = tool::database(&env).await?;
            let by = tenant::by_operator(&client, &tenant).await?;
            let transaction = acting_for(&mut client, by.tenant_id).await?;
            let member = members::add(&transaction, by, new, runtime::now()).await?;
            transaction.commit().await.map_err(store::Error::from)?;
            output::line(member.member_id)
        })
    }
}

fn list(tenant: String, as_json: bool) -> ExitCode {
    tool::run(async move |env| {
        let client = tool::database(&env).await?;
        let tenant_id = tenant::find(&client, &tenant).await?;
        let members = store::members::list(&client, tenant_id).await?;
        if as_json {
            return output::json(&members.iter().map(object).collect::<Vec<_>>());
        }
        members.iter().try_for_each(|member| output::line(words(member)))
    })
}

fn object(member: &Row) -> serde_json::Value {
    json!({
        "member_id": member.member_id,
        "role": member.role.as_str(),
        "subject": member.subject,
        "email": member.email,
        "issuer": member.issuer,
    })
}

fn words(member: &Row) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let (subject, email) = (or_dash(&member.subject), or_dash(&member.email));
    format!("{} {} {subject} {email} {}", member.member_id, member.role, member.issuer)
}
