//! `waypost number`: adds business numbers, or gives them another token.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use domain::ids::{PhoneNumberId, PortfolioId, TenantId, WabaId};
use domain::tier::Tier;
use runtime::env::SecretString;
use serde_json::json;
use store::connections::{self, Added, NewNumber};
use store::{Client, Vault};

use crate::{output, tenant, tool};

/// Meta's throughput of a number that was not upgraded, messages per second.
const DEFAULT_RATE: i32 = 80;

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Number {
    /// Adds a number, or renews its token and settings; prints the id of its connection
    Add(Add),
}

/// A number as the operator gives it.
#[derive(clap::Args)]
pub(crate) struct Add {
    /// Name or id of the tenant that sends from it
    #[arg(long)]
    pub(crate) tenant: String,
    /// Meta's id of the WhatsApp Business Account
    #[arg(long)]
    pub(crate) waba_id: WabaId,
    /// Meta's id of the number
    #[arg(long)]
    pub(crate) phone_number_id: PhoneNumberId,
    /// A file that holds the access token; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) access_token_file: PathBuf,
    /// Messages per second that Meta allows it [default: as it was, at first 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    mps: Option<i32>,
    /// Meta's id of the business portfolio whose messaging limit it shares
    #[arg(long)]
    portfolio_id: Option<PortfolioId>,
    /// Unique recipients in 24 hours: a number or unlimited [default: until Meta tells, 250]
    #[arg(long)]
    tier: Option<Tier>,
    /// Prints a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A number that is to send for a tenant.
pub(crate) struct Sender {
    /// The tenant.
    pub(crate) tenant_id: TenantId,
    /// Its account.
    pub(crate) waba_id: WabaId,
    /// Meta's id of the number.
    pub(crate) phone_number_id: PhoneNumberId,
    /// With what it sends.
    pub(crate) access_token: SecretString,
    /// Messages per second; `None`: as it was, at first 80.
    pub(crate) messages_per_second: Option<i32>,
    /// The portfolio, where known.
    pub(crate) portfolio_id: Option<PortfolioId>,
    /// The tier, where known.
    pub(crate) tier: Option<Tier>,
}

impl Number {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        let Self::Add(add) = self;
        add.run()
    }
}

impl Add {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        tool::run(async move |env| {
            let vault = backbone::vault(&env)?;
            let access_token = read_secret(&self.access_token_file, "the access token")?;
            let mut client = tool::database(&env).await?;
            let sender = Sender {
                tenant_id: tenant::find(&client, &self.tenant).await?,
                waba_id: self.waba_id,
                phone_number_id: self.phone_number_id,
                access_token,
                messages_per_second: self.mps,
                portfolio_id: self.portfolio_id,
                tier: self.tier,
            };
            let (connection_id, renewed) = match add(&mut client, &vault, sender).await? {
                Added::New(connection_id) => (connection_id, false),
                Added::Renewed(connection_id) => (connection_id, true),
                Added::OtherTenant => bail!("the number or its WABA belongs to another tenant"),
                Added::OtherWaba => bail!("the number is known under another WABA"),
                Added::OtherToken { others, .. } => bail!(
                    "its WABA sends with another access token, which {others} other numbers use: \
                     add it with that token, or replace the token of all of them first with \
                     `waypost token set`"
                ),
            };
            if self.json {
                return output::json(
                    &json!({ "connection_id": connection_id, "renewed": renewed }),
                );
            }
            output::line(connection_id)
        })
    }
}

/// Adds a number or renews it; what waited for its credentials is sent at once.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn add(
    client: &mut Client,
    vault: &Vault,
    sender: Sender,
) -> anyhow::Result<Added> {
    let now = runtime::now();
    let transaction = client.transaction().await.map_err(store::Error::from)?;
    let known = connections::messages_per_second(&transaction, &sender.phone_number_id).await?;
    let number = NewNumber {
        tenant_id: sender.tenant_id,
        waba_id: sender.waba_id,
        phone_number_id: sender.phone_number_id,
        portfolio_id: sender.portfolio_id,
        messages_per_second: sender.messages_per_second.or(known).unwrap_or(DEFAULT_RATE),
        tier: sender.tier,
        access_token: sender.access_token,
    };
    let added = connections::add_number(&transaction, vault, &number, now).await?;
    if let Added::Renewed(connection_id) = added {
        connections::wake_waiting(&transaction, connection_id, now).await?;
    }
    transaction.commit().await.map_err(store::Error::from)?;
    Ok(added)
}

/// Reads a secret from a file, or from standard input; `what` it is stands in errors.
///
/// # Errors
/// When there is none.
pub(crate) fn read_secret(file: &Path, what: &str) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .with_context(|| format!("cannot read {what}"))?;
    } else {
        text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {what}'s file"))?;
    }
    let secret = text.trim();
    ensure!(!secret.is_empty(), "{what} is empty");
    Ok(secret.into())
}
