use serde_json::Value;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_ends_with_every_message_final_and_none_sent_twice() {
    let world = World::new().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();

    let out = world.done(&["demo", "--messages", "200", "--seed", "7", "--json", path]).await;

    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(report["final"], 200, "{report}");
    assert_eq!(report["simulator"]["went_twice"], 0, "{report}");
    let simulator = &report["simulator"];
    assert_eq!(simulator["accepted"], simulator["accepted_expected"], "{report}");
    assert_eq!(report["broken"], serde_json::json!([]), "{report}");
    assert!(out.contains("200/200 final"), "{out}");
    assert!(out.contains("enqueued\n") && out.contains("handed to Meta"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_leaves_nothing_behind_and_its_log_tells_no_secret() {
    let mut world = World::new().await;
    world.set("WAYPOST_LOG", "debug");

    let out = world.done(&["demo", "--messages", "50"]).await;

    let log = out.lines().next().unwrap().strip_prefix("log of the services: ").unwrap();
    let id = log.rsplit_once("waypost-demo-").unwrap().1.strip_suffix(".log").unwrap();
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.contains("status merged"), "the log is not at level debug");
    for secret in ["49151", "wamid.", "simulated-", "parcel", "Ada Lovelace", "A-0", "wp_"] {
        assert!(!text.contains(secret), "{secret} stands in the log");
    }
    let client = world.db.client().await.unwrap();
    let database = "SELECT FROM pg_database WHERE datname = $1";
    let left = client.query_opt(database, &[&format!("waypost_demo_{id}")]).await.unwrap();
    assert!(left.is_none());
}
