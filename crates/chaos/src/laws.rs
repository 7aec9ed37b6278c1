//! What must hold once everything is at rest.

mod rates;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::plan::{Fate, UNDELIVERABLE};
use crate::snapshot::{Row, Snapshot};

/// A promise of Waypost's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Each accepted message has one row.
    NeverLost,
    /// Each accepted message is in one final or honestly waiting state.
    Settled,
    /// No message went twice beyond what its policy allows.
    NeverTwice,
    /// No number and no portfolio went over its limit.
    NeverOver,
    /// No fact that stood in a row is gone.
    NeverBackwards,
    /// What was answered 200 is in the rows.
    Applied,
    /// No queue holds what nobody handles.
    NoOrphan,
    /// Nothing is set aside without a reason.
    Reasoned,
    /// No service ends by itself, and each ends in order when it is asked to.
    Alive,
}

/// A law that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub law: Law,
    /// What was seen.
    pub what: String,
    /// Whether more time may mend it.
    pub may_heal: bool,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.what)
    }
}

/// Every law that does not hold.
#[must_use]
pub fn violations(seen: &Snapshot) -> Vec<Violation> {
    let mut found = Vec::new();
    lost(seen, &mut found);
    let sends = sends_by_message(seen);
    for row in &seen.rows {
        let times = sends.get(row.message_id.as_str()).copied().unwrap_or(0);
        twice(row, times, &mut found);
        if let Err((what, may_heal)) = settled(row, times, seen) {
            let what = format!("{} {what} ({times} sends)", row.message_id);
            found.push(Violation { law: Law::Settled, what, may_heal });
        }
        let before = seen.seen.get(&row.message_id).copied().unwrap_or_default();
        if !row.facts.keep(before) {
            let what = format!("{} was {before:?} and is {:?}", row.message_id, row.facts);
            found.push(Violation { law: Law::NeverBackwards, what, may_heal: false });
        }
    }
    unknown_sends(seen, &mut found);
    rates::numbers(seen, &mut found);
    rates::portfolios(seen, &mut found);
    webhooks(seen, &mut found);
    bus(seen, &mut found);
    for ended in &seen.ended {
        found.push(Violation { law: Law::Alive, what: ended.clone(), may_heal: false });
    }
    found
}

fn lost(seen: &Snapshot, found: &mut Vec<Violation>) {
    let mut broken = |what: String, may_heal| {
        found.push(Violation { law: Law::NeverLost, what, may_heal });
    };
    if seen.unanswered > 0 {
        broken(format!("{} requests were never answered", seen.unanswered), true);
    }
    let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &seen.rows {
        rows.entry(&row.client_data).or_default().push(&row.message_id);
    }
    for (caller, message_id) in &seen.accepted {
        match rows.get(caller.as_str()).map(Vec::as_slice) {
            None => broken(format!("{message_id} was accepted as {caller} and has no row"), false),
            Some([only]) if *only == message_id => {}
            Some(others) => broken(
                format!("{message_id} was accepted as {caller}, whose rows are {others:?}"),
                false,
            ),
        }
    }
    for (caller, ids) in rows.iter().filter(|(caller, _)| !seen.accepted.contains_key(**caller)) {
        broken(format!("{ids:?} stand for {caller}, which was never answered"), true);
    }
}

fn sends_by_message(seen: &Snapshot) -> BTreeMap<&str, usize> {
    let mut times = BTreeMap::new();
    for send in &seen.sends {
        *times.entry(send.message_id.as_str()).or_default() += 1;
    }
    times
}

/// A message may go again only where its caller allowed it and an answer was lost.
fn twice(row: &Row, times: usize, found: &mut Vec<Violation>) {
    let allowed = if row.on_unknown == "retry" { 1 + row.ambiguous_attempts } else { 1 };
    if times > allowed {
        let (id, policy) = (&row.message_id, &row.on_unknown);
        let what = format!("{id} went {times} times; {policy} allows {allowed}");
        found.push(Violation { law: Law::NeverTwice, what, may_heal: false });
    }
}

/// Whether a message is where it may stay, given how often Meta took it.
fn settled(row: &Row, times: usize, seen: &Snapshot) -> Result<(), (String, bool)> {
    let taken = times > 0;
    let may_heal = |what: &str| Err((format!("is {}: {what}", row.status), true));
    let never = |what: &str| Err((format!("is {}: {what}", row.status), false));
    match (row.status.as_str(), taken) {
        ("delivered" | "sent" | "accepted" | "held", false) => never("Meta never took it"),
        ("delivered", true) => match Fate::of(&row.recipient) {
            Fate::Read if !row.facts.opened => may_heal("it was read, and the row does not say so"),
            Fate::Unread if row.facts.opened => never("it was never read"),
            Fate::Undeliverable => never("it never arrived"),
            Fate::Read | Fate::Unread => Ok(()),
        },
        ("failed", true) => match Fate::of(&row.recipient) {
            Fate::Undeliverable if row.error_code == Some(UNDELIVERABLE) => Ok(()),
            _ => may_heal("Meta's word is another"),
        },
        ("failed", false) if row.delivery_error.as_deref().unwrap_or_default().is_empty() => {
            never("no reason is given")
        }
        ("failed" | "expired", false) => Ok(()),
        ("expired" | "cancelled", _) => never("Meta took it, or nobody cancelled it"),
        ("unknown", true) => may_heal("an echo came"),
        ("unknown", false) if row.on_unknown == "hold" => Ok(()),
        // Too late to be sent again, and nobody knows whether it was: a person's to resolve.
        ("unknown", false) if row.on_unknown == "retry" && row.is_past_its_deadline => Ok(()),
        ("unknown", false) => may_heal("its policy does not hold"),
        ("queued", false) if waits_honestly(row, seen) => Ok(()),
        (_, _) => may_heal(row.waiting_reason.as_deref().unwrap_or("not final")),
    }
}

/// What its portfolio's limit keeps waits for a day.
fn waits_honestly(row: &Row, seen: &Snapshot) -> bool {
    let number = seen.numbers.iter().find(|number| number.id == row.phone_number_id);
    let is_limited = number.is_some_and(|number| number.tier.is_some());
    is_limited && row.has_not_before && row.waiting_reason.as_deref() == Some("portfolio_budget")
}

/// Meta has taken nothing that we do not know.
fn unknown_sends(seen: &Snapshot, found: &mut Vec<Violation>) {
    let known: BTreeSet<&str> = seen.rows.iter().map(|row| row.message_id.as_str()).collect();
    for send in seen.sends.iter().filter(|send| !known.contains(send.message_id.as_str())) {
        let what = format!("Meta took {}, which has no row", send.message_id);
        found.push(Violation { law: Law::NeverLost, what, may_heal: false });
    }
}

fn webhooks(seen: &Snapshot, found: &mut Vec<Violation>) {
    let mut broken = |what: String, may_heal| {
        found.push(Violation { law: Law::Applied, what, may_heal });
    };
    let webhooks = seen.webhooks;
    if webhooks.given_up > 0 {
        broken(format!("Meta gave up {} POSTs", webhooks.given_up), false);
    }
    if !webhooks.idle {
        broken("Meta still has webhooks to post".to_owned(), true);
    }
    if webhooks.logged < webhooks.taken {
        let (logged, taken) = (webhooks.logged, webhooks.taken);
        broken(format!("{taken} POSTs were answered 200, and {logged} are in the log"), true);
    }
    if webhooks.spooled > 0 {
        broken(format!("{} POSTs are still in the spool", webhooks.spooled), true);
    }
    let missing = seen.wrote.difference(&seen.windows).count();
    if missing > 0 {
        broken(format!("{missing} people wrote and have no service window"), true);
    }
}

fn bus(seen: &Snapshot, found: &mut Vec<Violation>) {
    for (queue, held) in seen.queues.iter().filter(|(_, held)| **held > 0) {
        let what = format!("{queue} holds {held}");
        found.push(Violation { law: Law::NoOrphan, what, may_heal: true });
    }
    for parked in &seen.parked {
        if parked.reason.as_deref().unwrap_or_default().is_empty() {
            let what = format!("{} was set aside from without a reason", parked.queue);
            found.push(Violation { law: Law::Reasoned, what, may_heal: false });
        }
    }
}
