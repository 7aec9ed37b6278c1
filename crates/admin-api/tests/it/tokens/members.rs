//! Who holds a token, and of which tenants they are members.

use admin_api::keys::{Scope, issue};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{eventually, sender};

use super::{ask, member};
use crate::provider::Provider;
use crate::world::{Answer, World};

#[tokio::test]
async fn a_member_of_two_tenants_says_which_one() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    let (other, key) = world.stranger().await;
    member(&world, &json!({"subject": "ana", "role": "agent"})).await;
    let request = world.bare(Method::POST, "/v1/members").bearer_auth(&key);
    let body = json!({"subject": "ana", "role": "admin"});
    assert_eq!(Answer::of(request.json(&body)).await.status, 201);
    third_tenant(&world).await;
    let token = provider.token("ana");

    let unsaid = ask(&world, "/v1/messages", &token).await;
    assert_eq!(unsaid.status, 400);
    assert_eq!(unsaid.body["type"], "urn:waypost:problem:which-tenant");
    let me = ask(&world, "/v1/me", &token).await.body;
    assert_eq!(me["acts_for"].as_array().unwrap().len(), 2);
    let status = async |tenant: &str, path: &str| {
        let request = world.bare(Method::GET, path).bearer_auth(&token);
        Answer::of(request.header("X-Waypost-Tenant", tenant)).await.status
    };
    assert_eq!(status("acme", "/v1/messages").await, 200);
    assert_eq!(status("acme", "/v1/audit-log").await, 403);
    assert_eq!(status(&other.tenant_id.to_string(), "/v1/audit-log").await, 200);
    assert_eq!(status("third", "/v1/messages").await, 403);
    assert_eq!(status("nobody", "/v1/messages").await, 403);
    world.end().await;
}

async fn third_tenant(world: &World) {
    let client = world.db.client().await.unwrap();
    let third = sender(&client, "third", 3).await;
    issue(&client, third.tenant_id, "test", &Scope::ALL, runtime::now()).await.unwrap();
}

#[tokio::test]
async fn who_is_no_member_is_told_so() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;

    for path in ["/v1/me", "/v1/messages"] {
        let refused = ask(&world, path, &provider.token("nobody")).await;
        assert_eq!(refused.status, 403, "{}", refused.show());
        assert_eq!(refused.body["type"], "urn:waypost:problem:not-a-member");
    }
    world.end().await;
}

#[tokio::test]
async fn only_a_verified_address_binds_an_invitation() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    member(&world, &json!({"email": "Ana@example.com", "role": "agent"})).await;
    let with = |subject: &str, verified: Value| {
        let change = json!({"email": "ana@example.com", "email_verified": verified});
        provider.token_with(subject, &change)
    };

    for unverified in [json!(false), Value::Null, json!("false")] {
        assert_eq!(ask(&world, "/v1/me", &with("mallory", unverified)).await.status, 403);
    }
    assert_eq!(ask(&world, "/v1/me", &with("ana", json!(true))).await.status, 200);
    // Bound for good: neither somebody else with the address, nor the lack of it, changes that.
    assert_eq!(ask(&world, "/v1/me", &with("mallory", json!(true))).await.status, 403);
    assert_eq!(ask(&world, "/v1/me", &provider.token("ana")).await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_within_the_time_it_is_remembered() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    member(&world, &json!({"subject": "ana", "role": "admin"})).await;
    let token = provider.token("ana");
    let status = async |path: &str| ask(&world, path, &token).await.status;
    let id = world.get("/v1/members").await.body["data"][0]["member_id"].clone();
    let path = format!("/v1/members/{}", id.as_str().unwrap());
    assert_eq!(status("/v1/audit-log").await, 200);

    let change = world.request(Method::PATCH, &path).json(&json!({"role": "agent"}));
    assert_eq!(Answer::of(change).await.status, 200);
    eventually("an agent reads no log", async || status("/v1/audit-log").await == 403).await;
    assert_eq!(status("/v1/messages").await, 200);

    assert_eq!(world.delete(&path).await.status, 204);
    eventually("no member", async || status("/v1/messages").await == 403).await;
    world.end().await;
}

#[tokio::test]
async fn a_member_sees_and_reads_what_is_for_their_role() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    for role in ["owner", "agent"] {
        member(&world, &json!({"subject": role, "role": role})).await;
    }
    crate::notifications::trouble(&world, 0, "1").await;
    let seen = async |who: &str| {
        ask(&world, "/v1/notifications?unread=true", &provider.token(who)).await.body["data"]
            .as_array()
            .unwrap()
            .clone()
    };

    assert_eq!((seen("owner").await.len(), seen("agent").await.len()), (1, 0));
    let id = seen("owner").await[0]["notification_id"].clone();
    let path = format!("/v1/notifications/{}/read", id.as_str().unwrap());
    let read = async |who: &str| {
        let request = world.bare(Method::POST, &path).bearer_auth(provider.token(who));
        Answer::of(request).await.status
    };
    assert_eq!((read("agent").await, read("owner").await), (404, 204));
    assert!(seen("owner").await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn what_a_member_does_is_on_record_as_theirs() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    member(&world, &json!({"subject": "ana", "role": "owner"})).await;
    let request = world.bare(Method::POST, "/v1/api-keys").bearer_auth(provider.token("ana"));

    assert_eq!(Answer::of(request.json(&json!({"name": "x"}))).await.status, 201);

    let line = &world.audited("action=api_key.created").await[0];
    let members = world.get("/v1/members").await.body;
    assert_eq!(
        (&line["actor_kind"], &line["actor"]),
        (&json!("member"), &members["data"][0]["member_id"])
    );
    world.end().await;
}
