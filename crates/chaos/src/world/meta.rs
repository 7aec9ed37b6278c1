//! The simulated Meta, in this process: its record survives everything that is disturbed.

use std::net::SocketAddr;

use anyhow::Context;
use graph_sim::{Control, Fault, FaultKind, Inbound, Scenario};
use runtime::Stop;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::plan::{Fate, NUMBERS, Trouble, UNDELIVERABLE, Writer};
use crate::snapshot::Send;

/// Signs webhooks.
pub(super) const APP_SECRET: &str = "chaos-app-secret";
/// The only token that may send.
pub(super) const ACCESS_TOKEN: &str = "chaos-access-token";

/// Later than a dispatcher waits.
const SLOW_MS: u64 = 4_500;

/// A simulator that answers and posts until its value is dropped.
pub(crate) struct Meta {
    /// What it knows.
    pub(crate) control: Control,
    /// Where it is.
    pub(crate) url: String,
    _running: JoinSet<anyhow::Result<()>>,
}

impl Meta {
    /// Posts its webhooks to `ingress`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn start(seed: u64, ingress: SocketAddr) -> anyhow::Result<Self> {
        let webhooks = format!("http://{ingress}/webhooks/whatsapp");
        let mut config = graph_sim::Config::local(APP_SECRET, Some(webhooks));
        config.seed = seed;
        config.scenario = Scenario::parse(scenario().to_string().as_bytes())
            .context("the scenario cannot be used")?;
        let sim = graph_sim::start(config, Stop::new()).await?;
        let url = sim.base_url();
        let mut running = JoinSet::new();
        running.spawn(sim.service.task);
        Ok(Self { control: sim.control, url, _running: running })
    }

    /// Lets somebody write.
    ///
    /// # Errors
    /// When there is no such number: a mistake of ours.
    pub(crate) fn receive(&self, writer: &Writer) -> anyhow::Result<()> {
        self.control.receive(&Inbound {
            phone_number_id: writer.to.id.to_owned(),
            from: writer.from.clone(),
            name: None,
            text: Some("Where is my parcel?".to_owned()),
            message: None,
        })?;
        Ok(())
    }

    /// Is in trouble with some of the sends, for a while.
    ///
    /// # Errors
    /// When the simulator refuses: a mistake of ours.
    pub(crate) fn trouble(&self, trouble: Trouble, percent: u8, for_ms: u64) -> anyhow::Result<()> {
        let kind = match trouble {
            Trouble::Slow => FaultKind::Slow { ms: SLOW_MS },
            Trouble::AnswerLost => FaultKind::DropAfterAccept,
            Trouble::ErrorAfterAccept => FaultKind::ErrorAfterAccept { status: 500, code: None },
            Trouble::Unavailable => FaultKind::ServerError { status: 503 },
            Trouble::Reset => FaultKind::ResetBeforeReading,
        };
        let chance = (f64::from(percent) / 100.0).try_into().ok();
        let fault = Fault { kind: Some(kind), chance, for_ms: Some(for_ms), ..Fault::default() };
        Ok(self.control.add_faults(&[fault])?)
    }

    /// All sends that it accepted.
    pub(crate) fn sends(&self) -> Vec<Send> {
        let sends = self.control.sends(0, usize::MAX).into_iter();
        sends
            .map(|send| Send {
                message_id: send.opaque.unwrap_or_default().into(),
                phone_number_id: send.phone_number_id.to_string(),
                recipient: send.recipient.into(),
                at_ms: send.received_at.timestamp_millis(),
            })
            .collect()
    }
}

/// Limits are measured here and not kept: what goes beyond one is to be seen, not refused.
fn scenario() -> Value {
    let fates = |special: Value| {
        let mut fates = json!({ "before_answer": 0.05, "late": 0.1, "doubled": 0.1 });
        if let (Some(fates), Value::Object(special)) = (fates.as_object_mut(), special) {
            fates.extend(special);
        }
        fates
    };
    let undeliverable =
        json!({ "failures": [{ "code": UNDELIVERABLE, "chance": 1.0, "after": "accepted" }] });
    json!({
        "open": false,
        "numbers": NUMBERS.map(|number| json!({
            "phone_number_id": number.id,
            "waba_id": number.waba_id,
            "tokens": [ACCESS_TOKEN],
            "mps": number.rate,
            "tier": number.tier,
        })),
        "limits": {
            "throughput": { "enabled": false },
            "portfolio": { "exceeded": "allow" },
        },
        "fates": fates(json!({})),
        "rules": [
            { "recipients": [Fate::Unread.pattern()], "fates": fates(json!({ "read": 0.0 })) },
            { "recipients": [Fate::Undeliverable.pattern()], "fates": fates(undeliverable) },
        ],
        "webhooks": {
            "shuffle": true,
            "doubled": 0.05,
            "redelivery": { "first_ms": 200, "longest_ms": 2_000 },
        },
    })
}
