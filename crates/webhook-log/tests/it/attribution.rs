//! Whose log a proved POST stands in, and when an owner is told of trouble.

use contracts::{Rejection, SignatureState, WebhookReceived};
use domain::ids::TenantId;
use domain::role::Role;
use domain::scope::Scope;
use graph_api::signature::sign;
use runtime::Stop;
use store::audit::{self, Filter};
use store::notifications::{self, Notification, Reader, State};
use test_support::{OwnApp, TestBus, TestDb, eventually, own_app, sender};

use crate::world::{publish, received, rows, start};

const BODY: &str = r#"{"entry":[{"id":"30001"},{"id":"30002"},{"id":"10007"}]}"#;

fn valid(scope: Scope, body: &'static str) -> WebhookReceived {
    WebhookReceived { scope: Some(scope), ..received(body, SignatureState::Valid) }
}

async fn lines(db: &TestDb, tenant_id: TenantId) -> Vec<(String, serde_json::Value)> {
    let client = db.client().await.unwrap();
    let lines = audit::list(&client, tenant_id, &Filter::default(), 50).await.unwrap();
    lines.into_iter().map(|line| (line.action, line.detail)).collect()
}

async fn open_notifications(db: &TestDb, app: &OwnApp) -> Vec<Notification> {
    let reader = Reader {
        tenant_id: app.sender.tenant_id,
        reader: "somebody",
        roles: &[Role::Owner],
        state: State::Open,
        only_unread: false,
        before: None,
    };
    notifications::list(&db.client().await.unwrap(), &reader, 50).await.unwrap()
}

#[tokio::test]
async fn a_proved_post_stands_in_the_log_of_those_whose_accounts_lie_in_its_scope() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let one = own_app(&client, "one", 1).await;
    one.put_secret(&client, "secret").await;
    let two = own_app(&client, "two", 2).await;
    two.put_secret(&client, "another").await;
    let three = sender(&client, "three", 7).await;
    let of_one = Scope::Connection(one.sender.connection_id);
    let running = start(&db, &bus, &stop);

    for post in [
        valid(Scope::Platform, BODY),
        valid(of_one, BODY),
        valid(of_one, r#"{"entry":[{"id":"30001"}]}"#),
        valid(of_one, r#"{"entry":[]}"#),
    ] {
        publish(&bus, "none", post.encode()).await;
        publish(&bus, "none", post.encode()).await;
    }

    eventually("all are logged", async || rows(&db).await.len() == 4).await;
    let alone: Vec<_> = lines(&db, one.sender.tenant_id).await;
    assert_eq!(alone.len(), 3);
    assert!(alone.iter().all(|(action, _)| action == "webhook.inbound.received"));
    let shared = alone.iter().filter(|(_, detail)| detail["alone"] == false).count();
    assert_eq!(shared, 1, "only one of them names the accounts of others");
    assert!(lines(&db, two.sender.tenant_id).await.is_empty(), "its account is outside of both");
    let through_platform = lines(&db, three.tenant_id).await;
    assert_eq!(through_platform.len(), 1);
    assert_eq!(through_platform[0].1["alone"], false);
    stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_owner_is_told_once_and_a_valid_post_after_the_mend_ends_it() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    app.put_secret(&client, "wrong").await;
    let scope = Scope::Connection(app.sender.connection_id);
    let running = start(&db, &bus, &stop);
    let refuse = async || {
        let rejection = Rejection {
            addressed: Some(app.sender.connection_id),
            presented: Some(sign(&"somebody else's".into(), b"{}")),
            body_is_cut: false,
        };
        let post = WebhookReceived { rejection, ..received("{}", SignatureState::Mismatch) };
        publish(&bus, "rejected", post.encode()).await;
    };

    for _ in 0..3 {
        refuse().await;
    }
    eventually("all three are told of", async || {
        let open = open_notifications(&db, &app).await;
        open.iter().map(|told| told.occurrences).sum::<i32>() >= 1 && rows(&db).await.len() == 3
    })
    .await;
    let open = open_notifications(&db, &app).await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].kind, "webhook.signature");
    assert_eq!(open[0].subject, app.sender.connection_id.to_string());
    assert!(open[0].remedy.contains("Compare the app secret"), "{}", open[0].remedy);

    // A valid one amid bad ones mends nothing.
    publish(&bus, "none", valid(scope, "{}").encode()).await;
    eventually("it is logged", async || rows(&db).await.len() == 4).await;
    assert_eq!(open_notifications(&db, &app).await.len(), 1);

    app.put_secret(&client, "right").await;
    publish(&bus, "none", valid(scope, "{}").encode()).await;
    eventually("it is over", async || open_notifications(&db, &app).await.is_empty()).await;
    stop.stop();
    running.await.unwrap().unwrap();
}
