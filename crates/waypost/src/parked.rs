//! `waypost parked`: what an operator does with messages of the bus that were set aside.

use std::process::ExitCode;
use std::str::FromStr;

use amqp::{Bus, ParkedMessage, Queue};
use anyhow::Context;
use comfy_table::{Table, presets};
use runtime::Env;
use serde_json::{Value, json};

use crate::{output, tool};

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Parked {
    /// Counts them, queue by queue
    List {
        /// Prints a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Shows the oldest ones of a queue, and why they were parked
    Show {
        /// notify, dispatch.urgent, dispatch.normal, dispatch.bulk, status-mapper, inbox, account-sync,
        /// webhook-log, or unrouted: what no queue is bound for
        queue: Place,
        /// How many at most
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// Also shows what is in them, which may be personal data
        #[arg(long)]
        body: bool,
        /// Prints a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Sends the oldest ones back to their service, and prints how many. What is unrouted is published
    /// once more; what still nobody wants is caught again
    Redrive {
        /// As in show
        queue: Place,
        /// How many at most
        #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
        limit: usize,
    },
}

/// Where messages are set aside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Beside the work queue they were taken from.
    Parked(Queue),
    /// Where everything ends that no queue is bound for.
    Unrouted,
}

const UNROUTED: &str = "unrouted";

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == UNROUTED {
            return Ok(Self::Unrouted);
        }
        let wrong = |_| {
            let queues = Queue::ALL.map(Queue::as_str).join(", ");
            format!("must be one of {queues}, {UNROUTED}")
        };
        text.parse().map(Self::Parked).map_err(wrong)
    }
}

impl Parked {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        tool::run(async move |env| {
            let bus = connect(&env).await?;
            let done = self.on(&bus).await;
            bus.close().await;
            done
        })
    }

    async fn on(self, bus: &Bus) -> anyhow::Result<()> {
        match self {
            Self::List { json } => list(bus, json).await,
            Self::Show { queue, limit, body, json } => {
                let messages = match queue {
                    Place::Parked(queue) => bus.parked(queue, limit).await?,
                    Place::Unrouted => bus.unrouted(limit).await?,
                };
                show(&messages, body, json)
            }
            Self::Redrive { queue: Place::Parked(queue), limit } => {
                output::line(bus.redrive(queue, limit).await?)
            }
            Self::Redrive { queue: Place::Unrouted, limit } => {
                output::line(bus.redrive_unrouted(limit).await?)
            }
        }
    }
}

async fn connect(env: &Env) -> anyhow::Result<Bus> {
    Bus::connect(&backbone::bus(env)?, "waypost parked").await.context("cannot use RabbitMQ")
}

async fn list(bus: &Bus, as_json: bool) -> anyhow::Result<()> {
    let mut depths = Vec::new();
    for queue in Queue::ALL {
        depths.push((queue.as_str(), bus.parked_depth(queue).await?));
    }
    depths.push((UNROUTED, bus.unrouted_depth().await?));
    if as_json {
        let object = depths.iter().map(|(queue, depth)| ((*queue).to_owned(), json!(depth)));
        return output::json(&Value::Object(object.collect()));
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["queue", "parked"]);
    table.add_rows(depths.iter().map(|(queue, depth)| [(*queue).to_owned(), depth.to_string()]));
    output::line(table.trim_fmt())
}

fn show(messages: &[ParkedMessage], body: bool, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let values: Vec<Value> = messages.iter().map(|message| value(message, body)).collect();
        return output::json(&values);
    }
    for message in messages {
        let id = message.message_id.map_or("-".to_owned(), |id| id.to_string());
        let at = message.parked_at.map_or("-".to_owned(), |at| at.to_rfc3339());
        let reason = message.reason.as_deref().unwrap_or("-");
        output::line(format_args!("{at}  {id}  attempt {}  {reason}", message.attempt))?;
        if body {
            output::line(String::from_utf8_lossy(&message.body))?;
        }
    }
    Ok(())
}

fn value(message: &ParkedMessage, body: bool) -> Value {
    let mut value = json!({
        "message_id": message.message_id,
        "parked_at": message.parked_at,
        "attempt": message.attempt,
        "routing_key": message.routing_key,
        "content_type": message.content_type,
        "reason": message.reason,
    });
    if body {
        value["body"] = json!(String::from_utf8_lossy(&message.body));
    }
    value
}
