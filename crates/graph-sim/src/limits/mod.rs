//! Meta's limits on a send: what each number and portfolio has used, and one verdict over all of them.

mod pair;
mod portfolio;
mod throughput;

use std::collections::HashMap;
use std::sync::Mutex;

use crate::scenario::{Exceeded, Limits, NumberSpec};
use crate::sync::lock;

pub(crate) use pair::Pairs;
pub(crate) use portfolio::Reach;
pub(crate) use throughput::Throughput;

/// What one number has used. It outlives a change of the scenario.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    /// Its last second.
    pub(crate) throughput: Mutex<Throughput>,
    pairs: Mutex<Pairs>,
    /// Until when each person's service window is open, in microseconds of the simulator's clock.
    windows: Mutex<HashMap<u64, u64>>,
}

impl Meters {
    /// Notes a message from a person: it counts, and opens the service window.
    pub(crate) fn receive(&self, limits: &Limits, person: u64, now_us: u64) {
        lock(&self.throughput).receive(now_us);
        lock(&self.windows).insert(person, now_us + limits.service_window.window_ms * 1_000);
    }

    /// Whether the person has written within the service window.
    pub(crate) fn window_is_open(&self, person: u64, now_us: u64) -> bool {
        lock(&self.windows).get(&person).is_some_and(|until| *until > now_us)
    }
}

/// Who has been reached, for each portfolio.
#[derive(Debug, Default)]
pub(crate) struct Portfolios(Mutex<HashMap<String, Reach>>);

impl Portfolios {
    /// How many people each portfolio has reached in its moving day.
    pub(crate) fn people(&self) -> Vec<(String, usize)> {
        lock(&self.0).iter().map(|(id, reach)| (id.clone(), reach.people())).collect()
    }
}

/// A send that asks for its verdict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applicant<'a> {
    /// The sending number.
    pub(crate) number: &'a NumberSpec,
    /// The key of the recipient.
    pub(crate) person: u64,
    /// Whether it is a template, which needs no service window.
    pub(crate) template: bool,
    /// Whether its fate is to be delivered, so that it takes a place of the portfolio's budget.
    pub(crate) delivered: bool,
    /// When its request had been read, in microseconds of the simulator's clock.
    pub(crate) now_us: u64,
}

/// What the limits say to a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may go; everything it uses has been noted.
    Go,
    /// It is refused with this code; it used nothing.
    Refuse(Limit, i32),
    /// It is accepted and will fail with this code.
    FailLater(Limit, i32),
    /// It goes although it breaks a limit that is only counted.
    Overlook(Limit),
}

/// Which limit a send broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    Maintenance,
    Throughput,
    Pair,
    ServiceWindow,
    Portfolio,
}

impl Limit {
    /// Its name in the statistics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Throughput => "throughput",
            Self::Pair => "pair",
            Self::ServiceWindow => "service_window",
            Self::Portfolio => "portfolio",
        }
    }
}

/// Judges a send in one step. When it may go, `commit` has the last word: if it agrees, all that the send uses is
/// noted; else, and when the send is refused, nothing is.
pub(crate) fn judge(
    limits: &Limits,
    meters: &Meters,
    portfolios: &Portfolios,
    applicant: Applicant<'_>,
    commit: impl FnOnce() -> bool,
) -> Verdict {
    let Applicant { number, person, now_us, .. } = applicant;
    let mut throughput = lock(&meters.throughput);
    throughput.arrive(now_us);
    if number.maintenance {
        return Verdict::Refuse(Limit::Maintenance, 131_057);
    }
    let mps = number.mps.unwrap_or(limits.throughput.mps);
    if !throughput.has_room(&limits.throughput, mps, now_us) {
        return Verdict::Refuse(Limit::Throughput, 130_429);
    }
    let mut pairs = lock(&meters.pairs);
    if !pairs.has_room(&limits.pair, person, now_us) {
        return Verdict::Refuse(Limit::Pair, 131_056);
    }
    let in_window = meters.window_is_open(person, now_us);
    let mut portfolios = lock(&portfolios.0);
    let verdict = window(limits, applicant, in_window)
        .or_else(|| budget(limits, &mut portfolios, applicant, in_window))
        .unwrap_or(Verdict::Go);
    if !matches!(verdict, Verdict::Refuse(..)) && commit() {
        throughput.accept(now_us);
        pairs.accept(&limits.pair, person, now_us);
        let counts = limits.portfolio.enabled && applicant.delivered && !in_window;
        if counts && matches!(verdict, Verdict::Go | Verdict::Overlook(_)) {
            portfolios.entry(number.portfolio().to_owned()).or_default().reach(person, now_us);
        }
    }
    verdict
}

/// What the service window says against a send.
fn window(limits: &Limits, applicant: Applicant<'_>, in_window: bool) -> Option<Verdict> {
    let window = &limits.service_window;
    let breaks =
        window.enabled && !applicant.template && !in_window && window.exceeded != Exceeded::Allow;
    breaks.then(|| beyond(window.exceeded, Limit::ServiceWindow, window.code))
}

/// What the portfolio's budget says against a send.
fn budget(
    limits: &Limits,
    portfolios: &mut HashMap<String, Reach>,
    applicant: Applicant<'_>,
    in_window: bool,
) -> Option<Verdict> {
    let budget = &limits.portfolio;
    let tier =
        applicant.number.tier.filter(|_| budget.enabled && applicant.delivered && !in_window)?;
    let reach = portfolios.get_mut(applicant.number.portfolio());
    let fits = match reach {
        Some(reach) => {
            reach.has_room(tier, budget.window_ms * 1_000, applicant.person, applicant.now_us)
        }
        None => tier > 0,
    };
    (!fits).then(|| beyond(budget.exceeded, Limit::Portfolio, budget.code))
}

fn beyond(exceeded: Exceeded, limit: Limit, code: i32) -> Verdict {
    match exceeded {
        Exceeded::Fail => Verdict::FailLater(limit, code),
        Exceeded::Refuse => Verdict::Refuse(limit, code),
        Exceeded::Allow => Verdict::Overlook(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{OpenNumber, Scenario};

    struct Fixture {
        limits: Limits,
        meters: Meters,
        portfolios: Portfolios,
        number: NumberSpec,
    }

    impl Fixture {
        fn new(limits: &str) -> Self {
            let scenario = Scenario::parse(format!(r#"{{"limits":{limits}}}"#).as_bytes()).unwrap();
            let number = NumberSpec { tier: Some(1), ..OpenNumber::default().number("200") };
            Self {
                limits: scenario.limits,
                meters: Meters::default(),
                portfolios: Portfolios::default(),
                number,
            }
        }

        fn judge(&self, person: u64, template: bool, now_us: u64) -> Verdict {
            let applicant =
                Applicant { number: &self.number, person, template, delivered: true, now_us };
            judge(&self.limits, &self.meters, &self.portfolios, applicant, || true)
        }
    }

    #[test]
    fn a_person_beyond_the_budget_fails_later_is_refused_or_passes() {
        for (exceeded, verdict) in [
            ("fail", Verdict::FailLater(Limit::Portfolio, 131_048)),
            ("refuse", Verdict::Refuse(Limit::Portfolio, 131_048)),
            ("allow", Verdict::Overlook(Limit::Portfolio)),
        ] {
            let fixture = Fixture::new(&format!(r#"{{"portfolio":{{"exceeded":"{exceeded}"}}}}"#));

            assert_eq!(fixture.judge(1, true, 0), Verdict::Go);
            assert_eq!(fixture.judge(2, true, 1), verdict);
            assert_eq!(
                fixture.judge(1, true, 2),
                Verdict::Go,
                "the same person again takes no place"
            );
        }
    }

    #[test]
    fn an_open_service_window_takes_no_place_and_allows_free_form() {
        let fixture = Fixture::new(r#"{"service_window":{"enabled":true}}"#);

        assert_eq!(fixture.judge(1, false, 0), Verdict::FailLater(Limit::ServiceWindow, 131_047));
        fixture.meters.receive(&fixture.limits, 1, 1);
        assert_eq!(fixture.judge(1, false, 2), Verdict::Go);
        assert_eq!(fixture.judge(2, true, 3), Verdict::Go, "the budget of one is still free");
    }

    #[test]
    fn a_refused_send_uses_nothing() {
        let fixture = Fixture::new(
            r#"{"pair":{"burst":1},"throughput":{"mps":2,"slack_messages":0,"slack_percent":0},"portfolio":{"enabled":false}}"#,
        );

        assert_eq!(fixture.judge(1, true, 0), Verdict::Go);
        for now in 1..50 {
            assert_eq!(fixture.judge(1, true, now), Verdict::Refuse(Limit::Pair, 131_056));
        }
        assert_eq!(fixture.judge(2, true, 50), Verdict::Go);
        assert_eq!(fixture.judge(3, true, 51), Verdict::Refuse(Limit::Throughput, 130_429));
    }

    #[test]
    fn a_number_in_maintenance_refuses_everything() {
        let mut fixture = Fixture::new("{}");
        fixture.number.maintenance = true;

        assert_eq!(fixture.judge(1, true, 0), Verdict::Refuse(Limit::Maintenance, 131_057));
    }
}
