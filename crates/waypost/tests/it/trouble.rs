//! What an operator sees of trouble at the command line, and does about it.

use std::collections::BTreeMap;

use amqp::{Exchange, Outgoing, Queue};
use chrono::TimeDelta;
use runtime::now;
use serde_json::{Value, json};
use store::messages::{self, Job};
use test_support::{eventually, sender};

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

/// Publishes something that reaches every work queue, and parks it there.
async fn park_everywhere(world: &World) {
    let publisher = world.bus.publisher();
    for (exchange, routing_key) in [
        (Exchange::Notify, "any"),
        (Exchange::Dispatch, "urgent"),
        (Exchange::Dispatch, "normal"),
        (Exchange::Dispatch, "bulk"),
        (Exchange::Webhooks, "statuses.messages.account"),
    ] {
        publisher.publish(outgoing(exchange, routing_key)).await.unwrap();
    }
    for queue in Queue::ALL {
        let stop = runtime::Stop::new();
        let mut consumer = world.bus.consumer(queue, 1, stop.token()).await.unwrap();
        consumer.next_batch(1).await.unwrap().remove(0).park("unreadable").await;
    }
}

fn outgoing(exchange: Exchange, routing_key: &str) -> Outgoing {
    Outgoing {
        exchange,
        routing_key: routing_key.to_owned(),
        message_id: uuid::Uuid::now_v7(),
        content_type: "application/json",
        traceparent: None,
        body: "{}".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_listed_shown_and_sent_back_whatever_its_queue() {
    let world = World::new().await;
    world.bus.allow_parked();
    park_everywhere(&world).await;
    let counts = async || -> Value {
        serde_json::from_str(&world.done(&["parked", "list", "--json"]).await).unwrap()
    };
    let all = |count: usize| {
        Queue::ALL.iter().map(|queue| (queue.to_string(), count)).collect::<BTreeMap<_, _>>()
    };
    let parked = async || {
        let mut counts = counts().await;
        counts.as_object_mut().unwrap().remove("unrouted").unwrap();
        counts
    };
    eventually("all are parked", async || parked().await == json!(all(1))).await;

    for queue in Queue::ALL {
        let shown = world.done(&["parked", "show", queue.as_str(), "--json"]).await;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown[0]["reason"], "unreadable", "{queue}");
        assert_eq!(shown[0]["body"], Value::Null, "{queue}: nobody asked for it");
        let redriven = world.done(&["parked", "redrive", queue.as_str()]).await;
        assert_eq!(redriven.trim(), "1", "{queue}");
        eventually("it is back in its work queue", async || {
            world.bus.depth(queue).await.unwrap() == 1
        })
        .await;
    }

    eventually("none is parked", async || parked().await == json!(all(0))).await;
    let unrouted = world.done(&["parked", "show", "unrouted", "--json"]).await;
    let redriven = world.done(&["parked", "redrive", "unrouted"]).await;
    assert_eq!((unrouted.trim(), redriven.trim()), ("[]", "0"));
    let wrong = world.waypost(&["parked", "show", "lost"]).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("webhook-log, unrouted"), "{}", text(&wrong.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn meta_is_asked_about_a_connection_as_soon_as_an_operator_wants_it() {
    let world = World::new().await;
    world.done(&["migrate"]).await;
    let client = world.db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    sender(&client, "other", 2).await;
    let later = "UPDATE connections SET sync_due_at = now() + interval '1 hour'";
    client.batch_execute(later).await.unwrap();
    let id = acme.connection_id.to_string();
    let due = async || {
        let due = "SELECT connection_id FROM connections WHERE sync_due_at <= now()";
        let rows = client.query(due, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<uuid::Uuid>>()
    };

    let stranger = world.waypost(&["connection", "sync", "--tenant", "other", &id]).await;
    assert_eq!((stranger.status.code(), due().await.len()), (Some(1), 0));
    assert_eq!(world.done(&["connection", "sync", "--tenant", "acme", &id]).await, "");

    assert_eq!(due().await, [acme.connection_id.as_uuid()]);
}
