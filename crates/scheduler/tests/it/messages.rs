//! What is forgotten of messages, and when.

use chrono::{DateTime, Months, Utc};
use domain::delivery::DeliveryStatus;
use domain::lane::{Lane, OnUnknown};
use runtime::{Stop, now};
use scheduler::Config;
use store::messages::Job;
use store::{Client, partitions};
use test_support::{backbone, eventually};

use crate::{CONFIG, World};

/// How long ago a month is too old.
const OLD: Months = Months::new(4);

const TABLES: [&str; 3] = ["messages", "attempts", "waits"];

async fn is_there(client: &Client, table: &str, month: DateTime<Utc>) -> bool {
    let partition = format!("{table}_{}", month.format("%Y%m"));
    let sql = "SELECT to_regclass($1) IS NOT NULL";
    client.query_one(sql, &[&partition]).await.unwrap().get(0)
}

impl World {
    /// A message of that month with an attempt, a wait and a resolution.
    async fn message_of(&self, month: DateTime<Utc>, stage: &str) -> Job {
        let client = self.db.client().await.unwrap();
        partitions::ensure(&client, month, 0).await.unwrap();
        let job = self.insert(Lane::Normal, OnUnknown::Hold, month).await;
        let id = job.message_id.as_uuid();
        let stage_is = "UPDATE messages SET stage = $2 WHERE message_id = $1";
        client.execute(stage_is, &[&id, &stage]).await.unwrap();
        for sql in [
            "INSERT INTO attempts (message_id, attempt_no, begun_at) VALUES ($1, 1, now())",
            "INSERT INTO waits VALUES ($1, 1, now(), now(), 'retry')",
        ] {
            client.execute(sql, &[&id]).await.unwrap();
        }
        let resolved = "INSERT INTO resolutions
                        VALUES ($1, 1, $2, now(), 'sent', 'operator', NULL)";
        client.execute(resolved, &[&id, &job.tenant_id.as_uuid()]).await.unwrap();
        job
    }

    async fn resolutions(&self) -> i64 {
        let client = self.db.client().await.unwrap();
        let sql = "SELECT count(*) FROM resolutions";
        client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn a_month_of_messages_is_dropped_with_all_that_is_known_of_them() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    let (old, young) = (now() - OLD, now());
    world.message_of(old, "accepted").await;
    let kept = world.message_of(young, "accepted").await;
    let config = Config { message_days: Some(32), ..CONFIG };

    let running = World::start_as(config, &backbone(&world.db, &world.bus), &stop);

    eventually("the month is dropped", async || !is_there(&client, "messages", old).await).await;
    stop.stop();
    running.await.unwrap().unwrap();
    for table in TABLES {
        assert!(!is_there(&client, table, old).await, "{table}");
        assert!(is_there(&client, table, young).await, "{table}");
    }
    assert_eq!(world.resolutions().await, 1);
    assert_eq!(world.status(kept).await, DeliveryStatus::Accepted);
}

#[tokio::test]
async fn a_month_with_an_unfinished_message_is_kept_until_that_is_finished() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    let (older, old) = (now() - OLD - Months::new(1), now() - OLD);
    world.message_of(older, "accepted").await;
    let unknown = world.message_of(old, "unknown").await;
    let config = Config { message_days: Some(32), ..CONFIG };

    let running = World::start_as(config, &backbone(&world.db, &world.bus), &stop);

    // Whoever is stopped finishes what it has begun: the other one was looked at, too.
    eventually("one is dropped", async || !is_there(&client, "messages", older).await).await;
    stop.stop();
    running.await.unwrap().unwrap();
    for table in TABLES {
        assert!(is_there(&client, table, old).await, "{table}");
    }
    assert_eq!(world.status(unknown).await, DeliveryStatus::Unknown);

    client.execute("UPDATE messages SET stage = 'accepted'", &[]).await.unwrap();
    let dropped = partitions::drop_messages(&client, now()).await.unwrap();
    assert!(dropped.iter().any(|it| it.month == old.format("%Y%m").to_string()), "{dropped:?}");
    assert!(!is_there(&client, "messages", old).await);
}

#[tokio::test]
async fn messages_are_kept_for_ever_unless_told_otherwise() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    let old = now() - OLD;
    world.message_of(old, "accepted").await;
    let webhooks = "webhook_events";

    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    eventually("old webhooks are dropped", async || !is_there(&client, webhooks, old).await).await;
    stop.stop();
    running.await.unwrap().unwrap();
    assert!(is_there(&client, "messages", old).await);
}
