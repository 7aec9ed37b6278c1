//! `waypost webhooks`: what Meta has posted, and how it is read once more.

use std::process::ExitCode;
use std::sync::Arc;

use admin_api::connections::By;
use admin_api::replay::Replayer;
use amqp::Bus;
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use comfy_table::{Table, presets};
use domain::diagnosis::Diagnosis;
use domain::ids::EventId;
use runtime::{Env, now};
use serde_json::{Value, json};
use store::audit::Actor;
use store::webhook_events::{self, Event, Filter, Standing, Stretch};

use crate::{output, tenant, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Webhooks {
    /// Lists the POSTs that concern a tenant, newest first, without their bodies
    List(List),
    /// Lets today's code read stored POSTs once more, and prints how many
    Replay(Replay),
}

/// Which POSTs are shown.
#[derive(clap::Args)]
pub(crate) struct List {
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// Not before this instant (RFC 3339) [default: 24 hours ago]
    #[arg(long)]
    since: Option<DateTime<Utc>>,
    /// Before this instant [default: now]
    #[arg(long)]
    until: Option<DateTime<Utc>>,
    /// Whose signature stands so: valid, refused or reverified
    #[arg(long)]
    signature: Option<Standing>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Prints a JSON array
    #[arg(long)]
    json: bool,
}

/// Which POSTs are read once more. Those that were refused are left out.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["since", "event_id"])))]
pub(crate) struct Replay {
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// All that came since this instant (RFC 3339)
    #[arg(long)]
    since: Option<DateTime<Utc>>,
    /// … and before this one [default: now]
    #[arg(long, requires = "since")]
    until: Option<DateTime<Utc>>,
    /// This one alone
    #[arg(long)]
    event_id: Option<EventId>,
}

impl Webhooks {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self {
            Self::List(list) => tool::run(async move |env| list.show(&env).await),
            Self::Replay(replay) => tool::run(async move |env| replay.on(&env).await),
        }
    }
}

impl List {
    async fn show(self, env: &Env) -> anyhow::Result<()> {
        let client = tool::database(env).await?;
        let tenant_id = tenant::find(&client, &self.tenant).await?;
        let since = self.since.unwrap_or(self.until.unwrap_or_else(now) - TimeDelta::hours(24));
        let filter = Filter {
            since: Some(since),
            until: self.until,
            standing: self.signature,
            ..Filter::default()
        };
        let events = webhook_events::list(&client, tenant_id, &filter, self.limit.into()).await?;
        if self.json {
            return output::json(&events.iter().map(value).collect::<Vec<_>>());
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(["received", "event", "url", "signature", "kinds", "items", "why"]);
        for event in &events {
            let items = event.contents.as_ref().map(|contents| contents.item_count.to_string());
            table.add_row([
                event.received_at.to_rfc3339(),
                event.event_id.to_string(),
                event.path.clone(),
                event.standing.to_string(),
                event.kinds.clone(),
                items.unwrap_or_else(|| "-".to_owned()),
                why(event).unwrap_or_else(|| "-".to_owned()),
            ]);
        }
        output::line(table.trim_fmt())
    }
}

/// Why something of it was not taken.
fn why(event: &Event) -> Option<String> {
    let contents = event.contents.as_ref();
    let diagnosis = event.diagnosis.clone();
    diagnosis.or_else(|| contents?.parse_error.clone())
}

fn value(event: &Event) -> Value {
    let contents = event.contents.as_ref();
    let known: Option<Diagnosis> = event.diagnosis.as_ref().and_then(|word| word.parse().ok());
    json!({
        "event_id": event.event_id,
        "received_at": event.received_at,
        "path": event.path,
        "signature": event.standing.as_str(),
        "diagnosis": event.diagnosis,
        "cause": known.map(Diagnosis::cause),
        "remedy": known.map(Diagnosis::remedy),
        "kinds": event.kinds,
        "repeats": event.repeats,
        "item_count": contents.map(|contents| contents.item_count),
        "parse_error": contents.and_then(|contents| contents.parse_error.as_ref()),
        "unusable": contents.map(|contents| &contents.poison),
    })
}

impl Replay {
    async fn on(self, env: &Env) -> anyhow::Result<()> {
        let vault = backbone::vault(env)?;
        let db = tool::pool(env).await?;
        let tenant_id = tenant::find(&db.client().await?, &self.tenant).await?;
        let bus = Bus::connect(&backbone::bus(env)?, "waypost webhooks").await;
        let bus = bus.context("cannot use RabbitMQ")?;
        let by = By { tenant_id, actor: Actor::Operator };
        let replayed = self.replay(&Replayer::new(db, Arc::clone(&vault), &bus), by).await;
        bus.close().await;
        output::line(replayed?)
    }

    async fn replay(&self, replayer: &Replayer, by: By) -> anyhow::Result<usize> {
        let Some(since) = self.since else {
            let event_id = self.event_id.context("say which: --event-id or --since")?;
            replayer.one(by, event_id).await?;
            return Ok(1);
        };
        let until = self.until.unwrap_or_else(now);
        let (mut events, mut after) = (0, None);
        loop {
            let replayed = replayer.between(by, Stretch { since, until, after }).await?;
            events += replayed.events;
            after = replayed.next;
            if after.is_none() {
                return Ok(events);
            }
        }
    }
}
