//! The numbers of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::laws::{Outside, expected_accepts, most_in_a_second};
use super::plan::Planned;
use super::scenario::NUMBERS;
use super::seen::{Seen, count};

/// Everything that is printed at the end, and written by `--json`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    seed: u64,
    messages: usize,
    /// Messages that are where their fates lead.
    r#final: usize,
    statuses: BTreeMap<String, usize>,
    read: usize,
    failures_by_code: BTreeMap<i32, usize>,
    types: BTreeMap<String, usize>,
    entrances: BTreeMap<&'static str, usize>,
    /// Messages whose answer was lost, and what became of which was found out.
    unknown_resolved: usize,
    simulator: Simulator,
    numbers: Vec<NumberReport>,
    latency_ms: Latency,
    enqueue_seconds: f64,
    total_seconds: f64,
    messages_per_second: f64,
    /// The laws that were broken, in words.
    broken: Vec<String>,
}

/// What the simulated Meta saw.
#[derive(Debug, Serialize)]
struct Simulator {
    accepted: u64,
    accepted_expected: usize,
    went_twice: usize,
    refused_by_code: BTreeMap<i32, u64>,
    statuses_posted: u64,
    posts_doubled: u64,
    posts_redelivered: u64,
}

/// A number's busiest second.
#[derive(Debug, Serialize)]
struct NumberReport {
    phone_number_id: &'static str,
    messages: usize,
    messages_per_second_allowed: i32,
    busiest_second: usize,
    busiest_second_allowed: usize,
}

/// From the row to Meta's answer, the wait for a number's turn included, in milliseconds.
#[derive(Debug, Serialize)]
struct Latency {
    p50: i64,
    p99: i64,
    most: i64,
}

/// How long the run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took {
    /// From the first request to the last answer of the API.
    pub(super) enqueue: Duration,
    /// From the first request until every message was final.
    pub(super) total: Duration,
}

impl Report {
    /// Counts everything.
    pub(super) fn new(
        seed: u64,
        plan: &[Planned],
        seen: &Seen,
        outside: &Outside,
        took: Took,
        broken: Vec<String>,
    ) -> Self {
        let doubtful = plan.iter().zip(&seen.rows).filter(|(planned, row)| {
            planned.fate.is_doubtful() && super::seen::is_there(planned, row)
        });
        Self {
            seed,
            messages: plan.len(),
            r#final: seen.arrived,
            statuses: seen.by_status(),
            read: seen.read(),
            failures_by_code: seen.by_code(),
            types: seen.by_type(),
            entrances: count(plan.iter().map(|planned| planned.entrance.as_str())),
            unknown_resolved: doubtful.count(),
            simulator: simulator(plan, outside),
            numbers: NUMBERS.iter().map(|number| busiest(*number, plan, outside)).collect(),
            latency_ms: latency(&seen.latencies_ms()),
            enqueue_seconds: took.enqueue.as_secs_f64(),
            total_seconds: took.total.as_secs_f64(),
            messages_per_second: plan.len() as f64 / took.total.as_secs_f64(),
            broken,
        }
    }

    /// The laws that were broken.
    pub(super) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The summary for people.
    pub(super) fn tables(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        let mut row = |name: &str, value: String| {
            table.add_row([name.to_owned(), value]);
        };
        row("messages", format!("{}, final: {}", self.messages, self.r#final));
        row("states", format!("{}, read: {}", list(&self.statuses), self.read));
        row("failed, by Meta's code", list(&self.failures_by_code));
        row("types", list(&self.types));
        row("came in by", list(&self.entrances));
        let simulator = &self.simulator;
        let (accepted, expected) = (simulator.accepted, simulator.accepted_expected);
        row("sends that Meta accepted", format!("{accepted} of {expected}"));
        row("sends that went twice", simulator.went_twice.to_string());
        row("answers lost, all resolved", self.unknown_resolved.to_string());
        row("refused by Meta, by code", list(&simulator.refused_by_code));
        let (statuses, doubled) = (simulator.statuses_posted, simulator.posts_doubled);
        row("status webhooks", format!("{statuses} statuses, {doubled} POSTs doubled"));
        for number in &self.numbers {
            let name = format!("busiest second of {}", number.phone_number_id);
            let (busiest, rate) = (number.busiest_second, number.messages_per_second_allowed);
            row(&name, format!("{busiest}, limit {rate} ({} messages)", number.messages));
        }
        let Latency { p50, p99, most } = self.latency_ms;
        row("enqueued to accepted", format!("p50 {p50} ms, p99 {p99} ms, most {most} ms"));
        let (enqueue, total) = (self.enqueue_seconds, self.total_seconds);
        row("time", format!("enqueued in {enqueue:.2} s, all final in {total:.2} s"));
        row("messages per second", format!("{:.0}, to the last status", self.messages_per_second));
        format!("\n{}", table.trim_fmt())
    }
}

fn simulator(plan: &[Planned], outside: &Outside) -> Simulator {
    let stats = outside.meta.stats();
    Simulator {
        accepted: stats.accepted,
        accepted_expected: expected_accepts(plan),
        went_twice: outside.meta.doubled().len(),
        refused_by_code: stats.refused,
        statuses_posted: stats.webhooks.statuses,
        posts_doubled: stats.webhooks.doubled,
        posts_redelivered: stats.webhooks.redelivered,
    }
}

fn busiest(number: super::scenario::Number, plan: &[Planned], outside: &Outside) -> NumberReport {
    let busiest = outside.meta.stats().numbers.get(number.phone_number_id).copied();
    NumberReport {
        phone_number_id: number.phone_number_id,
        messages: plan.iter().filter(|planned| planned.from == number).count(),
        messages_per_second_allowed: number.rate,
        busiest_second: busiest.unwrap_or_default().accepted_per_second,
        busiest_second_allowed: most_in_a_second(number.rate),
    }
}

fn latency(ascending: &[i64]) -> Latency {
    let at = |percent: usize| {
        ascending.get((ascending.len() * percent / 100).min(ascending.len().saturating_sub(1)))
    };
    let at = |percent| at(percent).copied().unwrap_or_default();
    Latency { p50: at(50), p99: at(99), most: at(100) }
}

fn list<K: std::fmt::Display, V: std::fmt::Display>(counts: &BTreeMap<K, V>) -> String {
    let items: Vec<String> = counts.iter().map(|(name, n)| format!("{name}: {n}")).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_all_values_and_nothing_has_none() {
        let values: Vec<i64> = (1..=100).collect();

        let Latency { p50, p99, most } = latency(&values);

        assert_eq!((p50, p99, most), (51, 100, 100));
        assert_eq!(latency(&[]).most, 0);
    }
}
