use super::*;
use crate::plan::NUMBERS;
use crate::snapshot::{Facts, Lag, Parked, Send, Webhooks};

const READ: Facts =
    Facts { accepted: true, sent: true, delivered: true, opened: true, failed: false };

fn row(name: &str) -> Row {
    Row {
        message_id: format!("id-{name}"),
        client_data: name.to_owned(),
        phone_number_id: NUMBERS[0].id.to_owned(),
        recipient: format!("+4915100000{name}"),
        status: "delivered".to_owned(),
        on_unknown: "hold".to_owned(),
        waiting_reason: None,
        has_not_before: false,
        is_past_its_deadline: false,
        error_code: None,
        delivery_error: None,
        ambiguous_attempts: 0,
        facts: READ,
    }
}

fn send(row: &Row, at_ms: i64) -> Send {
    Send {
        message_id: row.message_id.clone(),
        phone_number_id: row.phone_number_id.clone(),
        recipient: row.recipient.clone(),
        at_ms,
    }
}

/// A number of messages that were sent one after the other and read.
fn clean() -> Snapshot {
    let rows: Vec<Row> = ["101", "102", "103"].map(row).into();
    Snapshot {
        numbers: NUMBERS.to_vec(),
        accepted: rows.iter().map(|it| (it.client_data.clone(), it.message_id.clone())).collect(),
        sends: rows.iter().zip(0..).map(|(row, nth)| send(row, nth * 100)).collect(),
        seen: rows.iter().map(|row| (row.message_id.clone(), READ)).collect(),
        rows,
        webhooks: Webhooks { idle: true, taken: 5, logged: 6, ..Webhooks::default() },
        queues: [("status-mapper".to_owned(), 0)].into(),
        ..Snapshot::default()
    }
}

/// The laws that a change of a clean run breaks.
fn broken_by(change: impl FnOnce(&mut Snapshot)) -> Vec<Law> {
    let mut seen = clean();
    change(&mut seen);
    violations(&seen).into_iter().map(|violation| violation.law).collect()
}

/// Lets the first message stand otherwise, and not be sent.
fn unsent(seen: &mut Snapshot, status: &str) {
    seen.sends.remove(0);
    seen.seen.clear();
    seen.rows[0].status = status.to_owned();
    seen.rows[0].facts = Facts::default();
}

#[test]
fn a_clean_run_breaks_no_law() {
    assert_eq!(violations(&clean()), []);
}

#[test]
fn a_lost_message_is_caught() {
    assert_eq!(
        broken_by(|seen| {
            seen.rows.remove(1);
            seen.sends.remove(1);
        }),
        [Law::NeverLost]
    );
}

#[test]
fn a_message_that_became_two_is_caught() {
    let laws = broken_by(|seen| {
        let again = Row { message_id: "id-other".to_owned(), ..seen.rows[0].clone() };
        seen.sends.push(send(&again, 5_000));
        seen.rows.push(again);
    });

    assert_eq!(laws, [Law::NeverLost]);
}

#[test]
fn a_request_that_is_never_answered_is_caught() {
    assert_eq!(broken_by(|seen| seen.unanswered = 1), [Law::NeverLost]);
}

#[test]
fn a_send_of_a_message_that_has_no_row_is_caught() {
    let laws = broken_by(|seen| seen.sends.push(send(&row("999"), 5_000)));

    assert_eq!(laws, [Law::NeverLost]);
}

#[test]
fn a_second_send_is_caught_unless_an_answer_was_lost_and_its_policy_allows_it() {
    let twice = |policy: &str, ambiguous| {
        broken_by(|seen| {
            seen.rows[0].on_unknown = policy.to_owned();
            seen.rows[0].ambiguous_attempts = ambiguous;
            seen.sends.push(send(&seen.rows[0], 5_000));
        })
    };

    assert_eq!(twice("hold", 1), [Law::NeverTwice]);
    assert_eq!(twice("fail", 1), [Law::NeverTwice]);
    assert_eq!(twice("retry", 0), [Law::NeverTwice]);
    assert_eq!(twice("retry", 1), []);
}

#[test]
fn a_number_over_its_rate_is_caught_and_what_only_arrives_together_is_not() {
    let in_a_second = |count: usize, number: usize, lags: Vec<Lag>| {
        broken_by(|seen| {
            for nth in 0..count {
                let row = Row {
                    phone_number_id: NUMBERS[number].id.to_owned(),
                    ..row(&format!("2{nth:02}"))
                };
                let at = 10_000 + i64::try_from(nth * 999 / count).unwrap();
                seen.sends.push(send(&row, at));
                seen.accepted.insert(row.client_data.clone(), row.message_id.clone());
                seen.rows.push(row);
            }
            seen.lags = lags;
        })
    };

    assert_eq!(in_a_second(13, 2, Vec::new()), []);
    assert_eq!(in_a_second(14, 2, Vec::new()), [Law::NeverOver]);
    let late = |at_ms| vec![Lag { at_ms, late_ms: 300 }];
    assert_eq!(in_a_second(16, 2, late(10_500)), []);
    assert_eq!(in_a_second(17, 2, late(10_500)), [Law::NeverOver]);
    assert_eq!(in_a_second(16, 2, late(3_000)), [Law::NeverOver]);
}

#[test]
fn a_portfolio_over_its_limit_is_caught() {
    let reached = |people: usize| {
        broken_by(|seen| {
            for nth in 0..people {
                let row =
                    Row { phone_number_id: NUMBERS[3].id.to_owned(), ..row(&format!("3{nth:02}")) };
                seen.sends.push(send(&row, 10_000 + i64::try_from(nth).unwrap() * 100));
                seen.accepted.insert(row.client_data.clone(), row.message_id.clone());
                seen.rows.push(row);
            }
        })
    };

    assert_eq!(reached(12), []);
    assert_eq!(reached(13), [Law::NeverOver]);
}

#[test]
fn a_row_that_went_backwards_is_caught() {
    let laws = broken_by(|seen| {
        seen.rows[0].status = "sent".to_owned();
        seen.rows[0].facts = Facts { delivered: false, opened: false, ..READ };
    });

    assert_eq!(laws, [Law::Settled, Law::NeverBackwards]);
}

#[test]
fn an_unknown_message_may_stand_until_its_echo_came() {
    assert_eq!(broken_by(|seen| unsent(seen, "unknown")), []);
    let echoed = broken_by(|seen| {
        let first = seen.sends[0].clone();
        unsent(seen, "unknown");
        seen.sends.insert(0, first);
    });
    assert_eq!(echoed, [Law::Settled]);
    let retried = broken_by(|seen| {
        unsent(seen, "unknown");
        seen.rows[0].on_unknown = "retry".to_owned();
    });
    assert_eq!(retried, [Law::Settled]);
    let too_late = broken_by(|seen| {
        unsent(seen, "unknown");
        seen.rows[0].on_unknown = "retry".to_owned();
        seen.rows[0].is_past_its_deadline = true;
    });
    assert_eq!(too_late, []);
}

#[test]
fn a_message_may_wait_only_for_a_limit_that_its_portfolio_has() {
    let waiting = |number: usize, reason: &str| {
        broken_by(|seen| {
            unsent(seen, "queued");
            seen.rows[0].phone_number_id = NUMBERS[number].id.to_owned();
            seen.rows[0].waiting_reason = Some(reason.to_owned());
            seen.rows[0].has_not_before = true;
        })
    };

    assert_eq!(waiting(3, "portfolio_budget"), []);
    assert_eq!(waiting(0, "portfolio_budget"), [Law::Settled]);
    assert_eq!(waiting(3, "number_rate"), [Law::Settled]);
}

#[test]
fn what_meta_took_is_not_expired_and_what_it_never_took_is_not_delivered() {
    assert_eq!(broken_by(|seen| unsent(seen, "expired")), []);
    assert_eq!(broken_by(|seen| seen.rows[0].status = "expired".to_owned()), [Law::Settled]);
    assert_eq!(broken_by(|seen| unsent(seen, "delivered")), [Law::Settled]);
    assert_eq!(broken_by(|seen| unsent(seen, "failed")), [Law::Settled], "no reason");
}

#[test]
fn a_webhook_that_was_answered_and_not_applied_is_caught() {
    assert_eq!(broken_by(|seen| seen.webhooks.logged = 4), [Law::Applied]);
    assert_eq!(broken_by(|seen| seen.webhooks.given_up = 1), [Law::Applied]);
    assert_eq!(broken_by(|seen| seen.webhooks.spooled = 1), [Law::Applied]);
    assert_eq!(broken_by(|seen| seen.webhooks.idle = false), [Law::Applied]);
    let wrote = |seen: &mut Snapshot| {
        seen.wrote.insert((NUMBERS[0].id.to_owned(), "+491710000001".to_owned()));
    };
    assert_eq!(broken_by(wrote), [Law::Applied]);
    let unread = broken_by(|seen| {
        seen.seen.clear();
        seen.rows[0].facts.opened = false;
    });
    assert_eq!(unread, [Law::Settled]);
}

#[test]
fn an_orphan_and_a_letter_without_reason_are_caught() {
    let orphan = |seen: &mut Snapshot| {
        seen.queues.insert("wait.1".to_owned(), 1);
    };
    assert_eq!(broken_by(orphan), [Law::NoOrphan]);
    let parked = |reason: Option<&str>| {
        broken_by(|seen| {
            let reason = reason.map(str::to_owned);
            seen.parked.push(Parked { queue: "inbox".to_owned(), reason });
        })
    };
    assert_eq!(parked(Some("cannot be read")), []);
    assert_eq!(parked(None), [Law::Reasoned]);
}

#[test]
fn a_service_that_ends_by_itself_is_caught() {
    assert_eq!(broken_by(|seen| seen.ended.push("inbox: exit 1".to_owned())), [Law::Alive]);
}
