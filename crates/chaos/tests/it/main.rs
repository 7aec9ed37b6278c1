//! A short run, and the proof that what it looks at can fail.

use chaos::laws::{Law, violations};
use chaos::plan::{Length, plan};
use chaos::report::Shown;
use chaos::snapshot::Snapshot;

const SEED: u64 = 1;

/// The first law that a change of what was really seen breaks.
fn broken_by(seen: &Snapshot, change: impl FnOnce(&mut Snapshot)) -> Vec<Law> {
    let mut seen = seen.clone();
    change(&mut seen);
    violations(&seen).into_iter().map(|violation| violation.law).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_holds_after_a_short_chaos_and_what_is_planted_in_it_is_caught() {
    let plan = plan(SEED, Length::Short);
    let shown = Shown(&plan).to_string();

    let outcome = chaos::run(plan).await.unwrap();

    assert!(outcome.violations.is_empty(), "{shown}{outcome}");
    let seen = &outcome.snapshot;
    let sent = seen.sends.iter().find(|send| {
        let row = seen.rows.iter().find(|row| row.message_id == send.message_id);
        row.is_some_and(|row| row.on_unknown == "hold")
    });
    let sent = sent.unwrap().clone();
    let lost = broken_by(seen, |seen| seen.rows.retain(|it| it.message_id != sent.message_id));
    assert!(lost.contains(&Law::NeverLost), "{lost:?}");
    let doubled = broken_by(seen, |seen| seen.sends.push(sent.clone()));
    assert!(doubled.contains(&Law::NeverTwice), "{doubled:?}");
    let overrun = broken_by(seen, |seen| {
        seen.lags.clear();
        seen.sends.iter_mut().for_each(|send| send.at_ms = 0);
    });
    assert!(overrun.contains(&Law::NeverOver), "{overrun:?}");
}
