//! Which fault strikes a request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use rand::Rng;

use crate::dice::{Purpose, dice, mix};
use crate::scenario::{Fault, FaultKind, matches};
use crate::sync::{current, lock, replace};

/// The faults that are set, and how often each has struck.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    set: RwLock<Arc<Vec<Arc<SetFault>>>>,
    /// How often chance has struck a message: its next try throws other dice.
    tries: Mutex<HashMap<u64, u64>>,
}

#[derive(Debug)]
struct SetFault {
    fault: Fault,
    until_us: Option<u64>,
    seen: AtomicU64,
    struck: AtomicU64,
}

/// A request that may be struck.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    /// The number of its path.
    pub(crate) phone_number_id: &'a str,
    /// Its recipient; unknown before the body has been read.
    pub(crate) recipient: Option<&'a str>,
    /// The key of its dice.
    pub(crate) key: u64,
    /// The time, in microseconds of the simulator's clock.
    pub(crate) now_us: u64,
}

impl Faults {
    /// Sets more faults, behind those that are set.
    pub(crate) fn add(&self, faults: &[Fault], now_us: u64) {
        let mut set = current(&self.set).as_ref().clone();
        set.extend(faults.iter().map(|fault| {
            let until_us = fault.for_ms.map(|ms| now_us + ms * 1_000);
            let (seen, struck) = (AtomicU64::new(0), AtomicU64::new(0));
            Arc::new(SetFault { fault: fault.clone(), until_us, seen, struck })
        }));
        replace(&self.set, Arc::new(set));
    }

    /// Takes all faults away.
    pub(crate) fn clear(&self) {
        replace(&self.set, Arc::default());
        lock(&self.tries).clear();
    }

    /// The fault that strikes a request of which only the head has been read.
    /// Faults with `reset_before_reading` in them are decided here, each request with dice of its own.
    pub(crate) fn strike_early(&self, seed: u64, target: Target<'_>) -> Option<FaultKind> {
        self.strike(seed, target, SetFault::is_early)
    }

    /// The fault that strikes a valid send. The same message throws the same dice until chance has struck it.
    fn strike(
        &self,
        seed: u64,
        target: Target<'_>,
        about: fn(&SetFault) -> bool,
    ) -> Option<FaultKind> {
        let set = current(&self.set);
        if set.is_empty() {
            return None;
        }
        let tries = lock(&self.tries).get(&target.key).copied().unwrap_or(0);
        let mut kind = None;
        for (place, fault) in
            set.iter().enumerate().filter(|(_, fault)| about(fault) && fault.is_about(target))
        {
            let seen = fault.seen.fetch_add(1, Ordering::Relaxed);
            if kind.is_none() {
                let dice_key = mix(target.key ^ mix(tries ^ ((place as u64) << 32)));
                kind = fault.strikes(seed, dice_key, seen);
                if kind.is_some() && fault.fault.chance.is_some() {
                    *lock(&self.tries).entry(target.key).or_default() += 1;
                }
            }
        }
        kind
    }

    /// The fault that strikes a valid send.
    pub(crate) fn strike_late(&self, seed: u64, target: Target<'_>) -> Option<FaultKind> {
        self.strike(seed, target, |fault| !fault.is_early())
    }

    /// How often any fault has struck.
    pub(crate) fn struck(&self) -> u64 {
        current(&self.set).iter().map(|fault| fault.struck.load(Ordering::Relaxed)).sum()
    }
}

impl SetFault {
    fn is_early(&self) -> bool {
        let mut kinds = self.fault.kind.iter().chain(&self.fault.sequence);
        kinds.any(|kind| *kind == FaultKind::ResetBeforeReading)
    }

    fn is_about(&self, target: Target<'_>) -> bool {
        let fault = &self.fault;
        let is_number =
            fault.phone_number_id.as_deref().is_none_or(|id| id == target.phone_number_id);
        let is_recipient = match (&fault.recipient, target.recipient) {
            (None, _) => true,
            (Some(pattern), Some(recipient)) => matches(pattern, recipient),
            (Some(_), None) => false,
        };
        is_number && is_recipient && self.until_us.is_none_or(|until| target.now_us < until)
    }

    /// What it does to the request that is the `seen`-th it is about, counted from 0.
    fn strikes(&self, seed: u64, dice_key: u64, seen: u64) -> Option<FaultKind> {
        let place = seen.checked_sub(self.fault.skip)?;
        let kind = match &self.fault.kind {
            Some(kind) => kind.clone(),
            None => self.fault.sequence.get(usize::try_from(place).ok()?)?.clone(),
        };
        if kind == FaultKind::None {
            return None;
        }
        if let Some(chance) = self.fault.chance
            && !chance.hits(dice(seed, Purpose::Fault, dice_key).random())
        {
            return None;
        }
        let most = self.fault.times.unwrap_or(u64::MAX);
        let strike = |struck: u64| (struck < most).then_some(struck + 1);
        self.struck.fetch_update(Ordering::Relaxed, Ordering::Relaxed, strike).ok()?;
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Faults {
        let faults = Faults::default();
        faults.add(&[serde_json::from_str(json).unwrap()], 0);
        faults
    }

    fn target(recipient: &str, key: u64) -> Target<'_> {
        Target { phone_number_id: "200", recipient: Some(recipient), key, now_us: 0 }
    }

    fn strikes(faults: &Faults, messages: u64) -> Vec<bool> {
        (0..messages).map(|key| faults.strike_late(1, target("1", key)).is_some()).collect()
    }

    #[test]
    fn a_sequence_is_taken_one_by_one_and_then_over() {
        let faults = faults(r#"{"sequence":["none","garbage",{"slow":{"ms":5}}]}"#);

        let struck: Vec<_> = (0..5).map(|key| faults.strike_late(1, target("1", key))).collect();

        assert_eq!(
            struck,
            [None, Some(FaultKind::Garbage), Some(FaultKind::Slow { ms: 5 }), None, None]
        );
    }

    #[test]
    fn a_fault_strikes_after_its_skip_and_as_often_as_told() {
        let faults = faults(r#"{"kind":"garbage","skip":1,"times":2}"#);

        assert_eq!(strikes(&faults, 5), [false, true, true, false, false]);
        assert_eq!(faults.struck(), 2);
    }

    #[test]
    fn a_fault_is_only_about_its_number_recipient_and_time() {
        let faults =
            faults(r#"{"kind":"garbage","phone_number_id":"200","recipient":"1415*","for_ms":10}"#);
        let strike = |target| faults.strike_late(1, target).is_some();

        assert!(strike(target("+14155550101", 1)));
        assert!(!strike(target("491701234567", 1)));
        assert!(!strike(Target { phone_number_id: "201", ..target("1415", 1) }));
        assert!(!strike(Target { now_us: 10_000, ..target("1415", 1) }));
    }

    #[test]
    fn chance_strikes_the_same_messages_in_any_order_and_seldom_twice() {
        let json = r#"{"kind":"garbage","chance":0.3}"#;
        let forward = strikes(&faults(json), 1_000);
        let other = faults(json);
        let mut backward: Vec<bool> =
            (0..1_000).rev().map(|key| other.strike_late(1, target("1", key)).is_some()).collect();
        backward.reverse();

        assert_eq!(forward, backward);
        let again = strikes(&other, 1_000);
        let twice =
            forward.iter().zip(&again).filter(|(first, second)| **first && **second).count();
        assert!((50..150).contains(&twice), "another try throws other dice: {twice}");
    }

    #[test]
    fn a_reset_is_decided_before_the_body_and_nothing_else_is() {
        let reset = faults(r#"{"kind":"reset_before_reading","times":1}"#);
        let garbage = faults(r#"{"kind":"garbage"}"#);
        let head = Target { recipient: None, ..target("", 1) };

        assert_eq!(reset.strike_late(1, target("1", 1)), None);
        assert_eq!(reset.strike_early(1, head), Some(FaultKind::ResetBeforeReading));
        assert_eq!(garbage.strike_early(1, head), None);
    }
}
