//! How much went in which time.

use std::collections::{BTreeMap, BTreeSet};

use super::{Law, Violation};
use crate::snapshot::{Lag, Snapshot};

const SECOND_MS: i64 = 1_000;

/// By so much a send may be longer under way than another, beside what the machine was seen to be
/// late: its sender shares the cores with a dozen processes, and is not looked into.
const UNDER_WAY_MS: i64 = 150;

/// No number sends more in any second than its rate. Sends are seen where they arrive: by as much
/// as the machine was late, more than left in one second may arrive in one.
pub(super) fn numbers(seen: &Snapshot, found: &mut Vec<Violation>) {
    for number in &seen.numbers {
        let sends = seen.sends.iter().filter(|send| send.phone_number_id == number.id);
        let mut times: Vec<i64> = sends.map(|send| send.at_ms).collect();
        times.sort_unstable();
        let rate = i64::from(number.rate);
        let mut first = 0;
        let mut worst = None;
        for (last, at) in times.iter().enumerate() {
            while times[first] <= at - SECOND_MS {
                first += 1;
            }
            let count = i64::try_from(last - first + 1).unwrap_or(i64::MAX);
            let allowed = allowed(rate, latest(&seen.lags, *at));
            let excess = count - allowed;
            if excess > 0 && worst.is_none_or(|(most, _, _)| excess > most) {
                worst = Some((excess, count, allowed));
            }
        }
        if let Some((_, count, allowed)) = worst {
            let what = format!("{} sent {count} messages in a second, not {allowed}", number.id);
            found.push(Violation { law: Law::NeverOver, what, may_heal: false });
        }
    }
}

/// The rate, what measuring may differ by, and what was under way for longer than the others.
fn allowed(rate: i64, late_ms: i64) -> i64 {
    let late = (rate * (UNDER_WAY_MS + late_ms) + SECOND_MS - 1).div_euclid(SECOND_MS);
    rate + (rate * 2 / 100).max(1) + late
}

/// How late the machine was at most around the second that ends at `at`.
fn latest(lags: &[Lag], at: i64) -> i64 {
    let from = lags.partition_point(|lag| lag.at_ms < at - 2 * SECOND_MS);
    let around = lags[from..].iter().take_while(|lag| lag.at_ms <= at + SECOND_MS);
    around.map(|lag| lag.late_ms).max().unwrap_or(0)
}

/// No portfolio reaches more people than it may.
pub(super) fn portfolios(seen: &Snapshot, found: &mut Vec<Violation>) {
    let limited = seen.numbers.iter().filter_map(|number| Some((number.waba_id, number.tier?)));
    for (waba_id, tier) in limited.collect::<BTreeMap<_, _>>() {
        let of_it = |id: &str| seen.numbers.iter().any(|it| it.id == id && it.waba_id == waba_id);
        let sends = seen.sends.iter().filter(|send| of_it(&send.phone_number_id));
        let people: BTreeSet<&str> = sends.map(|send| send.recipient.as_str()).collect();
        if people.len() > tier {
            let reached = people.len();
            let what = format!("the portfolio of {waba_id} reached {reached} people, not {tier}");
            found.push(Violation { law: Law::NeverOver, what, may_heal: false });
        }
    }
}
