//! What an operator sees of trouble at the command line, and does about it.

use chrono::TimeDelta;
use runtime::now;
use serde_json::{Value, json};
use store::messages::{self, Job};
use test_support::sender;

use crate::world::{World, text};

/// A migrated world whose tenant `acme` has messages of which nobody knows whether they went out.
async fn unknowns(count: usize) -> (World, Vec<Job>) {
    let world = World::new().await;
    world.done(&["migrate"]).await;
    let client = world.db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let hour_ago = now() - TimeDelta::minutes(59);
    let new: Vec<_> = (0..count).map(|_| acme.message(hour_ago)).collect();
    messages::insert(&client, &new, hour_ago).await.unwrap();
    let unknown = "UPDATE messages SET stage = 'unknown', claim_no = 1, begun_claim_no = 1";
    client.batch_execute(unknown).await.unwrap();
    let job =
        |new: &messages::NewMessage| Job { message_id: new.message_id, tenant_id: new.tenant_id };
    (world, new.iter().map(job).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_messages_are_listed_and_resolved_one_by_one() {
    let (world, jobs) = unknowns(3).await;
    let list = async |more: &[&str]| -> Vec<Value> {
        let listed = world.done(&[&["unknown", "list", "--json"], more].concat()).await;
        serde_json::from_str(&listed).unwrap()
    };

    let all = list(&["--tenant", "acme", "--older-than", "50m"]).await;
    assert_eq!(all.len(), 3);
    assert_eq!((&all[0]["tenant"], &all[0]["recipient"]), (&json!("acme"), &Value::Null));
    assert_eq!(list(&["--recipient"]).await[0]["recipient"], "+14155550101");
    assert_eq!(list(&["--older-than", "2h"]).await.len(), 0);
    for (job, (word, becomes)) in
        jobs.iter().zip([("sent", "accepted"), ("not-sent", "queued"), ("failed", "failed")])
    {
        let id = job.message_id.to_string();
        let said = world.done(&["unknown", "resolve", &id, "--as", word]).await;
        assert_eq!(said.trim(), becomes);
        let again = world.waypost(&["unknown", "resolve", &id, "--as", word]).await;
        assert_eq!(again.status.code(), Some(1));
        assert!(text(&again.stderr).contains(&format!("this one is {becomes}")));
    }

    assert_eq!(list(&[]).await.len(), 0);
    let table = world.done(&["unknown", "list"]).await;
    assert_eq!(table.lines().count(), 1, "{table}");
    let client = world.db.client().await.unwrap();
    let rows = client.query("SELECT actor_kind, action FROM audit_log", &[]).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.get::<_, &str>(0) == "operator"));
    assert!(rows.iter().all(|row| row.get::<_, &str>(1) == "message.resolved"));
}
