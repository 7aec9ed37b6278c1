use chrono::TimeDelta;
use domain::ids::{ConnectionId, TenantId};
use graph_api::wire::{AppInfo, MessageTemplate, PERMISSIONS, PhoneNumber, Waba};
use store::connections::{Kind, Status};
use uuid::Uuid;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn connection() -> Connection {
    Connection {
        connection_id: ConnectionId::from_uuid(Uuid::nil()),
        tenant_id: TenantId::from_uuid(Uuid::nil()),
        kind: Kind::OwnApp,
        label: String::new(),
        app_id: Some("401".parse().unwrap()),
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
    }
}

fn number() -> NumberAsset {
    NumberAsset {
        phone_number_id: "210".parse().unwrap(),
        waba_id: "110".parse().unwrap(),
        display_phone_number: None,
        verified_name: None,
        status: None,
        quality_rating: None,
        name_status: None,
        granted: true,
        messages_per_second: 80,
        paused_until: None,
        paused_reason: None,
        synced_at: None,
    }
}

fn told(id: &str, status: &str) -> PhoneNumber {
    PhoneNumber { id: Some(id.into()), status: Some(status.into()), ..PhoneNumber::default() }
}

fn info() -> TokenInfo {
    TokenInfo {
        is_valid: true,
        expires_at: Some(0),
        scopes: PERMISSIONS.map(str::to_owned).to_vec(),
        ..TokenInfo::default()
    }
}

fn app(id: &str) -> SubscribedApp {
    let data = AppInfo { id: Some(id.into()), ..AppInfo::default() };
    SubscribedApp { whatsapp_business_api_data: Some(data), ..SubscribedApp::default() }
}

fn waba(review: &str, verification: &str) -> Waba {
    Waba {
        account_review_status: Some(review.into()),
        business_verification_status: Some(verification.into()),
        ..Waba::default()
    }
}

fn template(status: &str) -> MessageTemplate {
    MessageTemplate {
        name: Some("offer".into()),
        language: Some("en".into()),
        status: Some(status.into()),
        ..MessageTemplate::default()
    }
}

fn account() -> Account {
    let waba_id: WabaId = "110".parse().unwrap();
    Account {
        proof: Ok(Proof {
            waba_id: waba_id.clone(),
            waba: waba("APPROVED", "verified"),
            numbers: vec![told("210", "CONNECTED")],
        }),
        waba_id,
        apps: Ok(vec![app("401")]),
        templates: Ok(vec![template("APPROVED")]),
    }
}

/// Everything is in order.
fn sound() -> Facts {
    Facts {
        connection: connection(),
        numbers: vec![number()],
        has_token: true,
        token: Some(Ok(info())),
        accounts: vec![account()],
        evidence: Evidence { last_post_at: Some(now()), accepted: 100, ..Evidence::default() },
        now: now(),
    }
}

fn doubt(kind: &'static str) -> Doubt {
    let (cause, remedy) = ("It is so.".to_owned(), "Do this.".to_owned());
    Doubt { kind, pointer: "/access_token", cause, remedy, retry_after: None }
}

/// The verdict of one check after a change of what is sound.
fn verdict(check: &str, change: impl FnOnce(&mut Facts)) -> Verdict {
    let mut facts = sound();
    change(&mut facts);
    let found = diagnose(&facts).into_iter().find(|finding| finding.check == check).unwrap();
    assert!(!found.cause.is_empty());
    assert!(found.verdict != Verdict::Failed || !found.remedy.is_empty(), "{found:?}");
    found.verdict
}

use Verdict::{Failed, Ok as Fine, Unknown};

#[test]
fn what_is_sound_passes_every_check() {
    let found = diagnose(&sound());

    assert_eq!(found.len(), 16);
    assert!(found.iter().all(|finding| finding.verdict == Fine), "{found:#?}");
}

#[test]
fn a_token_is_valid_by_metas_word_or_because_it_works() {
    let check = |change: fn(&mut Facts)| verdict("token_valid", change);

    assert_eq!(check(|facts| facts.has_token = false), Failed);
    assert_eq!(check(|facts| facts.token = Some(Ok(TokenInfo::default()))), Failed);
    assert_eq!(check(|facts| facts.token = Some(Err(doubt("wrong_app_secret")))), Failed);
    assert_eq!(check(|facts| facts.token = Some(Err(doubt("no_answer")))), Unknown);
    assert_eq!(check(|facts| facts.token = None), Fine);
    let refused = |facts: &mut Facts| {
        facts.token = None;
        facts.accounts[0].proof = Err(doubt("token_expired"));
    };
    assert_eq!(check(refused), Failed);
}

#[test]
fn permissions_and_expiry_are_told_by_the_token() {
    let lacking = |facts: &mut Facts| {
        facts.token = Some(Ok(TokenInfo { scopes: Vec::new(), ..info() }));
    };
    assert_eq!(verdict("token_permissions", lacking), Failed);
    assert_eq!(verdict("token_permissions", |facts| facts.token = None), Unknown);
    for (days, expected) in [(-1, Failed), (3, Failed), (30, Fine)] {
        let end = (now() + TimeDelta::days(days)).timestamp();
        let ends = |facts: &mut Facts| {
            facts.token = Some(Ok(TokenInfo { expires_at: Some(end), ..info() }));
        };
        assert_eq!(verdict("token_expiry", ends), expected, "{days}");
    }
    assert_eq!(verdict("token_expiry", |facts| facts.token = None), Unknown);
}

#[test]
fn accounts_numbers_and_subscription_are_told_by_meta() {
    let lapsed = |facts: &mut Facts| facts.accounts[0].proof = Err(doubt("no_permission"));
    assert_eq!(verdict("waba_reachable", lapsed), Failed);
    let silent = |facts: &mut Facts| facts.accounts[0].proof = Err(doubt("no_answer"));
    assert_eq!(verdict("waba_reachable", silent), Unknown);
    assert_eq!(verdict("waba_reachable", |facts| facts.accounts.clear()), Unknown);
    for (numbers, expected) in [
        (vec![told("210", "BANNED")], Failed),
        (vec![told("299", "CONNECTED")], Failed),
        (vec![told("210", "CONNECTED"), told("211", "CONNECTED")], Failed),
        (vec![], Unknown),
    ] {
        let lists = |facts: &mut Facts| {
            let waba_id: WabaId = "110".parse().unwrap();
            facts.accounts[0].proof = Ok(Proof { waba_id, waba: Waba::default(), numbers });
        };
        assert_eq!(verdict("number_connected", lists), expected);
    }
    let other = |facts: &mut Facts| facts.accounts[0].apps = Ok(vec![app("402")]);
    assert_eq!(verdict("app_subscribed", other), Failed);
    let unread = |facts: &mut Facts| facts.accounts[0].templates = Err(doubt("no_permission"));
    assert_eq!(verdict("templates_readable", unread), Failed);
}

#[test]
fn our_own_rows_tell_of_webhooks_statuses_and_recipients() {
    let none = |facts: &mut Facts| facts.evidence.last_post_at = None;
    assert_eq!(verdict("webhook_received", none), Failed);
    let idle = |facts: &mut Facts| facts.evidence = Evidence::default();
    assert_eq!(verdict("webhook_received", idle), Unknown);
    assert_eq!(verdict("webhook_signatures", idle), Unknown);
    assert_eq!(verdict("statuses_arrive", idle), Unknown);
    let wrong = |facts: &mut Facts| facts.evidence.signature_trouble = Some("mismatch".into());
    assert_eq!(verdict("webhook_signatures", wrong), Failed);
    assert_eq!(verdict("statuses_arrive", |facts| facts.evidence.without_status = 9), Fine);
    assert_eq!(verdict("statuses_arrive", |facts| facts.evidence.without_status = 10), Failed);
    assert_eq!(verdict("recipients_allowed", |facts| facts.evidence.not_listed = 1), Failed);
}

#[test]
fn whatever_holds_messages_back_is_named() {
    let check = |change: fn(&mut Facts)| verdict("sending_allowed", change);

    assert_eq!(check(|facts| facts.connection.status = Status::Disconnected), Failed);
    assert_eq!(check(|facts| facts.connection.claimed_waba_id = "1".parse().ok()), Failed);
    const AHEAD: TimeDelta = TimeDelta::minutes(5);
    assert_eq!(check(|facts| facts.connection.blocked_until = Some(facts.now + AHEAD)), Failed);
    assert_eq!(check(|facts| facts.numbers[0].paused_until = Some(facts.now + AHEAD)), Failed);
    assert_eq!(check(|facts| facts.connection.blocked_until = Some(facts.now)), Fine);
}

#[test]
fn templates_that_meta_stops_or_refuses_are_named() {
    for (status, expected) in
        [("APPROVED", Fine), ("PENDING", Fine), ("PAUSED", Failed), ("REJECTED", Failed)]
    {
        let is = |facts: &mut Facts| facts.accounts[0].templates = Ok(vec![template(status)]);
        assert_eq!(verdict("templates_sendable", is), expected, "{status}");
    }
    let none = |facts: &mut Facts| facts.accounts[0].templates = Ok(Vec::new());
    assert_eq!(verdict("templates_sendable", none), Unknown);
    for code in [132_012, 132_999] {
        let fail = |facts: &mut Facts| facts.evidence.unfit_templates = Some((code, 3));
        assert_eq!(verdict("templates_fit", fail), Failed, "{code}");
    }
}

#[test]
fn the_state_of_business_and_account_is_metas_word() {
    for (review, verification, approved, verified) in [
        ("APPROVED", "verified", Fine, Fine),
        ("PENDING", "pending_submission", Unknown, Unknown),
        ("REJECTED", "not_verified", Failed, Failed),
    ] {
        let is = |facts: &mut Facts| {
            facts.accounts[0].proof.as_mut().unwrap().waba = waba(review, verification);
        };
        assert_eq!(verdict("account_approved", is), approved, "{review}");
        assert_eq!(verdict("business_verified", is), verified, "{verification}");
    }
    let silent = |facts: &mut Facts| facts.accounts[0].proof = Err(doubt("no_answer"));
    assert_eq!(verdict("business_verified", silent), Unknown);
}
