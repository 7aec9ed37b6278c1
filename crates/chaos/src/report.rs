//! A run in words.

use std::collections::BTreeMap;
use std::fmt;

use crate::plan::Plan;
use crate::run::Outcome;

/// How many violations are told one by one.
const TOLD: usize = 40;

/// A plan, to be shown before it is run.
#[derive(Debug)]
pub struct Shown<'a>(pub &'a Plan);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        let messages = plan.messages();
        writeln!(f, "seed {}: {messages} messages, {} disturbances", plan.seed, plan.events.len())?;
        for event in &plan.events {
            let (seconds, tenths) = (event.at_ms / 1_000, event.at_ms % 1_000 / 100);
            writeln!(f, "  {seconds:>4}.{tenths} s  {}", event.disturbance)?;
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = &self.snapshot;
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &seen.rows {
            *states.entry(&row.status).or_default() += 1;
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for send in &seen.sends {
            *times.entry(&send.message_id).or_default() += 1;
        }
        let again = times.values().filter(|times| **times > 1).count();
        let late = seen.lags.iter().map(|lag| lag.late_ms).max().unwrap_or(0);
        writeln!(f, "seed {}:", self.plan.seed)?;
        writeln!(f, "  accepted from callers  {}", seen.accepted.len())?;
        writeln!(f, "  taken by Meta          {} ({again} more than once)", seen.sends.len())?;
        writeln!(f, "  states                 {states:?}")?;
        writeln!(f, "  webhooks               {:?}", seen.webhooks)?;
        writeln!(f, "  people who wrote       {}", seen.wrote.len())?;
        writeln!(f, "  set aside on the bus   {}", seen.parked.len())?;
        writeln!(f, "  machine late at most   {late} ms")?;
        if !self.clocks_stepped {
            writeln!(f, "  left out               wrong clocks: libfaketime is not installed")?;
        }
        writeln!(f, "  at rest after          {:.1} s", self.recovered_in.as_secs_f64())?;
        if self.violations.is_empty() {
            return writeln!(f, "  every law holds");
        }
        writeln!(f, "  {} violations:", self.violations.len())?;
        // What time could have mended is often only under way still: it says less.
        let (healing, broken): (Vec<_>, Vec<_>) =
            self.violations.iter().partition(|violation| violation.may_heal);
        for violation in broken.into_iter().chain(healing).take(TOLD) {
            writeln!(f, "    {violation}")?;
        }
        if let Some(logs) = &self.logs {
            writeln!(f, "  logs in {}", logs.display())?;
        }
        Ok(())
    }
}
