//! `waypost connection`: the credentials with which tenants reach Meta.

use std::path::PathBuf;
use std::process::ExitCode;

use admin_api::connections::{AccessToken, AppSecret, By, Connections, OwnApp, VerifyToken};
use anyhow::{Context, anyhow, bail, ensure};
use backbone::ManagementConfig;
use comfy_table::{Table, presets};
use domain::ids::{AppId, ConnectionId, PhoneNumberId};
use runtime::env::ExposeSecret;
use runtime::{Env, now};
use serde_json::json;
use store::audit::Actor;
use store::connections::{self, Status};

use crate::{number, output, tenant, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Connection {
    /// Adds a number; with --app-id through the tenant's own app, after Meta has confirmed it
    Add(Box<AddConnection>),
    /// Lists a tenant's connections
    List {
        /// Name or id of the tenant
        #[arg(long)]
        tenant: String,
    },
    /// Asks Meta for a number of the connection with the stored token
    Test {
        #[command(flatten)]
        which: Which,
        /// The number to ask for [default: its first]
        #[arg(long)]
        phone_number_id: Option<PhoneNumberId>,
    },
    /// Lets account-sync ask Meta now how accounts, numbers and templates of the connection stand
    Sync {
        #[command(flatten)]
        which: Which,
    },
    /// Ends a connection: its token is forgotten, and what is queued waits
    Disconnect {
        #[command(flatten)]
        which: Which,
    },
}

/// A connection of a tenant.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// Id of the connection
    connection_id: ConnectionId,
}

/// A number, and the app that it is reached through.
#[derive(clap::Args)]
pub(crate) struct AddConnection {
    #[command(flatten)]
    number: number::Add,
    /// Meta's id of the tenant's own app
    #[arg(long, requires = "app_secret_file")]
    app_id: Option<AppId>,
    /// A file that holds the App Secret, from App settings › Basic
    #[arg(long, value_name = "FILE", requires = "app_id")]
    app_secret_file: Option<PathBuf>,
    /// A file that holds the verify token [default: one is made, and printed]
    #[arg(long, value_name = "FILE", requires = "app_id")]
    verify_token_file: Option<PathBuf>,
    /// What people call the connection
    #[arg(long, default_value = "", requires = "app_id")]
    label: String,
}

impl Connection {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self {
            Self::Add(add) => add.run(),
            Self::List { tenant } => list(tenant),
            Self::Test { which, phone_number_id } => test(which, phone_number_id),
            Self::Sync { which } => sync(which),
            Self::Disconnect { which } => disconnect(which),
        }
    }
}

impl AddConnection {
    fn run(self) -> ExitCode {
        match (self.app_id.clone(), self.app_secret_file.clone()) {
            (Some(app_id), Some(file)) => {
                tool::run(async move |env| self.own_app(&env, app_id, file).await)
            }
            _ => self.number.run(),
        }
    }

    async fn own_app(self, env: &Env, app_id: AppId, app_secret: PathBuf) -> anyhow::Result<()> {
        let (desk, by) = open(env, &self.number.tenant).await?;
        let own_app = OwnApp {
            label: self.label,
            app_id,
            app_secret: read(&app_secret, "the App Secret", AppSecret::parse)?,
            waba_id: self.number.waba_id,
            phone_number_id: self.number.phone_number_id,
            access_token: read(
                &self.number.access_token_file,
                "the access token",
                AccessToken::parse,
            )?,
            verify_token: match &self.verify_token_file {
                Some(file) => Some(read(file, "the verify token", VerifyToken::parse)?),
                None => None,
            },
        };
        let created = desk.create(by, &own_app).await?;
        if self.number.json {
            output::json(&json!({
                "connection_id": created.connection_id,
                "verify_token": created.verify_token,
                "confirmed": created.doubt.is_none(),
            }))?;
        } else {
            output::line(created.connection_id)?;
            if let Some(verify_token) = &created.verify_token {
                output::line(verify_token)?;
            }
        }
        match created.doubt {
            None => Ok(()),
            Some(doubt) => bail!("it is stored, and Meta has not confirmed it: {doubt}"),
        }
    }
}

fn read<T>(
    file: &std::path::Path,
    what: &str,
    parse: impl FnOnce(&str) -> Result<T, &'static str>,
) -> anyhow::Result<T> {
    let text = number::read_secret(file, what)?;
    parse(text.expose_secret()).map_err(|detail| anyhow!("{what} {detail}"))
}

/// Where connections are changed, and the operator who does it for a tenant.
async fn open(env: &Env, tenant: &str) -> anyhow::Result<(Connections, By)> {
    let vault = backbone::vault(env)?;
    let management = ManagementConfig::from_env(env)?;
    let graph = management.for_persons(&backbone::graph(env)?);
    let graph = graph.context("cannot make a client of Meta's")?;
    let db = tool::pool(env).await?;
    let tenant_id = tenant::find(&db.client().await?, tenant).await?;
    let by = By { tenant_id, actor: Actor::Operator };
    Ok((Connections::new(db, vault, graph), by))
}

fn list(tenant: String) -> ExitCode {
    tool::run(async move |env| {
        let client = tool::database(&env).await?;
        let tenant_id = tenant::find(&client, &tenant).await?;
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(["connection", "kind", "status", "token", "numbers", "label"]);
        for row in connections::list(&client, tenant_id).await? {
            let (_, numbers) = connections::assets(&client, row.connection_id).await?;
            table.add_row([
                row.connection_id.to_string(),
                row.kind.as_str().to_owned(),
                row.status.as_str().to_owned(),
                row.token_fingerprint.unwrap_or_else(|| "-".to_owned()),
                numbers.len().to_string(),
                row.label,
            ]);
        }
        output::line(table)
    })
}

fn test(which: Which, phone_number_id: Option<PhoneNumberId>) -> ExitCode {
    tool::run(async move |env| {
        let (desk, by) = open(&env, &which.tenant).await?;
        let report = desk.test(by, which.connection_id, phone_number_id.as_ref()).await?;
        match report.outcome {
            Ok(tested) => {
                let told = |text: Option<String>| text.unwrap_or_else(|| "not told".to_owned());
                output::line(format_args!(
                    "ok: {}, {}, {}",
                    told(tested.verified_name),
                    told(tested.display_phone_number),
                    told(tested.status)
                ))
            }
            Err(doubt) => bail!("{doubt}"),
        }
    })
}

const NO_CONNECTION: &str =
    "the tenant has no such connection: `waypost connection list` shows them";

fn sync(which: Which) -> ExitCode {
    tool::run(async move |env| {
        let client = tool::database(&env).await?;
        let tenant_id = tenant::find(&client, &which.tenant).await?;
        let found = connections::find(&client, tenant_id, which.connection_id).await?;
        let status = found.context(NO_CONNECTION)?.status;
        ensure!(status != Status::Disconnected, "the connection is disconnected");
        store::sync::soon(&client, which.connection_id, now()).await?;
        Ok(())
    })
}

fn disconnect(which: Which) -> ExitCode {
    tool::run(async move |env| {
        let (desk, by) = open(&env, &which.tenant).await?;
        ensure!(
            connections::find(&tool::database(&env).await?, by.tenant_id, which.connection_id)
                .await?
                .is_some(),
            NO_CONNECTION
        );
        Ok(desk.disconnect(by, which.connection_id).await?)
    })
}
