//! Keys over the API.

use admin_api::keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// By name: two lines may be of one millisecond.
fn actions(lines: &[Value]) -> Vec<&str> {
    let mut actions: Vec<_> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    actions
}

#[tokio::test]
async fn a_key_is_shown_once_works_until_it_is_revoked_and_its_ways_are_on_record() {
    let world = World::new().await;

    let body = json!({"name": " billing ", "scopes": ["audit:read"]});
    let made = world.post("/v1/api-keys", &body).await;

    assert_eq!(made.status, 201, "{}", made.show());
    let (key, id) = (made.body["key"].as_str().unwrap(), made.body["api_key_id"].as_str().unwrap());
    assert_eq!((&made.body["name"], &made.body["last_used_at"]), (&json!("billing"), &Value::Null));
    let ask =
        async || Answer::of(world.bare(Method::GET, "/v1/audit-log").bearer_auth(key)).await.status;
    assert_eq!(ask().await, 200);
    let listed = world.get("/v1/api-keys?limit=1").await;
    assert_eq!(listed.body["data"][0]["api_key_id"], id);
    assert_eq!(listed.body["data"][0]["scopes"], json!(["audit:read"]));
    assert!(listed.body["data"][0]["last_used_at"].is_string());
    assert!(listed.body["next"].is_string());
    let text = listed.body.to_string();
    assert!(!text.contains("hash") && !text.contains(key.rsplit('_').next().unwrap()), "{text}");

    let path = format!("/v1/api-keys/{id}");
    let revoked = world.delete(&path).await;
    assert!(revoked.body["revoked_at"].is_string(), "{}", revoked.show());
    assert_eq!(world.delete(&path).await.body, revoked.body);
    test_support::eventually("the key is refused", async || ask().await == 401).await;
    let lines = world.audited(&format!("subject={id}")).await;
    assert_eq!(actions(&lines), ["api_key.created", "api_key.revoked", "api_key.used"]);
    let created = lines.iter().find(|line| line["action"] == "api_key.created").unwrap();
    assert_eq!(created["detail"], json!({"name": "billing", "scopes": ["audit:read"]}));
    assert!(!json!(lines).to_string().contains(key.rsplit('_').next().unwrap()));
    world.end().await;
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_do_more_than_they() {
    let world = World::new().await;
    let weak = world.key_with(&[Scope::KeysWrite, Scope::MessagesRead]).await;
    let make = async |body: Value| {
        let request = world.bare(Method::POST, "/v1/api-keys").bearer_auth(&weak);
        Answer::of(request.json(&body)).await
    };

    let more = make(json!({"name": "x", "scopes": ["messages:read", "audit:read"]})).await;
    let default = make(json!({"name": "x"})).await;
    let as_much = make(json!({"name": "x", "scopes": ["messages:read", "keys:write"]})).await;

    assert_eq!(more.status, 403);
    assert!(more.body["detail"].as_str().unwrap().contains("audit:read"), "{}", more.show());
    assert!(default.body["detail"].as_str().unwrap().contains("messages:write"));
    assert_eq!(as_much.status, 201);
    assert_eq!(world.audited("action=api_key.created").await.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_wrong_key_request_is_told_where() {
    let world = World::new().await;

    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": " "}), "/name"),
        (json!({"name": "a\nb"}), "/name"),
        (json!({"name": "a", "scopes": ["all"]}), "/scopes"),
        (json!({"name": "a", "secret": "b"}), "/secret"),
    ] {
        let answer = world.post("/v1/api-keys", &body).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    assert_eq!(world.delete("/v1/api-keys/x").await.status, 404);
    world.end().await;
}

#[tokio::test]
async fn many_uses_of_a_key_are_one_line_of_the_day() {
    let world = World::new().await;

    for _ in 0..20 {
        assert_eq!(world.get("/v1/messages").await.status, 200);
    }

    let lines = world.audited("action=api_key.used").await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["actor_kind"], "api_key");
    assert_eq!(lines[0]["actor"], lines[0]["subject"]);
    let key = world.key_with(&[Scope::AuditRead]).await;
    let last = if key.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &key[..key.len() - 1]);
    Answer::of(world.bare(Method::GET, "/v1/audit-log").bearer_auth(wrong)).await;
    assert_eq!(world.audited("action=api_key.used").await.len(), 1);
    world.end().await;
}
