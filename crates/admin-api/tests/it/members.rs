//! Members over the API.

use admin_api::keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const ISSUER: &str = "https://id.example.com";

fn member(subject: &str, role: &str) -> Value {
    json!({"issuer": ISSUER, "subject": subject, "role": role})
}

async fn add(world: &World, body: &Value) -> String {
    let answer = world.post("/v1/members", body).await;
    assert_eq!(answer.status, 201, "{}", answer.show());
    format!("/v1/members/{}", answer.body["member_id"].as_str().unwrap())
}

async fn change(world: &World, path: &str, role: &str) -> Answer {
    Answer::of(world.request(Method::PATCH, path).json(&json!({"role": role}))).await
}

#[tokio::test]
async fn members_come_change_and_go_on_record_and_an_owner_stays() {
    let world = World::new().await;

    let ana = add(&world, &member("ana", "owner")).await;
    let invited = json!({"issuer": ISSUER, "email": "ben@example.com", "role": "agent"});
    let ben = add(&world, &invited).await;

    assert_eq!(world.delete(&ana).await.body["type"], "urn:waypost:problem:last-owner");
    assert_eq!(change(&world, &ana, "admin").await.status, 409);
    let promoted = change(&world, &ben, "owner").await;
    assert_eq!((promoted.status, &promoted.body["role"]), (200, &json!("owner")));
    assert_eq!(world.delete(&ana).await.status, 204);
    assert_eq!(world.delete(&ana).await.status, 404);
    let listed = world.get("/v1/members").await.body;
    let [only] = listed["data"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&only["email"], &only["subject"]), (&json!("ben@example.com"), &Value::Null));
    let lines = world.audited("action=member.").await;
    let mut actions: Vec<_> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["member.added", "member.added", "member.removed", "member.role_changed"]);
    let changed = lines.iter().find(|line| line["action"] == "member.role_changed").unwrap();
    assert_eq!(changed["detail"], json!({"from": "agent", "to": "owner"}));
    world.end().await;
}

#[tokio::test]
async fn nobody_gives_a_role_that_may_do_more_than_they() {
    let world = World::new().await;
    let path = add(&world, &member("ana", "agent")).await;
    let scopes = [Scope::MembersWrite, Scope::MessagesWrite, Scope::MessagesRead];
    let key = world.key_with(&scopes).await;
    let add = async |role: &str| {
        let request = world.bare(Method::POST, "/v1/members").bearer_auth(&key);
        Answer::of(request.json(&member(role, role))).await.status
    };

    assert_eq!(add("service").await, 201);
    for role in ["owner", "admin", "agent"] {
        assert_eq!(add(role).await, 403, "{role}");
    }
    let request = world.bare(Method::PATCH, &path).bearer_auth(&key);
    assert_eq!(Answer::of(request.json(&json!({"role": "owner"}))).await.status, 403);
    world.end().await;
}

#[tokio::test]
async fn a_member_is_somebody_and_nobody_twice() {
    let world = World::new().await;
    add(&world, &member("ana", "agent")).await;

    let twice = world.post("/v1/members", &member("ana", "owner")).await;
    assert_eq!(twice.body["type"], "urn:waypost:problem:already-a-member", "{}", twice.show());
    for (body, pointer) in [
        (json!({"subject": "x", "role": "agent"}), "/issuer"),
        (json!({"issuer": ISSUER, "role": "agent"}), "/subject"),
        (json!({"issuer": ISSUER, "email": "x", "role": "agent"}), "/email"),
        (json!({"issuer": ISSUER, "subject": "x", "role": "king"}), "/role"),
        (json!({"issuer": ISSUER, "subject": 1, "role": "agent"}), "/subject"),
    ] {
        let answer = world.post("/v1/members", &body).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    assert_eq!(world.get("/v1/members").await.body["data"].as_array().unwrap().len(), 1);
    world.end().await;
}
