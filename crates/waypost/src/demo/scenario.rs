//! The simulated Meta of the demo: three numbers, two templates, and a fate for each digit.

use anyhow::Context;
use graph_sim::{Config, Scenario};
use serde_json::{Value, json};

use super::fate::Fate;
use super::people::pattern;
use super::plan::Planned;
use super::world::APP_SECRET;

/// A number of the demo's tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Meta's id of it.
    pub(super) phone_number_id: &'static str,
    /// Messages per second that Meta allows it.
    pub(super) rate: i32,
    /// The number itself.
    display: &'static str,
}

/// An ordinary number.
pub(super) const ORDINARY: Number =
    Number { phone_number_id: "106540352242921", rate: 80, display: "15550001111" };
/// One with an upgraded throughput.
pub(super) const FAST: Number =
    Number { phone_number_id: "106540352242922", rate: 250, display: "15550001112" };
/// One that people write to.
pub(super) const CHAT: Number =
    Number { phone_number_id: "106540352242923", rate: 80, display: "15550001113" };
/// All of them.
pub(super) const NUMBERS: [Number; 3] = [ORDINARY, FAST, CHAT];
/// The account of all of them.
pub(super) const WABA_ID: &str = "102290129340398";
/// The only token that may send from them.
pub(super) const ACCESS_TOKEN: &str = "simulated-access-token";

/// A simulator on a free port, for these messages.
///
/// # Errors
/// When the scenario contradicts itself: a mistake of ours.
pub(super) fn simulator(seed: u64, plan: &[Planned]) -> anyhow::Result<Config> {
    let mut config = Config::local(APP_SECRET, None);
    config.seed = seed;
    config.scenario = Scenario::parse(scenario(plan).to_string().as_bytes())
        .context("the demo's scenario cannot be used")?;
    Ok(config)
}

fn scenario(plan: &[Planned]) -> Value {
    json!({
        "open": false,
        "numbers": NUMBERS.map(|number| json!({
            "phone_number_id": number.phone_number_id,
            "waba_id": WABA_ID,
            "display_phone_number": number.display,
            "tokens": [ACCESS_TOKEN],
            "mps": number.rate,
        })),
        "templates": [
            template("order_shipped", "utility", "Order {{1}} is on its way and arrives {{2}}."),
            template("login_code", "authentication", "{{1}} is your code."),
        ],
        "fates": fates(json!({})),
        "rules": rules(),
        "faults": faults(plan),
        "webhooks": { "shuffle": true, "doubled": 0.05, "redelivery": { "first_ms": 200 } },
    })
}

fn template(name: &str, category: &str, body: &str) -> Value {
    let components = [json!({ "type": "BODY", "text": body })];
    json!({ "name": name, "language": "en_US", "category": category, "components": components })
}

/// Statuses come late, twice and before the answer; `special` decides over the rest.
fn fates(special: Value) -> Value {
    let mut fates = json!({ "before_answer": 0.02, "late": 0.1, "doubled": 0.1 });
    if let (Some(fates), Value::Object(special)) = (fates.as_object_mut(), special) {
        fates.extend(special);
    }
    fates
}

fn rules() -> Value {
    let failing = |code: i32, after: &str| json!({ "failures": [{ "code": code, "chance": 1.0, "after": after }] });
    let rules = [
        (Fate::Unread, json!({ "read": 0.0 })),
        (Fate::ReadAtOnce, json!({ "read_without_delivered": 1.0 })),
        (Fate::Undeliverable, failing(131_026, "accepted")),
        (Fate::Declined, failing(131_049, "sent")),
    ];
    let rule = |(fate, special)| json!({ "recipients": [pattern(fate)], "fates": fates(special) });
    rules.map(rule).into_iter().collect()
}

/// Each strikes every message of its fate once: an accepted one is not sent again, and the others
/// as often as there are messages.
fn faults(plan: &[Planned]) -> Value {
    let faults = [
        (Fate::AnswerLost, json!("drop_after_accept")),
        (Fate::ServerError, json!({ "error_after_accept": { "status": 500 } })),
        (Fate::Throttled, json!({ "error": { "code": 130_429 } })),
        (Fate::Retried, json!({ "server_error": { "status": 503 } })),
    ];
    let fault = |(fate, kind): (Fate, Value)| {
        let times = plan.iter().filter(|planned| planned.fate == fate).count();
        json!({ "kind": kind, "recipient": pattern(fate), "times": times })
    };
    faults.map(fault).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::plan::plan;

    #[test]
    fn the_scenario_is_one_that_the_simulator_takes() {
        simulator(1, &plan(50, 1)).unwrap();
    }
}
