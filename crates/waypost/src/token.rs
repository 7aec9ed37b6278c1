//! `waypost token`: another access token, while everything runs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use domain::ids::PhoneNumberId;
use serde_json::json;
use store::audit::{self, Actor, Entry};
use store::connections;

use crate::{number, output, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Token {
    /// Replaces the access token of the connection that a number sends through, for all its numbers
    ///
    /// Nothing is restarted: the next message is sent with it, and so is what waited for it. A start
    /// with the old token in `WHATSAPP_ACCESS_TOKEN` does not bring that one back.
    Set {
        /// Meta's id of the number
        #[arg(long)]
        phone_number_id: PhoneNumberId,
        /// A file that holds the access token; - for standard input
        #[arg(long, value_name = "FILE")]
        access_token_file: PathBuf,
    },
}

impl Token {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        let Self::Set { phone_number_id, access_token_file } = self;
        tool::run(async move |env| {
            let vault = backbone::vault(&env)?;
            let token = number::read_secret(&access_token_file, "the access token")?;
            let mut client = tool::database(&env).await?;
            let transaction = client.transaction().await.map_err(store::Error::from)?;
            let connection = connections::of_number(&transaction, &phone_number_id).await?;
            let connection = connection.context("no tenant sends from that number")?;
            let (connection_id, now) = (connection.connection_id, runtime::now());
            connections::set_token(&transaction, &vault, connection_id, &token, None, now).await?;
            let woken = connections::wake_waiting(&transaction, connection_id, now).await?;
            let subject = connection_id.to_string();
            let entry = Entry {
                tenant_id: connection.tenant_id,
                actor: Actor::Operator,
                action: "connection.access_token.replaced",
                subject: Some(&subject),
                detail: json!({ "token_fingerprint": connections::fingerprint(&token) }),
            };
            audit::write(&transaction, &entry, now).await?;
            transaction.commit().await.map_err(store::Error::from)?;
            output::line(format_args!("{connection_id}: {woken} messages waited and are due now"))
        })
    }
}
