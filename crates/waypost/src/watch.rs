//! `waypost watch`: follows a message until its end.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use domain::delivery::DeliveryStatus;
use domain::ids::MessageId;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::api::Address;
use crate::{output, timeline, tool};

const POLL: Duration = Duration::from_millis(500);

/// What to follow, and how far.
#[derive(clap::Args)]
pub(crate) struct Watch {
    /// The id that the enqueue answered
    message_id: MessageId,
    /// Ends when the message has come this far
    #[arg(long, value_enum, default_value_t = Until::Delivered)]
    until: Until,
    /// Gives up after so many seconds [default: never]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    #[command(flatten)]
    address: Address,
    /// Prints the message as JSON at the end, and nothing before
    #[arg(long)]
    json: bool,
}

/// How far a message has to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Until {
    /// Meta has taken it.
    Accepted,
    /// It has reached a device.
    Delivered,
    /// It was read.
    Read,
}

impl Watch {
    /// Runs the command. The exit code is 0 when the message has come as far as asked, and 1 when
    /// it never will.
    pub(crate) fn run(self) -> ExitCode {
        tool::run(async move |env| {
            let api = self.address.api(&env)?;
            let deadline =
                self.timeout.map(|timeout| Instant::now() + Duration::from_secs(timeout));
            let path = format!("/v1/messages/{}", self.message_id);
            let mut told = Vec::new();
            loop {
                let message = api.get(&path).await?;
                let place = place(&message, self.until);
                if !self.json {
                    tell(&message, &mut told)?;
                } else if place != Place::OnTheWay {
                    output::json(&message)?;
                }
                match place {
                    Place::Reached => return Ok(()),
                    Place::Over(status) => bail!("the message is {status}"),
                    Place::OnTheWay => {}
                }
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    bail!("the message has not come so far in time");
                }
                sleep(POLL).await;
            }
        })
    }
}

/// Prints the events that are new. A late fact may be older than one that was told.
fn tell(message: &Value, told: &mut Vec<String>) -> anyhow::Result<()> {
    for line in timeline::lines(message) {
        if !told.contains(&line) {
            output::line(&line)?;
            told.push(line);
        }
    }
    Ok(())
}

/// Where a message stands, seen from where it is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    OnTheWay,
    Reached,
    Over(DeliveryStatus),
}

fn place(message: &Value, until: Until) -> Place {
    let status = message["delivery_status"].as_str().and_then(|word| word.parse().ok());
    let is_read = !message["opened_at"].is_null();
    match (status, until) {
        (Some(DeliveryStatus::Delivered), Until::Accepted | Until::Delivered) => Place::Reached,
        (Some(DeliveryStatus::Delivered), Until::Read) if is_read => Place::Reached,
        (
            Some(DeliveryStatus::Accepted | DeliveryStatus::Held | DeliveryStatus::Sent),
            Until::Accepted,
        ) => Place::Reached,
        (
            Some(
                over @ (DeliveryStatus::Failed
                | DeliveryStatus::Cancelled
                | DeliveryStatus::Expired),
            ),
            _,
        ) => Place::Over(over),
        _ => Place::OnTheWay,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(status: &str, until: Until) -> Place {
        place(&json!({ "delivery_status": status, "opened_at": null }), until)
    }

    #[test]
    fn a_message_is_followed_as_far_as_asked() {
        assert_eq!(at("sent", Until::Delivered), Place::OnTheWay);
        assert_eq!(at("sent", Until::Accepted), Place::Reached);
        assert_eq!(at("delivered", Until::Delivered), Place::Reached);
        assert_eq!(at("delivered", Until::Read), Place::OnTheWay);
        let read = json!({ "delivery_status": "delivered", "opened_at": "2026-01-02T03:04:05Z" });
        assert_eq!(place(&read, Until::Read), Place::Reached);
    }

    #[test]
    fn a_message_that_never_will_is_over() {
        for word in ["failed", "cancelled", "expired"] {
            assert_eq!(at(word, Until::Accepted), Place::Over(word.parse().unwrap()));
        }
        assert_eq!(at("unknown", Until::Accepted), Place::OnTheWay);
    }
}
