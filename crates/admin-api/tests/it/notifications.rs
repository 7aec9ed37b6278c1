//! Notifications over the API.

use admin_api::keys::Scope;
use chrono::TimeDelta;
use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use store::notifications::{Severity, Trouble, raise};

use crate::world::{Answer, World};

/// Each in a millisecond of its own, so that their order is known.
pub(crate) async fn trouble(world: &World, ms: i64, subject: &str) {
    let trouble = Trouble {
        tenant_id: world.acme.tenant_id,
        kind: "number.quality",
        subject,
        severity: Severity::Warning,
        roles: &[Role::Owner],
        cause: "Meta rates the number RED",
        remedy: "send less",
    };
    let at = runtime::now() + TimeDelta::milliseconds(ms);
    raise(&world.db.client().await.unwrap(), &trouble, at).await.unwrap();
}

async fn list(world: &World, query: &str) -> Vec<Value> {
    let answer = world.get(&format!("/v1/notifications?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.show());
    answer.body["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_notification_is_read_by_one_and_dismissed_for_all() {
    let world = World::new().await;
    trouble(&world, 0, "1").await;
    trouble(&world, 100, "2").await;
    let first = list(&world, "").await[1].clone();
    assert_eq!((&first["subject"], &first["read_at"]), (&json!("1"), &Value::Null));
    assert_eq!((&first["severity"], &first["occurrences"]), (&json!("warning"), &json!(1)));
    let path = format!("/v1/notifications/{}", first["notification_id"].as_str().unwrap());

    assert_eq!(world.post(&format!("{path}/read"), &Value::Null).await.status, 204);
    let unread = list(&world, "unread=true").await;
    assert_eq!((unread.len(), &unread[0]["subject"]), (1, &json!("2")));
    let other = world.key_with(&[Scope::NotificationsRead]).await;
    let request = world.bare(Method::GET, "/v1/notifications?unread=true").bearer_auth(other);
    assert_eq!(Answer::of(request).await.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(world.post("/v1/notifications/read-all", &Value::Null).await.status, 204);
    assert!(list(&world, "unread=true").await.is_empty());

    for _ in 0..2 {
        assert_eq!(world.post(&format!("{path}/dismiss"), &Value::Null).await.status, 204);
    }
    assert_eq!(list(&world, "").await.len(), 1);
    assert_eq!(list(&world, "state=cleared").await[0]["subject"], "1");
    assert_eq!(list(&world, "state=all").await.len(), 2);
    let lines = world.audited("action=notification.dismissed").await;
    assert_eq!((lines.len(), &lines[0]["detail"]["kind"]), (1, &json!("number.quality")));
    world.end().await;
}

#[tokio::test]
async fn wrong_words_and_unknown_notifications_are_refused() {
    let world = World::new().await;

    assert_eq!(world.get("/v1/notifications?state=new").await.status, 400);
    assert_eq!(world.get("/v1/notifications?unread=1").await.status, 400);
    for id in ["x", "018f4e9d-7a3b-7c4d-8e5f-6a7b8c9d0e1f"] {
        for what in ["read", "dismiss"] {
            let path = format!("/v1/notifications/{id}/{what}");
            assert_eq!(world.post(&path, &Value::Null).await.status, 404, "{path}");
        }
    }
    world.end().await;
}
