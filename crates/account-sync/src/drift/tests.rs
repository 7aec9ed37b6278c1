use domain::ids::{ConnectionId, TenantId};
use store::connections::{Connection, Kind, Status};
use store::sync::{AccountFacts, NumberFacts, TokenFacts, Traffic};

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn ago(minutes: i64) -> Option<DateTime<Utc>> {
    Some(now() - TimeDelta::minutes(minutes))
}

const PATIENCE: Patience =
    Patience { grace: TimeDelta::minutes(10), messages: 3, quiet: TimeDelta::days(3) };

/// Everything is in order.
fn sound() -> Facts {
    Facts {
        connection: Connection {
            connection_id: ConnectionId::at(now()),
            tenant_id: TenantId::at(now()),
            kind: Kind::OwnApp,
            label: String::new(),
            app_id: None,
            status: Status::Active,
            status_reason: None,
            claimed_waba_id: None,
            claimed_phone_number_id: None,
            token_fingerprint: None,
            environment_fingerprint: None,
            token_expires_at: None,
            sealed_token: Some(vec![1]),
            sealed_verify_token: None,
            webhook_token: None,
            blocked_until: None,
            blocked_reason: None,
            last_test_at: None,
            last_test_status: None,
            last_test_detail: None,
            created_at: now(),
            updated_at: now(),
        },
        token: TokenFacts { valid: Some(true), ..TokenFacts::default() },
        accounts: vec![AccountFacts {
            waba_id: "110".into(),
            granted: true,
            status: Some("ACTIVE".into()),
            review_status: Some("APPROVED".into()),
            subscribed: Some(true),
            health: Some("AVAILABLE".into()),
            synced_at: Some(now()),
            ..AccountFacts::default()
        }],
        numbers: vec![NumberFacts {
            phone_number_id: "210".into(),
            waba_id: "110".into(),
            granted: true,
            status: Some("CONNECTED".into()),
            quality_rating: Some("GREEN".into()),
            name_status: Some("APPROVED".into()),
            health: Some("AVAILABLE".into()),
            ..NumberFacts::default()
        }],
        traffic: Traffic {
            accepted: 3,
            silent: 0,
            since: ago(20),
            last_post_at: ago(1),
            refused: false,
        },
    }
}

/// What is found after a change of what is sound, and how bad it is.
fn found(change: impl FnOnce(&mut Facts)) -> Vec<(&'static str, u8)> {
    let mut facts = sound();
    change(&mut facts);
    let found = drift(&facts, facts.connection.sealed_token.is_some(), &PATIENCE, now());
    for finding in &found {
        assert!(KINDS.contains(&finding.kind), "{}", finding.kind);
        assert!(finding.cause.ends_with('.') && finding.remedy.ends_with('.'), "{finding:?}");
    }
    found.iter().map(|finding| (finding.kind, finding.rank())).collect()
}

#[test]
fn what_is_sound_or_not_known_yet_has_no_finding() {
    assert_eq!(found(|_| {}), []);
    let unknown = |facts: &mut Facts| {
        facts.token = TokenFacts::default();
        facts.accounts =
            vec![AccountFacts { waba_id: "110".into(), granted: true, ..AccountFacts::default() }];
        facts.numbers[0] = NumberFacts {
            phone_number_id: "210".into(),
            waba_id: "110".into(),
            granted: true,
            ..NumberFacts::default()
        };
        facts.traffic = Traffic::default();
    };
    assert_eq!(found(unknown), []);
}

#[test]
fn a_claim_is_not_judged_before_meta_has_confirmed_it() {
    let claim = |facts: &mut Facts| {
        facts.connection.claimed_waba_id = "120".parse().ok();
        facts.token.valid = Some(false);
    };

    assert_eq!(found(claim), []);
}

#[test]
fn a_token_is_told_of_once_by_the_worst_that_is_wrong_with_it() {
    let ends = |facts: &mut Facts, left| facts.connection.token_expires_at = Some(now() + left);
    let lacks = |facts: &mut Facts| facts.token.lacks = vec!["whatsapp_business_messaging".into()];
    let blocked = |facts: &mut Facts| {
        facts.connection.blocked_until = Some(now() + TimeDelta::minutes(5));
        facts.connection.blocked_reason = Some("the session ended".into());
    };

    assert_eq!(found(|f| f.connection.sealed_token = None), [(token::INVALID, 2)]);
    assert_eq!(found(|f| f.token.valid = Some(false)), [(token::INVALID, 2)]);
    assert_eq!(found(|f| ends(f, TimeDelta::zero())), [(token::INVALID, 2)]);
    assert_eq!(found(|f| ends(f, TimeDelta::hours(23))), [(token::EXPIRING, 2)]);
    assert_eq!(found(|f| ends(f, TimeDelta::days(6))), [(token::EXPIRING, 1)]);
    assert_eq!(found(|f| ends(f, TimeDelta::days(8))), []);
    assert_eq!(found(lacks), [(token::PERMISSIONS, 2)]);
    assert_eq!(found(blocked), [(token::BLOCKED, 2)]);
    let all = |facts: &mut Facts| {
        facts.token.valid = Some(false);
        ends(facts, TimeDelta::hours(1));
        lacks(facts);
        blocked(facts);
    };
    assert_eq!(found(all), [(token::INVALID, 2)]);
    assert_eq!(found(|f| f.token.app_problem = Some("It is so.".into())), [(token::APP, 1)]);
}

#[test]
fn an_account_out_of_reach_is_told_without_what_follows_from_it() {
    let lapsed = |facts: &mut Facts| {
        facts.accounts[0].granted = false;
        facts.accounts[0].subscribed = Some(false);
        facts.numbers[0].status = Some("DISCONNECTED".into());
    };
    assert_eq!(found(lapsed), [(account::GRANT, 2)]);
    let blind = |facts: &mut Facts| {
        lapsed(facts);
        facts.token.lacks = vec!["whatsapp_business_management".into()];
    };
    assert_eq!(found(blind), [(token::PERMISSIONS, 2)]);
}

#[test]
fn an_account_is_stopped_until_its_restriction_ends_or_it_is_well_again() {
    let is = |status: &str| {
        let status = status.to_owned();
        found(move |f| f.accounts[0].status = Some(status))
    };
    assert_eq!(is("RESTRICTED"), [(account::STOPPED, 1)]);
    assert_eq!(is("DISABLE_SCHEDULED"), [(account::STOPPED, 1)]);
    assert_eq!(is("DELETED"), [(account::STOPPED, 2)]);
    assert_eq!(is("OFFBOARDED"), [(account::STOPPED, 2)]);
    let until = |minutes| {
        found(move |f| {
            f.accounts[0].status = Some("RESTRICTED".into());
            f.accounts[0].status_until = ago(minutes);
        })
    };
    assert_eq!(until(-1), [(account::STOPPED, 1)]);
    assert_eq!(until(1), []);
    let disabled = |health: &str, told| {
        let health = health.to_owned();
        found(move |f| {
            f.accounts[0].status = Some("DISABLED".into());
            f.accounts[0].status_at = ago(told);
            f.accounts[0].health = Some(health);
        })
    };
    assert_eq!(disabled("BLOCKED", 5), [(account::STOPPED, 2)]);
    assert_eq!(disabled("AVAILABLE", -5), [(account::STOPPED, 2)]);
    assert_eq!(disabled("AVAILABLE", 5), []);
    let rejected = found(|f| f.accounts[0].review_status = Some("REJECTED".into()));
    assert_eq!(rejected, [(account::STOPPED, 2)]);
}

#[test]
fn health_subscription_and_numbers_of_an_account_are_told() {
    let health = |word: &str| {
        let word = word.to_owned();
        found(move |f| f.accounts[0].health = Some(word))
    };
    assert_eq!(health("LIMITED"), [(account::HEALTH, 1)]);
    assert_eq!(health("BLOCKED"), [(account::HEALTH, 2)]);
    assert_eq!(health("NEW_IN_2030"), []);
    let deaf = found(|f| f.accounts[0].subscribed = Some(false));
    assert_eq!(deaf, [(account::UNSUBSCRIBED, 2)]);
    assert_eq!(found(|f| f.accounts[0].unlisted_numbers = 2), [(account::UNLISTED, 0)]);
}

#[test]
fn a_number_is_told_of_once_for_one_cause() {
    let number = |status: &str, quality: &str, health: &str| {
        let words = [status, quality, health].map(|word| Some(word.to_owned()));
        found(move |f| {
            let [status, quality, health] = words;
            f.numbers[0].status = status;
            f.numbers[0].quality_rating = quality;
            f.numbers[0].health = health;
        })
    };
    assert_eq!(number("CONNECTED", "RED", "LIMITED"), [(number::QUALITY, 1)]);
    assert_eq!(number("FLAGGED", "RED", "LIMITED"), [(number::QUALITY, 1)]);
    assert_eq!(number("CONNECTED", "YELLOW", "AVAILABLE"), [(number::QUALITY, 0)]);
    assert_eq!(number("CONNECTED", "UNKNOWN", "LIMITED"), [(number::HEALTH, 1)]);
    assert_eq!(number("BANNED", "RED", "BLOCKED"), [(number::STATUS, 2)]);
    assert_eq!(number("PENDING", "GREEN", "BLOCKED"), [(number::STATUS, 2)]);
    assert_eq!(found(|f| f.numbers[0].granted = false), [(number::GONE, 2)]);
    for word in ["DECLINED", "REJECTED"] {
        let declined = found(|f| f.numbers[0].name_status = Some(word.into()));
        assert_eq!(declined, [(number::NAME, 1)]);
    }
}

#[test]
fn silence_is_told_of_when_something_should_be_heard() {
    let traffic = |accepted, silent, last_post_at, refused| {
        found(move |f| {
            f.traffic = Traffic { accepted, silent, since: ago(20), last_post_at, refused };
        })
    };
    assert_eq!(traffic(3, 3, ago(1), false), [(silence::STATUSES, 2)]);
    assert_eq!(traffic(3, 3, ago(21), false), [(silence::WEBHOOKS, 2)]);
    assert_eq!(traffic(3, 3, None, false), [(silence::WEBHOOKS, 2)]);
    assert_eq!(traffic(3, 2, ago(21), false), [], "one has heard");
    assert_eq!(traffic(2, 2, None, false), [], "too few to say");
    assert_eq!(traffic(3, 3, None, true), [], "refused signatures are told already");
    // Seven quiet nights in a row, and a long holiday.
    assert_eq!(traffic(0, 0, ago(10 * 60), false), []);
    assert_eq!(traffic(0, 0, ago(4 * 24 * 60), false), [(silence::WEBHOOKS, 0)]);
    assert_eq!(traffic(0, 0, None, false), []);
    let deaf = found(|f| {
        f.accounts[0].subscribed = Some(false);
        f.traffic = Traffic { accepted: 3, silent: 3, since: ago(20), ..Traffic::default() };
    });
    assert_eq!(deaf, [(account::UNSUBSCRIBED, 2)], "it is why nothing is heard");
}
