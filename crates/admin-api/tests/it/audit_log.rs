//! The audit log over the API.

use chrono::TimeDelta;
use serde_json::{Value, json};
use store::audit::{self, Actor, Entry};

use crate::world::World;

/// Each in a millisecond of its own, so that their order is known.
async fn write(world: &World, ms: i64, action: &str, subject: &str) {
    let client = world.db.client().await.unwrap();
    let entry = Entry {
        tenant_id: world.acme.tenant_id,
        actor: Actor::Operator,
        action,
        subject: Some(subject),
        detail: json!({"n": 1}),
    };
    let at = runtime::now() + TimeDelta::milliseconds(ms);
    audit::write(&client, &entry, at).await.unwrap();
}

fn subjects(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["subject"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lines_are_found_by_what_was_done_to_what_by_whom_and_when() {
    let world = World::new().await;
    write(&world, 0, "connection.created", "a").await;
    write(&world, 100, "connection.tested", "a").await;
    write(&world, 200, "connections", "b").await;

    for (query, expected) in [
        ("actor_kind=operator", vec!["b", "a", "a"]),
        ("action=connection.", vec!["a", "a"]),
        ("action=connection.tested", vec!["a"]),
        ("action=connection", vec![]),
        ("subject=b", vec!["b"]),
        ("actor_kind=meta", vec![]),
        ("actor_kind=operator&until=2026-01-01T00:00:00Z", vec![]),
        ("action=connection.&since=2026-01-01T00:00:00Z", vec!["a", "a"]),
    ] {
        assert_eq!(subjects(&world.audited(query).await), expected, "{query}");
    }
    let line = &world.audited("action=connection.tested").await[0];
    assert_eq!((&line["actor"], &line["detail"]), (&Value::Null, &json!({"n": 1})));
    assert_eq!(world.get("/v1/audit-log?actor_kind=root").await.status, 400);
    world.end().await;
}

#[tokio::test]
async fn each_line_comes_on_exactly_one_page() {
    let world = World::new().await;
    for n in 0..5 {
        write(&world, n * 100, "a.b", &n.to_string()).await;
    }

    let (mut path, mut seen) = ("/v1/audit-log?action=a.b&limit=2".to_owned(), Vec::new());
    loop {
        let page = world.get(&path).await.body;
        seen.extend(page["data"].as_array().unwrap().iter().map(|line| line["subject"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/audit-log?action=a.b&limit=2&cursor={next}");
    }

    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    world.end().await;
}
