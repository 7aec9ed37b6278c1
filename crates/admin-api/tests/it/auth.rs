use admin_api::keys::Scope;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::Value;

use crate::world::{Answer, World};

/// An operation of the API document.
#[derive(Debug)]
struct Operation {
    method: Method,
    /// With some id for each parameter.
    path: String,
    /// The scope it says it needs; `None`: it is for whoever is known.
    scope: Option<Scope>,
}

/// Every operation of the API document.
fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(admin_api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let parts = path.split('/').map(|part| match part {
                "{version}" => "v25.0",
                "{phone_number_id}" | "{node_id}" => "404",
                _ if part.starts_with('{') => "018f4e9d-7a3b-7c4d-8e5f-6a7b8c9d0e1f",
                _ => part,
            });
            let path = parts.collect::<Vec<_>>().join("/");
            operations.push(Operation { method, path, scope: scope(operation) });
        }
    }
    assert!(operations.len() >= 6, "{operations:?}");
    let open = operations.iter().filter(|operation| operation.scope.is_none());
    assert_eq!(open.map(|operation| operation.path.as_str()).collect::<Vec<_>>(), ["/v1/me"]);
    operations
}

/// The same for both kinds of bearer.
fn scope(operation: &Value) -> Option<Scope> {
    let security = operation["security"].as_array().unwrap();
    let [key, token] = security.as_slice() else { panic!("{operation}") };
    assert!(key["api_key"].is_array() && key["api_key"] == token["token"], "{security:?}");
    match key["api_key"].as_array().unwrap().as_slice() {
        [] => None,
        [scope] => Some(scope.as_str().unwrap().parse().unwrap()),
        scopes => panic!("{scopes:?}"),
    }
}

#[tokio::test]
async fn no_route_answers_without_a_key() {
    let world = World::new().await;
    let good = &world.key;
    let wrong = [
        "".to_owned(),
        "wp_x_y".to_owned(),
        format!("{}0", good),
        good.replace("wp_", "wp_0"),
        format!("wp_{}_{}", "0".repeat(32), "0".repeat(64)),
        format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' }),
    ];

    for Operation { method, path, .. } in operations() {
        let none = Answer::of(world.bare(method.clone(), &path)).await;
        assert_eq!(none.status, 401, "{method} {path}");
        assert_eq!(none.header("www-authenticate"), r#"Bearer realm="waypost""#);
        for key in &wrong {
            let answer = Answer::of(world.bare(method.clone(), &path).bearer_auth(key)).await;
            assert_eq!(answer.status, 401, "{method} {path} {key}");
        }
    }
    let answer = Answer::of(world.bare(Method::GET, "/v1/messages")).await;
    assert_snapshot!(answer.show(), @r#"
    401 application/problem+json
    {
      "detail": "send an API key in the header Authorization, as in `Bearer wp_…`; none came with the request, or one that is not valid or was revoked",
      "request_id": "<request_id>",
      "status": 401,
      "title": "No valid API key",
      "type": "urn:waypost:problem:unauthenticated"
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn every_route_wants_the_scope_that_the_document_names() {
    let world = World::new().await;

    for Operation { method, path, scope } in operations() {
        let Some(scope) = scope else { continue };
        let others: Vec<Scope> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        let lacking = world.key_with(&others).await;
        let holding = world.key_with(&[scope]).await;

        let refused = Answer::of(world.bare(method.clone(), &path).bearer_auth(&lacking)).await;
        let let_in = Answer::of(world.bare(method.clone(), &path).bearer_auth(&holding)).await;

        // The callers of this one path know no 403.
        let expected = if path == "/v1/whatsapp/notify" { 401 } else { 403 };
        assert_eq!(refused.status, expected, "{method} {path}");
        assert!(refused.header("www-authenticate").contains(scope.as_str()));
        assert!(![401, 403].contains(&let_in.status), "{method} {path}: {}", let_in.show());
    }
    let key = world.key_with(&[Scope::MessagesWrite]).await;
    let request = world.bare(Method::GET, "/v1/messages").bearer_auth(&key);
    assert_snapshot!(Answer::of(request).await.show(), @r#"
    403 application/problem+json
    {
      "detail": "the caller lacks the scope messages:read",
      "request_id": "<request_id>",
      "status": 403,
      "title": "The caller may not do this",
      "type": "urn:waypost:problem:forbidden"
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn a_revoked_key_stops_within_the_time_it_is_remembered() {
    let world = World::new().await;
    let key = world.key_with(&Scope::ALL).await;
    let ask =
        async || Answer::of(world.bare(Method::GET, "/v1/messages").bearer_auth(&key)).await.status;
    assert_eq!(ask().await, 200);

    world.execute("UPDATE api_keys SET revoked_at = now()").await;

    test_support::eventually("the key is refused", async || ask().await == 401).await;
    world.end().await;
}

#[tokio::test]
async fn the_secret_half_of_a_key_is_not_in_the_database() {
    let world = World::new().await;
    let secret = world.key.rsplit('_').next().unwrap();

    let client = world.db.client().await.unwrap();
    let rows = client.query("SELECT api_keys::text AS row FROM api_keys", &[]).await.unwrap();

    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| !row.get::<_, String>("row").contains(secret)));
    drop(client);
    world.end().await;
}
