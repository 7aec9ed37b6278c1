use admin_api::keys::Scope;
use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, World};

#[tokio::test]
async fn a_key_learns_for_whom_it_acts_and_what_it_may_do() {
    let world = World::new().await;
    let key = world.key_with(&[Scope::AuditRead]).await;

    let answer = Answer::of(world.bare(Method::GET, "/v1/me").bearer_auth(&key)).await;

    let [acts_for] = answer.body["acts_for"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(acts_for["tenant_id"], json!(world.acme.tenant_id));
    assert_eq!(acts_for["tenant"], "acme");
    assert_eq!(acts_for["actor_kind"], "api_key");
    assert_eq!(acts_for["actor"].as_str().unwrap().replace('-', ""), key[3..35]);
    assert_eq!(acts_for["role"], json!(null));
    assert_eq!(acts_for["scopes"], json!(["audit:read"]));
    world.end().await;
}

#[tokio::test]
async fn a_request_that_names_a_tenant_which_is_not_the_keys_is_refused() {
    let world = World::new().await;
    let (other, _) = world.stranger().await;
    let own_id = world.acme.tenant_id.to_string();

    for (named, status) in [
        ("acme", 200),
        (own_id.as_str(), 200),
        ("other", 403),
        (&other.tenant_id.to_string(), 403),
        ("nobody", 403),
        ("", 403),
    ] {
        let request = world.request(Method::GET, "/v1/messages").header("X-Waypost-Tenant", named);
        assert_eq!(Answer::of(request).await.status, status, "{named}");
    }
    world.end().await;
}
