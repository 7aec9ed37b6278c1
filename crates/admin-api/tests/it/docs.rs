use std::path::Path;

use domain::content::Kind;
use reqwest::Method;
use runtime::Env;
use serde_json::{Map, Value, json};

use crate::world::{Answer, World};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_committed_document_is_that_of_the_code() {
    let document = serde_json::to_value(admin_api::openapi()).unwrap();
    if Env::process().optional(UPDATE).is_some() {
        let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
        std::fs::write(Path::new(COMMITTED), text).unwrap();
    }

    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();

    assert!(
        serde_json::from_str(&committed).unwrap_or(Value::Null) == document,
        "crates/admin-api/openapi.json is not what the code says; after a look at the change run: \
         {UPDATE}=1 cargo test -p admin-api --test it the_committed_document",
    );
}

#[tokio::test]
async fn the_served_document_is_that_of_the_code() {
    let world = World::new().await;

    let answer = Answer::of(world.bare(Method::GET, "/openapi.json")).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, serde_json::to_value(admin_api::openapi()).unwrap());
    world.end().await;
}

#[tokio::test]
async fn the_page_and_all_that_it_loads_come_from_this_server() {
    let world = World::new().await;
    let text = async |path: &str| {
        let response = world.bare(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers().get("content-security-policy").cloned();
        (response.text().await.unwrap(), policy)
    };

    let (page, policy) = text("/docs").await;

    assert!(policy.unwrap().to_str().unwrap().starts_with("default-src 'self'"));
    assert!(!page.contains("//"), "{page}");
    let linked: Vec<&str> = page
        .split(['"'])
        .filter(|part| part.starts_with("docs/"))
        .filter(|part| !part.ends_with(".png"))
        .collect();
    assert_eq!(linked.len(), 4, "{page}");
    for path in linked {
        assert!(!text(&format!("/{path}")).await.0.is_empty());
    }
    let (initializer, _) = text("/docs/swagger-initializer.js").await;
    assert!(!initializer.contains("://"), "{initializer}");
    assert!(initializer.contains(r#""url": "openapi.json""#), "{initializer}");
    assert!(initializer.contains(r#""validatorUrl": "none""#), "{initializer}");
    assert_eq!(text("/docs/").await.0, page);
    assert_eq!(world.get("/docs/nothing.js").await.status, 404);
    world.end().await;
}

fn message_schema() -> Map<String, Value> {
    let document = serde_json::to_value(admin_api::openapi()).unwrap();
    let schema = &document["components"]["schemas"]["MessageRequest"]["properties"];
    schema.as_object().unwrap().clone()
}

#[tokio::test]
async fn every_field_in_the_document_is_one_that_is_read() {
    let world = World::new().await;
    let body: Map<String, Value> =
        message_schema().into_iter().map(|(name, _)| (name, json!({"?": 1}))).collect();

    let answer = world.post("/v1/messages", &Value::Object(body)).await;

    assert_eq!(answer.status, 422);
    assert!(
        !answer.body.to_string().contains("is not a field that is taken here"),
        "{}",
        answer.body
    );
    for kind in Kind::ALL {
        assert!(message_schema().contains_key(kind.as_str()), "{kind}");
    }
    world.end().await;
}

#[tokio::test]
async fn the_examples_in_the_document_work() {
    let world = World::new().await;
    let document = serde_json::to_value(admin_api::openapi()).unwrap();
    let body = &document["paths"]["/v1/messages"]["post"]["requestBody"];
    let examples = body["content"]["application/json"]["examples"].as_object().unwrap();
    assert_eq!(examples.keys().collect::<Vec<_>>(), ["template", "text"]);

    for (name, example) in examples {
        let mut body = example["value"].clone();
        body["from"] = json!(world.acme.phone_number_id);
        let answer = world.post("/v1/messages", &body).await;
        assert_eq!(answer.status, 202, "{name}: {}", answer.show());
    }
    world.end().await;
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = serde_json::to_value(admin_api::openapi()).unwrap();

    let mut references = Vec::new();
    collect(&document, &mut references);

    assert!(references.len() > 5);
    for reference in references {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(list) => list.iter().for_each(|entry| collect(entry, references)),
        _ => {}
    }
}
