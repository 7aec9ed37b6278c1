//! People with tokens of an identity provider.

mod keys;
mod members;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use reqwest::Method;
use serde_json::{Value, json};

use crate::provider::{Provider, Signer};
use crate::world::{Answer, World};

/// Makes somebody a member of the tenant.
async fn member(world: &World, body: &Value) {
    let answer = world.post("/v1/members", body).await;
    assert_eq!(answer.status, 201, "{}", answer.show());
}

async fn ask(world: &World, path: &str, token: &str) -> Answer {
    Answer::of(world.bare(Method::GET, path).bearer_auth(token)).await
}

#[tokio::test]
async fn a_member_does_with_a_token_what_their_role_may() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    member(&world, &json!({"subject": "ana", "role": "agent"})).await;
    let token = provider.token("ana");

    let me = ask(&world, "/v1/me", &token).await;
    assert_eq!(me.status, 200, "{}", me.show());
    assert_eq!(me.body["acts_for"][0]["actor_kind"], "member");
    assert_eq!(me.body["acts_for"][0]["role"], "agent");
    assert_eq!(ask(&world, "/v1/messages", &token).await.status, 200);
    let refused = ask(&world, "/v1/audit-log", &token).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.header("www-authenticate"),
        r#"Bearer realm="waypost", error="insufficient_scope", scope="audit:read""#
    );
    let listed = world.get("/v1/members").await.body;
    assert_eq!(listed["data"][0]["issuer"], provider.issuer);
    world.end().await;
}

#[tokio::test]
async fn a_token_that_does_not_count_here_and_now_is_refused_with_the_reason() {
    let provider = Provider::new().await;
    let world = provider.ready_world().await;
    member(&world, &json!({"subject": "ana", "role": "owner"})).await;
    let now = runtime::now().timestamp();

    for (change, reason) in [
        (json!({"exp": now - 120}), "the token has expired"),
        (json!({"nbf": now + 300}), "the token is not valid yet"),
        (json!({"iat": now + 300}), "the token is not valid yet"),
        (json!({"iss": "https://evil.example"}), "the token is of another issuer"),
        (json!({"aud": "another"}), "the token was not made for this API"),
        (json!({"sub": ""}), "the token names no subject"),
    ] {
        let refused = ask(&world, "/v1/me", &provider.token_with("ana", &change)).await;
        assert_eq!((refused.status, &refused.body["detail"]), (401, &json!(reason)), "{change}");
        assert_eq!(refused.body["type"], "urn:waypost:problem:invalid-token");
        let challenge = format!(
            r#"Bearer realm="waypost", error="invalid_token", error_description="{reason}""#
        );
        assert_eq!(refused.header("www-authenticate"), challenge);
    }
    for change in [json!({"exp": now - 20}), json!({"nbf": now + 20, "iat": now + 20})] {
        let token = provider.token_with("ana", &change);
        assert_eq!(ask(&world, "/v1/me", &token).await.status, 200, "{change}");
    }
    world.end().await;
}

#[tokio::test]
async fn no_token_chooses_how_it_is_checked() {
    let provider = Provider::new().await;
    let rsa = Signer::rsa();
    provider.publish(&[("first", &provider.signer), ("rsa", &rsa)]);
    let world = provider.ready_world().await;
    member(&world, &json!({"subject": "ana", "role": "owner"})).await;
    let claims = provider.claims("ana");
    let status = async |token: &str| ask(&world, "/v1/me", token).await.status;

    assert_eq!(status(&rsa.token("rsa", &claims)).await, 200);
    // The published key taken for a shared secret, in each form that it has.
    for secret in [
        BASE64.decode(rsa.jwk("rsa")["n"].as_str().unwrap()).unwrap(),
        rsa.jwk("rsa").to_string().into_bytes(),
        Vec::new(),
    ] {
        assert_eq!(status(&Signer::Shared(secret).token("rsa", &claims)).await, 401);
    }
    assert_eq!(status(&Signer::Nobody.token("rsa", &claims)).await, 401);
    // Signed by one key, and said to be by another; and by one of the same name.
    assert_eq!(status(&rsa.token("first", &claims)).await, 401);
    assert_eq!(status(&Signer::ec().token("first", &claims)).await, 401);
    let good = provider.token("ana");
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = BASE64.encode(provider.claims("ben").to_string());
    let (head, _) = message.split_once('.').unwrap();
    assert_eq!(status(&format!("{head}.{other}.{signature}")).await, 401);
    assert_eq!(status(&format!("{message}.")).await, 401);
    for text in ["x", "a.b.c", "..", &"x".repeat(20_000)] {
        assert_eq!(status(text).await, 401);
    }
    assert_eq!(status(&good).await, 200);
    world.end().await;
}
