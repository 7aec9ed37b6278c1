use domain::ids::{ConnectionId, MessageId, TenantId};
use domain::lane::Lane;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn claimed(attempts_before: i32) -> Claimed {
    Claimed {
        message_id: MessageId::at(now()),
        tenant_id: TenantId::at(now()),
        claim_no: 7,
        attempt_count: attempts_before,
        lane: Lane::Normal,
        expires_at: now() + TimeDelta::hours(1),
        recipient: "+14155550101".into(),
        content: serde_json::json!({}),
        phone_number_id: "20001".parse().unwrap(),
        waba_id: "10001".parse().unwrap(),
        portfolio: "1".into(),
        tier: domain::tier::Tier::Unlimited,
        in_service_window: false,
        messages_per_second: 80,
        connection_id: ConnectionId::at(now()),
        sealed_token: Vec::new(),
        traceparent: None,
    }
}

fn decided(attempts_before: i32, outcome: SendOutcome) -> Decided {
    let waits = RetryWaits::new(RetryWaits::DEFAULT.to_vec()).unwrap();
    decide(&claimed(attempts_before), outcome, now(), &waits)
}

fn failure(code: i32, detail: &str) -> ApiFailure {
    ApiFailure {
        http_status: Some(400),
        code: Some(code),
        title: "(#1) title".into(),
        detail: detail.into(),
        fbtrace_id: Some("Atrace".into()),
        ..ApiFailure::default()
    }
}

fn not_sent(why: Throttle, code: i32) -> SendOutcome {
    SendOutcome::NotSent { why, error: failure(code, "too fast") }
}

fn rejected(kind: Rejection, code: i32) -> SendOutcome {
    SendOutcome::Rejected { kind, error: failure(code, "Meta's words") }
}

/// How long the message waits, and why.
fn waits(decided: &Decided) -> (i64, WaitingReason) {
    match decided.finished.next {
        Next::Wait { until, reason } => ((until - now()).num_seconds(), reason),
        ref next => panic!("{next:?}"),
    }
}

#[test]
fn an_accepted_message_keeps_its_id_and_whether_meta_holds_it() {
    let wamid: domain::ids::Wamid = "wamid.1".to_owned().try_into().unwrap();
    let accepted =
        SendOutcome::Accepted { wamid: wamid.clone(), wa_id: Some("1415\0".into()), held: true };

    let decided = decided(0, accepted);

    let Next::Accepted { wamid: kept, wa_id, held } = decided.finished.next else {
        panic!("not accepted")
    };
    assert_eq!((kept, wa_id.as_deref(), held), (wamid, Some("1415"), true));
    assert_eq!(decided.finished.claim_no, 7);
    assert_eq!(decided.finished.attempt.unwrap().outcome, "accepted");
    assert_eq!((decided.class, decided.effect), ("held", None));
}

#[test]
fn a_throttle_slows_the_number_and_climbs_the_ladder_for_ever() {
    for why in [Throttle::Number, Throttle::Waba, Throttle::App] {
        for (before, seconds) in [(0, 1), (1, 5), (4, 600), (99, 600)] {
            let decided = decided(before, not_sent(why, 130_429));

            assert_eq!(waits(&decided), (seconds, WaitingReason::ThrottledByMeta));
            assert_eq!(decided.effect, Some(Effect::SlowNumber));
        }
    }
}

#[test]
fn a_pair_that_is_too_fast_waits_alone() {
    for (before, seconds) in [(0, 1), (1, 4), (3, 64), (9, 600)] {
        let decided = decided(before, not_sent(Throttle::Pair, 131_056));

        assert_eq!(waits(&decided), (seconds, WaitingReason::Pair));
        assert_eq!(decided.effect, None);
    }
}

#[test]
fn maintenance_pauses_the_number_for_its_minute() {
    let decided = decided(3, not_sent(Throttle::Maintenance, 131_057));

    assert_eq!(waits(&decided), (60, WaitingReason::NumberPaused));
    let Some(Effect::PauseNumber { until, .. }) = decided.effect else { panic!("not paused") };
    assert_eq!(until, now() + TimeDelta::seconds(60));
}

#[test]
fn what_found_no_connection_is_tried_again() {
    let error = ApiFailure::local("no connection", "connection refused");
    let outcome = SendOutcome::NotSent { why: Throttle::Connect, error };

    let decided = decided(2, outcome);

    assert_eq!(waits(&decided), (30, WaitingReason::Retry));
    assert_eq!(decided.finished.attempt.unwrap().http_status, None);
}

#[test]
fn a_refused_message_fails_with_metas_words_and_what_to_do() {
    let table = [
        (Rejection::Recipient, 131_047, "the 24 hour window is closed"),
        (Rejection::Request, 100, "correct the message"),
        (Rejection::Template, 132_001, "no approved template has this name"),
    ];
    for (kind, code, advice) in table {
        let decided = decided(0, rejected(kind, code));

        let Next::Failed(failure) = decided.finished.next else { panic!("not failed: {code}") };
        assert_eq!((failure.at, failure.code), (now(), code));
        assert!(failure.detail.starts_with("Meta's words; "), "{}", failure.detail);
        assert!(failure.detail.contains(advice), "{}", failure.detail);
        assert_eq!(decided.effect, None);
    }
}

#[test]
fn long_words_of_metas_are_cut_and_the_advice_is_not() {
    let error = failure(131_047, &"é".repeat(2_000));

    let decided = decided(0, SendOutcome::Rejected { kind: Rejection::Recipient, error });

    let Next::Failed(failure) = decided.finished.next else { panic!("not failed") };
    assert_eq!(failure.detail.chars().count(), DETAIL_CHARACTERS);
    assert!(failure.detail.ends_with("for the person to write"), "{}", failure.detail);
    let attempt = decided.finished.attempt.unwrap();
    assert_eq!(attempt.error.unwrap().chars().count(), DETAIL_CHARACTERS);
}

#[test]
fn a_refused_account_or_token_blocks_the_connection_and_fails_nothing() {
    for (kind, code) in
        [(Rejection::Credential, 190), (Rejection::Credential, 10), (Rejection::Account, 131_042)]
    {
        let decided = decided(0, rejected(kind, code));

        assert_eq!(waits(&decided), (300, WaitingReason::Credential), "{code}");
        let Some(Effect::BlockConnection { until, reason }) = decided.effect else {
            panic!("not blocked: {code}")
        };
        assert_eq!(until, now() + REFUSED_FOR);
        assert!(reason.contains(&code.to_string()) && !reason.contains("Meta's words"), "{reason}");
    }
}

#[test]
fn a_refused_number_is_paused_alone() {
    for code in OF_THE_NUMBER {
        let decided = decided(0, rejected(Rejection::Account, code));

        assert_eq!(waits(&decided), (300, WaitingReason::NumberPaused), "{code}");
        assert!(matches!(decided.effect, Some(Effect::PauseNumber { .. })), "{code}");
    }
}

#[test]
fn the_spam_rate_slows_the_number() {
    let decided = decided(1, rejected(Rejection::Account, SPAM_RATE));

    assert_eq!(waits(&decided), (5, WaitingReason::ThrottledByMeta));
    assert_eq!(decided.effect, Some(Effect::SlowNumber));
}

#[test]
fn what_may_have_been_sent_is_unknown() {
    let error = failure(131_000, "something went wrong");

    let decided = decided(0, SendOutcome::Ambiguous { error });

    assert!(matches!(decided.finished.next, Next::Unknown));
    let attempt = decided.finished.attempt.unwrap();
    assert_eq!((attempt.outcome, attempt.code), ("ambiguous", Some(131_000)));
    assert_eq!(attempt.error.as_deref(), Some("(#1) title: something went wrong"));
    assert_eq!(attempt.fbtrace_id.as_deref(), Some("Atrace"));
}
