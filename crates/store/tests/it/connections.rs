//! Connections and what lies under them.

use chrono::TimeDelta;
use domain::ids::{ConnectionId, PhoneNumberId, WabaId};
use domain::lane::WaitingReason;
use secrecy::ExposeSecret;
use store::connections::{
    self, Added, Attach, Attached, Connection, Kind, NewNumber, NewOwnApp, Status, add_number,
    attach, open_token,
};
use store::messages::{Claim, claim};
use store::{Client, GenericClient, acting_for, app_secrets};
use test_support::{Sender, TestDb, sender, vault};

use crate::rows::{at, message, queued};

const LEASE: TimeDelta = TimeDelta::seconds(60);

fn number(owner: &Sender, waba: &str, number: &str, token: &str) -> NewNumber {
    NewNumber {
        tenant_id: owner.tenant_id,
        waba_id: waba.parse().unwrap(),
        phone_number_id: number.parse().unwrap(),
        portfolio_id: None,
        messages_per_second: 80,
        tier: None,
        access_token: token.to_owned().into(),
    }
}

async fn added(client: &Client, number: &NewNumber) -> Added {
    add_number(client, &vault(), number, runtime::now()).await.unwrap()
}

async fn found(client: &impl GenericClient, owner: &Sender, id: ConnectionId) -> Connection {
    connections::find(client, owner.tenant_id, id).await.unwrap().unwrap()
}

fn token(connection: &Connection) -> String {
    let sealed = connection.sealed_token.as_deref().unwrap();
    open_token(&vault(), connection.connection_id, sealed).unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn the_same_token_is_the_same_connection_and_another_one_replaces_nothing_unsaid() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let connection_id = acme.connection_id;
    let waba = acme.waba_id.as_str();

    let second = added(&client, &number(&acme, waba, "20009", "token-1")).await;
    let other_waba = added(&client, &number(&acme, "10009", "20010", "token-1")).await;
    let other_token = added(&client, &number(&acme, waba, "20011", "another")).await;
    let own = added(&client, &number(&acme, "10012", "20012", "another")).await;

    assert_eq!(second, Added::New(connection_id));
    assert_eq!(other_waba, Added::New(connection_id));
    assert_eq!(other_token, Added::OtherToken { connection_id, others: 3 });
    assert!(matches!(own, Added::New(id) if id != connection_id));
    assert_eq!(token(&found(&client, &acme, connection_id).await), "token-1");
    let unknown = connections::of_number(&client, &"20011".parse().unwrap()).await.unwrap();
    assert!(unknown.is_none());
}

#[tokio::test]
async fn the_only_number_of_a_connection_may_bring_a_new_token() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let (waba, id) = (acme.waba_id.as_str(), acme.phone_number_id.as_str());

    let renewed = added(&client, &number(&acme, waba, id, "another")).await;

    assert_eq!(renewed, Added::Renewed(acme.connection_id));
    let connection = found(&client, &acme, acme.connection_id).await;
    assert_eq!(token(&connection), "another");
    let fingerprint = connections::fingerprint(&"another".into());
    assert_eq!(connection.token_fingerprint, Some(fingerprint));
}

#[tokio::test]
async fn a_token_without_a_fingerprint_is_compared_itself() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    client.batch_execute("UPDATE connections SET token_fingerprint = NULL").await.unwrap();

    let waba = acme.waba_id.as_str();
    let same = added(&client, &number(&acme, waba, "20009", "token-1")).await;

    assert_eq!(same, Added::New(acme.connection_id));
}

#[tokio::test]
async fn a_refused_token_needs_attention_until_it_is_given_again_and_then_has_other_bytes() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let id = acme.connection_id;
    let old = found(&client, &acme, id).await.sealed_token.unwrap();
    let until = at(1_000);
    connections::block(&client, id, &old, until, "store a new token").await.unwrap();
    let blocked = found(&client, &acme, id).await;
    assert_eq!(blocked.status, Status::NeedsAttention);
    assert_eq!(blocked.status_reason.as_deref(), Some("store a new token"));

    connections::set_token(&client, &vault(), id, &"token-1".into(), None, at(0)).await.unwrap();

    let renewed = found(&client, &acme, id).await;
    assert_eq!((renewed.status, renewed.status_reason), (Status::Active, None));
    assert_eq!(renewed.blocked_until, None);
    assert_ne!(renewed.sealed_token.unwrap(), old, "it is sealed with a new nonce");
}

#[tokio::test]
async fn what_a_disconnected_connection_has_queued_waits_until_it_has_a_token_again() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let now = runtime::now();
    let job = queued(&client, &acme, now).await;
    let old = found(&client, &acme, acme.connection_id).await.sealed_token.unwrap();

    connections::disconnect(&client, acme.connection_id, "its owner said so").await.unwrap();
    connections::block(&client, acme.connection_id, &old, now, "late").await.unwrap();
    let ended = found(&client, &acme, acme.connection_id).await;
    let claims = claim(&client, &[job], LEASE, now).await.unwrap();

    assert_eq!(ended.status, Status::Disconnected);
    assert_eq!((ended.sealed_token, ended.token_fingerprint), (None, None));
    assert!(matches!(claims[&job], Claim::Held { reason: WaitingReason::Credential, .. }));
    assert!(message(&client, job).await.attempts.is_empty());
    let again = added(&client, &number(&acme, "10001", "20001", "newer")).await;
    assert_eq!(again, Added::Renewed(acme.connection_id));
    assert_eq!(connections::wake_waiting(&client, acme.connection_id, now).await.unwrap(), 1);
    let claims = claim(&client, &[job], LEASE, now).await.unwrap();
    assert!(matches!(claims[&job], Claim::Ready(_)));
}

/// An own-app connection that claims a WABA and a number.
async fn own_app(
    client: &impl GenericClient,
    owner: &Sender,
    waba: &str,
    number: &str,
) -> ConnectionId {
    let new = NewOwnApp {
        tenant_id: owner.tenant_id,
        label: "shop".into(),
        app_id: "4711".parse().unwrap(),
        waba_id: waba.parse().unwrap(),
        phone_number_id: number.parse().unwrap(),
        access_token: "EAAown".into(),
        verify_token: "choose-one".into(),
        webhook_token: format!("opaque-{number}"),
        reason: "not confirmed yet".into(),
    };
    connections::create_own_app(client, &vault(), &new, runtime::now()).await.unwrap()
}

async fn put(
    client: &impl GenericClient,
    owner: &Sender,
    connection_id: ConnectionId,
    waba: &str,
    number: &str,
) -> Attached {
    let (waba_id, phone_number_id): (WabaId, PhoneNumberId) =
        (waba.parse().unwrap(), number.parse().unwrap());
    let wanted = Attach {
        tenant_id: owner.tenant_id,
        connection_id,
        waba_id: &waba_id,
        phone_number_id: &phone_number_id,
        portfolio_id: None,
        tier: None,
        messages_per_second: None,
    };
    attach(client, &wanted, runtime::now()).await.unwrap()
}

#[tokio::test]
async fn a_claim_keeps_nobody_from_a_number_and_what_is_attached_is_nobody_elses() {
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let ours = sender(&client, "ours", 1).await;
    let theirs = sender(&client, "theirs", 2).await;

    let acting = acting_for(&mut client, ours.tenant_id).await.unwrap();
    let claiming = own_app(&acting, &ours, "777", "888").await;
    let secret = "0123456789abcdef0123456789abcdef".into();
    let (tenant_id, now) = (ours.tenant_id, runtime::now());
    app_secrets::put(&acting, &vault(), tenant_id, claiming, &secret, now, now).await.unwrap();
    acting.commit().await.unwrap();
    let claimed = found(&client, &ours, claiming).await;
    assert_eq!((claimed.kind, claimed.status), (Kind::OwnApp, Status::NeedsAttention));
    assert_eq!(claimed.claimed_waba_id.unwrap().as_str(), "777");

    let acting = acting_for(&mut client, theirs.tenant_id).await.unwrap();
    let attached = put(&acting, &theirs, theirs.connection_id, "777", "888").await;
    assert_eq!(attached, Attached::Done);
    acting.commit().await.unwrap();

    for (waba, number) in [("777", "888"), ("777", "999"), ("555", "888"), ("10002", "1")] {
        let acting = acting_for(&mut client, ours.tenant_id).await.unwrap();
        let refused = put(&acting, &ours, claiming, waba, number).await;
        assert_eq!(refused, Attached::OtherTenant, "{waba} {number}");
    }
}

#[tokio::test]
async fn a_waba_leaves_a_connection_only_when_that_is_disconnected() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let own = own_app(&client, &acme, "10001", "20001").await;

    let refused = put(&client, &acme, own, "10001", "20001").await;
    assert_eq!(refused, Attached::OtherConnection(acme.connection_id));
    assert_eq!(put(&client, &acme, own, "778", "20001").await, Attached::OtherWaba);
    connections::disconnect(&client, acme.connection_id, "moved").await.unwrap();
    assert_eq!(put(&client, &acme, own, "10001", "20001").await, Attached::Done);
    connections::confirm(&client, own, None).await.unwrap();

    let connection = connections::of_number(&client, &acme.phone_number_id).await.unwrap().unwrap();
    assert_eq!((connection.connection_id, connection.status), (own, Status::Active));
    assert_eq!(connection.claimed_waba_id, None);
}

#[tokio::test]
async fn what_meta_lists_no_more_is_marked_and_what_is_new_is_added() {
    use store::connections::{GrantedNumber, GrantedWaba, assets, refresh};
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let other = sender(&client, "other", 2).await;
    let (new, stolen): (PhoneNumberId, PhoneNumberId) =
        ("20009".parse().unwrap(), other.phone_number_id.clone());
    let told = |phone_number_id| GrantedNumber {
        phone_number_id,
        display_phone_number: Some("+1 555 010 0000"),
        verified_name: Some("Shop"),
        status: Some("CONNECTED"),
        quality_rating: Some("GREEN"),
        name_status: None,
        messages_per_second: 80,
    };
    let granted = GrantedWaba {
        tenant_id: acme.tenant_id,
        connection_id: acme.connection_id,
        waba_id: &acme.waba_id,
        name: Some("Shop"),
        portfolio_id: None,
        review_status: Some("APPROVED"),
        numbers: vec![told(&new), told(&stolen)],
    };

    let acting = acting_for(&mut client, acme.tenant_id).await.unwrap();
    refresh(&acting, &acme.waba_id, Some(&granted), at(5)).await.unwrap();
    acting.commit().await.unwrap();

    let (wabas, numbers) = assets(&client, acme.connection_id).await.unwrap();
    assert_eq!((wabas[0].granted, wabas[0].name.as_deref()), (true, Some("Shop")));
    let marks: Vec<_> = numbers.iter().map(|n| (n.phone_number_id.as_str(), n.granted)).collect();
    assert_eq!(marks, [("20001", false), ("20009", true)]);
    assert_eq!(numbers[1].verified_name.as_deref(), Some("Shop"));
    let (_, untouched) = assets(&client, other.connection_id).await.unwrap();
    assert_eq!(untouched[0].verified_name, None);

    refresh(&client, &acme.waba_id, None, at(6)).await.unwrap();
    let (wabas, numbers) = assets(&client, acme.connection_id).await.unwrap();
    assert!(!wabas[0].granted && numbers.iter().all(|number| !number.granted));
}

#[tokio::test]
async fn the_evidence_counts_what_went_wrong_lately() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let now = runtime::now();
    for _ in 0..3 {
        queued(&client, &acme, now).await;
    }
    let connection = found(&client, &acme, acme.connection_id).await;
    let none = connections::evidence(&client, &connection, now).await.unwrap();
    assert_eq!(none, connections::Evidence::default());

    client
        .batch_execute(
            "WITH m AS (SELECT message_id, row_number() OVER () AS nth FROM messages)
             UPDATE messages SET
                 accepted_at = CASE nth WHEN 1 THEN now() - interval '1 hour' END,
                 failed_at = CASE nth WHEN 2 THEN now() END,
                 error_code = CASE nth WHEN 2 THEN 131030 END,
                 delivery_error = CASE nth WHEN 2 THEN 'not listed' END,
                 waiting_reason = CASE nth WHEN 3 THEN 'credential' END,
                 not_before = CASE nth WHEN 3 THEN now() END
             FROM m WHERE m.message_id = messages.message_id",
        )
        .await
        .unwrap();

    let seen = connections::evidence(&client, &connection, now).await.unwrap();
    assert_eq!((seen.accepted, seen.without_status), (1, 1));
    assert_eq!((seen.not_listed, seen.waiting), (1, 1));
}
