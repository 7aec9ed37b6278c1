//! Members, the audit log, notifications.

use chrono::TimeDelta;
use domain::ids::{ApiKeyId, ConnectionId, MemberId, TenantId};
use domain::role::Role;
use serde_json::json;
use store::api_keys::{self, ApiKey};
use store::audit::{self, Actor, Entry, Filter};
use store::members::{self, Changed, Member};
use store::notifications::{self, Dismissed, Reader, Severity, State, Trouble};
use store::{Client, Error, app_secrets};
use test_support::{TestDb, sender, vault};

use crate::rows::at;

fn member(tenant_id: TenantId, subject: Option<&str>, email: Option<&str>, role: Role) -> Member {
    Member {
        member_id: MemberId::at(at(0)),
        tenant_id,
        issuer: "https://id.example".into(),
        subject: subject.map(str::to_owned),
        email: email.map(str::to_owned),
        role,
        created_at: at(0),
    }
}

async fn tenant(client: &Client, name: &str) -> TenantId {
    store::tenants::create(client, name, at(0)).await.unwrap()
}

#[tokio::test]
async fn who_was_invited_by_address_is_bound_to_their_subject_once() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let tenant_id = tenant(&client, "t").await;
    let invited = member(tenant_id, None, Some("Ana@Example.com"), Role::Agent);
    members::add(&client, &invited, at(0)).await.unwrap();
    let find = async |subject: &'static str, email: Option<&'static str>| {
        members::of_subject(&client, &invited.issuer, subject, email, at(1)).await.unwrap()
    };

    assert!(find("ana", None).await.is_empty());
    assert_eq!(find("ana", Some("ana@example.com")).await[0].subject.as_deref(), Some("ana"));
    assert!(find("mallory", Some("ana@example.com")).await.is_empty());
    assert_eq!(find("ana", None).await.len(), 1);
}

#[tokio::test]
async fn who_is_known_and_invited_besides_stays_who_they_were() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let (one, two) = (tenant(&client, "one").await, tenant(&client, "two").await);
    let known = member(one, Some("ana"), None, Role::Agent);
    let invited = member(one, None, Some("ana@example.com"), Role::Owner);
    let elsewhere = member(two, None, Some("ana@example.com"), Role::Admin);
    for member in [&known, &invited, &elsewhere] {
        members::add(&client, member, at(0)).await.unwrap();
    }

    let email = Some("ana@example.com");
    let of_ana = members::of_subject(&client, &known.issuer, "ana", email, at(1)).await.unwrap();

    let roles: Vec<_> = of_ana.iter().map(|member| (member.tenant_id, member.role)).collect();
    assert_eq!(roles.len(), 2);
    assert!(roles.contains(&(one, Role::Agent)) && roles.contains(&(two, Role::Admin)));
    let still = members::find(&client, one, invited.member_id).await.unwrap();
    assert_eq!(still, Some(invited));
}

#[tokio::test]
async fn a_tenant_never_loses_its_last_owner() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let tenant_id = tenant(&client, "t").await;
    let (one, two) = (
        member(tenant_id, Some("1"), None, Role::Owner),
        member(tenant_id, Some("2"), None, Role::Agent),
    );
    for member in [&one, &two] {
        members::add(&client, member, at(0)).await.unwrap();
    }
    let change = async |member: &Member, role| {
        members::change(&client, tenant_id, member.member_id, role, at(1)).await.unwrap()
    };

    assert_eq!(change(&one, None).await, Changed::LastOwner);
    assert_eq!(change(&one, Some(Role::Admin)).await, Changed::LastOwner);
    assert_eq!(change(&two, Some(Role::Owner)).await, Changed::Done(Role::Agent));
    assert_eq!(change(&one, None).await, Changed::Done(Role::Owner));
    assert_eq!(change(&one, None).await, Changed::Missing);
    let again = Member { member_id: MemberId::at(at(2)), ..two };
    let again = members::add(&client, &again, at(2)).await;
    assert!(matches!(again, Err(Error::Duplicate { .. })));
}

#[tokio::test]
async fn the_audit_log_is_read_by_tenant_action_and_time_newest_first() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let (ours, theirs) = (tenant(&client, "ours").await, tenant(&client, "theirs").await);
    for (tenant_id, action, second) in
        [(ours, "connection.created", 1), (ours, "key.created", 2), (theirs, "key.created", 3)]
    {
        let actor = Actor::Operator;
        let entry = Entry { tenant_id, actor, action, subject: Some("x"), detail: json!({}) };
        audit::write(&client, &entry, at(second)).await.unwrap();
    }
    let list = async |filter: Filter| {
        let lines = audit::list(&client, ours, &filter, 10).await.unwrap();
        lines.into_iter().map(|line| line.action).collect::<Vec<_>>()
    };
    let of = |action: &str| Filter { action: Some(action.into()), ..Filter::default() };

    assert_eq!(list(Filter::default()).await, ["key.created", "connection.created"]);
    assert_eq!(list(of("connection.")).await, ["connection.created"]);
    assert_eq!(list(of("connection")).await, [""; 0]);
    assert_eq!(list(Filter { since: Some(at(2)), ..Filter::default() }).await, ["key.created"]);
    assert_eq!(
        list(Filter { until: Some(at(2)), ..Filter::default() }).await,
        ["connection.created"]
    );
}

#[tokio::test]
async fn one_cause_is_one_notification_until_it_heals() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let tenant_id = tenant(&client, "t").await;
    let trouble = Trouble {
        tenant_id,
        kind: "number.quality",
        subject: "20001",
        severity: Severity::Warning,
        roles: &[Role::Owner],
        cause: "Meta rates the number RED",
        remedy: "send less",
    };
    let reader = |roles: &'static [Role]| Reader {
        tenant_id,
        reader: "somebody",
        roles,
        state: State::Open,
        only_unread: true,
        before: None,
    };

    assert!(notifications::raise(&client, &trouble, at(1)).await.unwrap());
    assert!(!notifications::raise(&client, &trouble, at(2)).await.unwrap());
    let seen = notifications::list(&client, &reader(&[Role::Owner]), 10).await.unwrap();
    assert_eq!((seen.len(), seen[0].occurrences, seen[0].raised_at), (1, 2, at(1)));
    assert!(notifications::list(&client, &reader(&[Role::Agent]), 10).await.unwrap().is_empty());
    let id = seen[0].notification_id;
    let mark = async |roles: &'static [Role]| {
        notifications::mark_read(&client, tenant_id, Some(id), ("somebody", roles), at(3)).await
    };
    assert!(!mark(&[Role::Agent]).await.unwrap());
    assert!(mark(&[Role::Owner]).await.unwrap());
    assert!(notifications::list(&client, &reader(&[Role::Owner]), 10).await.unwrap().is_empty());

    assert!(
        notifications::clear(&client, tenant_id, "number.quality", "20001", at(4)).await.unwrap()
    );
    assert!(notifications::raise(&client, &trouble, at(5)).await.unwrap());
}

#[tokio::test]
async fn a_notification_is_dismissed_once_and_by_those_it_is_for() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let tenant_id = tenant(&client, "t").await;
    let trouble = Trouble {
        tenant_id,
        kind: "webhook.signature",
        subject: "c",
        severity: Severity::Warning,
        roles: &[Role::Owner, Role::Admin],
        cause: "a wrong secret",
        remedy: "give the right one",
    };
    notifications::raise(&client, &trouble, at(1)).await.unwrap();
    let list = async |state| {
        let roles = &[Role::Admin];
        let reader =
            Reader { tenant_id, reader: "r", roles, state, only_unread: false, before: None };
        notifications::list(&client, &reader, 10).await.unwrap()
    };
    let id = list(State::Open).await[0].notification_id;
    let dismiss = async |roles: &'static [Role]| {
        notifications::dismiss(&client, tenant_id, id, roles, at(2)).await.unwrap()
    };
    let raise = async |severity, now| {
        let trouble = Trouble { severity, ..trouble.clone() };
        assert!(!notifications::raise(&client, &trouble, now).await.unwrap(), "it is the same one");
        list(State::Open).await.len()
    };

    assert_eq!(dismiss(&[Role::Agent]).await, Dismissed::Missing);
    assert_eq!(dismiss(&[Role::Admin]).await, Dismissed::Done("webhook.signature".into()));
    assert_eq!(dismiss(&[Role::Admin]).await, Dismissed::Before);

    let day = TimeDelta::days(1);
    assert_eq!(list(State::Cleared).await[0].dismissed_until, Some(at(2) + day));
    assert_eq!(raise(Severity::Warning, at(3)).await, 0, "it is quiet");
    assert_eq!(raise(Severity::Critical, at(4)).await, 1, "it has become worse");
    assert_eq!(dismiss(&[Role::Admin]).await, Dismissed::Done("webhook.signature".into()));
    assert_eq!(raise(Severity::Critical, at(1) + day).await, 0);
    assert_eq!(raise(Severity::Critical, at(3) + day).await, 1, "it is still there a day later");
}

#[tokio::test]
async fn a_new_secret_retires_the_old_one_and_a_returning_one_is_current_again() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let sender = sender(&client, "t", 1).await;
    let vault = vault();
    let put = async |secret: &str, old_until, now| {
        let (tenant, connection): (TenantId, ConnectionId) =
            (sender.tenant_id, sender.connection_id);
        let secret = secret.into();
        app_secrets::put(&client, &vault, tenant, connection, &secret, old_until, now)
            .await
            .unwrap()
    };
    let active = async |now| app_secrets::active(&client, &vault, now).await.unwrap().0.len();

    let first = put("first", at(0), at(0)).await;
    put("second", at(100), at(10)).await;
    assert_eq!(active(at(50)).await, 2);
    assert_eq!(active(at(100)).await, 1);

    assert_eq!(put("first", at(150), at(150)).await, first);
    assert_eq!(active(at(160)).await, 1);
    assert_eq!(app_secrets::of_tenant(&client, &vault, sender.tenant_id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_keys_use_is_noted_once_in_a_minute_and_its_first_of_each_day_is_told() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let tenant_id = tenant(&client, "t").await;
    let id = ApiKeyId::at(at(0));
    let key = ApiKey { tenant_id, secret_hash: vec![0; 32], scopes: vec![] };
    api_keys::create(&client, id, "test", &key, at(0)).await.unwrap();
    let note = async |now| api_keys::note_use(&client, id, now).await.unwrap();
    let last = async || {
        api_keys::list(&client, tenant_id, Some(id), None, 1).await.unwrap()[0].last_used_at
    };
    // 14:13:20 UTC.
    let (afternoon, day) = (at(0), 24 * 3_600);

    assert_eq!(last().await, None);
    assert!(note(afternoon).await);
    assert!(!note(at(59)).await);
    assert_eq!(last().await, Some(afternoon));
    assert!(!note(at(60)).await);
    assert_eq!(last().await, Some(at(60)));
    assert!(note(at(day)).await);
    assert!(!note(at(day + 60)).await);
}
