//! What must hold at the end.

use graph_sim::Control;

use super::fate::Fate;
use super::plan::Planned;
use super::scenario::NUMBERS;
use super::seen::{Seen, is_there};

/// What the outside saw: the simulator, and the parking queues.
pub(super) struct Outside {
    /// The simulator.
    pub(super) meta: Control,
    /// Messages of the bus that were set aside or that no queue was bound for.
    pub(super) set_aside: u32,
}

/// How many messages Meta has to have accepted.
pub(super) fn expected_accepts(plan: &[Planned]) -> usize {
    plan.iter().filter(|planned| planned.fate.is_accepted()).count()
}

/// How many messages a number may send in any second: the rate, and what measuring may differ by.
pub(super) fn most_in_a_second(rate: i32) -> usize {
    let rate = usize::try_from(rate).unwrap_or_default();
    rate + (rate * 2 / 100).max(1)
}

/// Every law that was broken, in words; none when all is well.
pub(super) fn broken(plan: &[Planned], seen: &Seen, outside: &Outside) -> Vec<String> {
    let mut broken = Vec::new();
    let mut must = |holds: bool, otherwise: String| {
        if !holds {
            broken.push(otherwise);
        }
    };
    let lost = seen.rows.iter().filter(|row| row.is_none()).count();
    must(lost == 0, format!("{lost} messages are lost"));
    must(seen.surplus == 0, format!("{} messages became two", seen.surplus));
    must(seen.arrived == plan.len(), elsewhere(plan, seen));

    let twice = outside.meta.doubled().len();
    must(twice == 0, format!("{twice} messages went twice"));
    let stats = outside.meta.stats();
    let (accepted, expected) = (stats.accepted, expected_accepts(plan) as u64);
    must(accepted == expected, format!("Meta accepted {accepted} sends instead of {expected}"));
    for number in NUMBERS {
        let most = most_in_a_second(number.rate);
        let busiest = stats.numbers.get(number.phone_number_id);
        let busiest = busiest.map_or(0, |busiest| busiest.accepted_per_second);
        let id = number.phone_number_id;
        must(
            busiest <= most,
            format!("{id} sent {busiest} messages in a second instead of {most}"),
        );
    }
    let given_up = stats.webhooks.given_up;
    must(given_up == 0, format!("{given_up} webhooks were never taken"));
    let set_aside = outside.set_aside;
    must(set_aside == 0, format!("{set_aside} messages of the bus were set aside"));
    broken
}

/// How many messages are elsewhere than their fates lead, and where a few of them are.
fn elsewhere(plan: &[Planned], seen: &Seen) -> String {
    let stray: Vec<(Fate, String)> = plan
        .iter()
        .zip(&seen.rows)
        .filter(|(planned, row)| !is_there(planned, row))
        .map(|(planned, row)| {
            let place = row
                .as_ref()
                .map_or("missing".to_owned(), |row| format!("{} {}", row.message_id, row.status));
            (planned.fate, place)
        })
        .collect();
    let examples: Vec<String> =
        stray.iter().take(5).map(|(fate, place)| format!("{place} ({fate:?})")).collect();
    format!("{} messages are not final: {}", stray.len(), examples.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_may_hold_the_rate_and_two_percent_or_one_message() {
        assert_eq!([20, 80, 250].map(most_in_a_second), [21, 81, 255]);
    }
    #[tokio::test]
    async fn messages_that_never_came_break_the_laws_by_name() {
        let plan = crate::demo::plan::plan(50, 1);
        let config = crate::demo::scenario::simulator(1, &plan).unwrap();
        let meta = graph_sim::start(config, runtime::Stop::new()).await.unwrap().control;
        let seen = Seen { rows: vec![None; plan.len()], surplus: 1, arrived: 0 };

        let broken = broken(&plan, &seen, &Outside { meta, set_aside: 2 }).join("\n");

        let accepts = expected_accepts(&plan);
        for law in [
            "50 messages are lost",
            "1 messages became two",
            "50 messages are not final: missing",
            &format!("Meta accepted 0 sends instead of {accepts}"),
            "2 messages of the bus were set aside",
        ] {
            assert!(broken.contains(law), "{law} in {broken}");
        }
    }
}
