//! `waypost unknown`: messages whose fate is unknown, and the word of a person on them.

use std::process::ExitCode;

use admin_api::connections::By;
use admin_api::resolve::{Reason, say};
use anyhow::{Context, bail};
use chrono::TimeDelta;
use comfy_table::{Table, presets};
use domain::delivery::Resolution;
use domain::ids::MessageId;
use runtime::{Env, now};
use serde_json::{Value, json};
use store::audit::Actor;
use store::messages::{self, Resolve, Unknown, UnknownFilter};

use crate::{output, tenant, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum UnknownCommand {
    /// Lists them, the oldest first
    List(List),
    /// Says what became of one, and prints where it stands now
    Resolve {
        /// Id of the message
        message_id: MessageId,
        /// sent: it went out; not-sent: it did not, and goes out now; failed: it is given up
        #[arg(long = "as", value_parser = resolution)]
        resolution: Resolution,
        /// How you know; the tenant sees it in the message's timeline
        #[arg(long, value_parser = Reason::parse)]
        reason: Option<Reason>,
    },
}

/// Which of them are shown.
#[derive(clap::Args)]
pub(crate) struct List {
    /// Name or id of a tenant [default: all]
    #[arg(long)]
    tenant: Option<String>,
    /// Only those that have been unknown for longer, e.g. 90s, 15m, 2h or 3d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<TimeDelta>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Also shows to whom they went, which is personal data
    #[arg(long)]
    recipient: bool,
    /// Prints a JSON array
    #[arg(long)]
    json: bool,
}

impl UnknownCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self {
            Self::List(list) => tool::run(async move |env| list.show(&env).await),
            Self::Resolve { message_id, resolution, reason } => {
                tool::run(async move |env| resolve(&env, message_id, resolution, reason).await)
            }
        }
    }
}

async fn resolve(
    env: &Env,
    message_id: MessageId,
    resolution: Resolution,
    reason: Option<Reason>,
) -> anyhow::Result<()> {
    let db = tool::pool(env).await?;
    let tenant_id = messages::owner(&db.client().await?, message_id).await?;
    let tenant_id = tenant_id.context("there is no such message")?;
    let by = By { tenant_id, actor: Actor::Operator };
    match say(&db, by, message_id, resolution, reason).await? {
        Resolve::Resolved(status) => output::line(status),
        Resolve::Stands(status) => {
            bail!("only a message whose fate is unknown can be resolved; this one is {status}")
        }
        Resolve::Missing => bail!("there is no such message"),
    }
}

impl List {
    async fn show(self, env: &Env) -> anyhow::Result<()> {
        let client = tool::database(env).await?;
        let tenant_id = match &self.tenant {
            Some(name) => Some(tenant::find(&client, name).await?),
            None => None,
        };
        let until = self.older_than.map(|age| now() - age);
        let filter = UnknownFilter { tenant_id, until };
        let found = messages::unknown(&client, filter, self.limit.into()).await?;
        if self.json {
            let values = found.iter().map(|unknown| value(unknown, self.recipient));
            return output::json(&values.collect::<Vec<_>>());
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        let mut header = vec!["message", "since", "tenant", "from", "type", "policy", "why"];
        header.extend(self.recipient.then_some("to"));
        table.set_header(header);
        table.add_rows(found.iter().map(|unknown| row(unknown, self.recipient)));
        output::line(table.trim_fmt())
    }
}

/// What is said of an attempt whose outcome nobody has written down.
const WORKER_DIED: &str = "its worker died";

fn row(unknown: &Unknown, with_recipient: bool) -> Vec<String> {
    let mut row = vec![
        unknown.message_id.to_string(),
        unknown.since.to_rfc3339(),
        unknown.tenant.clone(),
        unknown.phone_number_id.to_string(),
        unknown.message_type.clone(),
        unknown.on_unknown.to_string(),
        unknown.error.clone().unwrap_or_else(|| WORKER_DIED.to_owned()),
    ];
    row.extend(with_recipient.then(|| unknown.recipient.clone()));
    row
}

fn value(unknown: &Unknown, with_recipient: bool) -> Value {
    let mut value = json!({
        "message_id": unknown.message_id,
        "tenant": unknown.tenant,
        "from": unknown.phone_number_id,
        "type": unknown.message_type,
        "lane": unknown.lane,
        "on_unknown": unknown.on_unknown,
        "since": unknown.since,
        "expires_at": unknown.expires_at,
        "error": unknown.error,
    });
    if with_recipient {
        value["recipient"] = json!(unknown.recipient);
    }
    value
}

/// The words of the API, and `not-sent` as a command line writes it.
fn resolution(text: &str) -> Result<Resolution, String> {
    let found = Resolution::ALL.iter().find(|word| word.as_str() == text.replace('-', "_"));
    found.copied().ok_or_else(|| "must be one of sent, not-sent, failed".to_owned())
}

fn age(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "must be a whole number and a unit: s, m, h or d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let count: u32 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    match unit {
        's' => Ok(TimeDelta::seconds(count.into())),
        'm' => Ok(TimeDelta::minutes(count.into())),
        'h' => Ok(TimeDelta::hours(count.into())),
        'd' => Ok(TimeDelta::days(count.into())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_unit() {
        assert_eq!(age("90s"), Ok(TimeDelta::seconds(90)));
        assert_eq!(age("15m"), Ok(TimeDelta::minutes(15)));
        assert_eq!(age("2h"), Ok(TimeDelta::hours(2)));
        assert_eq!(age("3d"), Ok(TimeDelta::days(3)));
        for wrong in ["", "s", "90", "-1s", "1.5h", "1w", "1ss "] {
            assert!(age(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_resolution_is_written_either_way() {
        assert_eq!(resolution("not-sent"), Ok(Resolution::NotSent));
        assert_eq!(resolution("not_sent"), Ok(Resolution::NotSent));
        assert!(resolution("accepted").is_err());
    }
}
