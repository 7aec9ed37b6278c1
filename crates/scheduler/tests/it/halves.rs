//! Rows that somebody began and did not finish.

use amqp::Queue;
use domain::delivery::DeliveryStatus;
use domain::ids::EventId;
use domain::lane::{Lane, OnUnknown};
use runtime::{Stop, now};
use store::messages;
use store::spool::{self, Spooled};
use test_support::{backbone, eventually, vault};

use crate::{World, next_job};

#[tokio::test]
async fn whatever_of_an_attempt_was_written_it_is_never_taken_for_one_that_was_not_begun() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    // What was written of each under a lease that has lapsed, and what becomes of it.
    let lapsed = "stage = 'sending', claim_no = 1, lease_until = now() - interval '1 second'";
    let attempt = "INSERT INTO attempts (message_id, attempt_no, begun_at";
    let halves = [
        ("", String::new(), DeliveryStatus::Queued),
        (", begun_claim_no = 1", String::new(), DeliveryStatus::Unknown),
        (
            ", begun_claim_no = 1",
            format!("{attempt}) VALUES ($1, 1, now())"),
            DeliveryStatus::Unknown,
        ),
        (
            ", begun_claim_no = 1",
            format!(
                "{attempt}, finished_at, outcome, wamid) VALUES ($1, 1, now(), now(), 'accepted', 'w')"
            ),
            DeliveryStatus::Unknown,
        ),
    ];
    let mut jobs = Vec::new();
    for (begun, attempt, becomes) in &halves {
        let job = world.insert(Lane::Urgent, OnUnknown::Hold, now()).await;
        let id = job.message_id.as_uuid();
        let update = format!("UPDATE messages SET {lapsed}{begun} WHERE message_id = $1");
        assert_eq!(client.execute(&update, &[&id]).await.unwrap(), 1);
        if !attempt.is_empty() {
            client.execute(attempt, &[&id]).await.unwrap();
        }
        jobs.push((job, *becomes));
    }
    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    let published = next_job(&world.bus, Queue::DispatchUrgent, &stop).await;

    assert_eq!(published.message_ids, [jobs[0].0.message_id]);
    eventually("none is left under its lapsed lease", async || {
        for (job, becomes) in &jobs {
            if world.status(*job).await != *becomes {
                return false;
            }
        }
        true
    })
    .await;
    stop.stop();
    running.await.unwrap().unwrap();
    assert_eq!(world.bus.depth(Queue::DispatchUrgent).await.unwrap(), 0);
    let (in_flight, _) = jobs[2];
    let seen = messages::find(&client, in_flight.tenant_id, in_flight.message_id).await.unwrap();
    assert_eq!(seen.unwrap().attempts[0].outcome, None, "the timeline says that nobody knows");
}

#[tokio::test]
async fn spooled_webhooks_that_do_not_open_stay_and_hold_nobody_up() {
    let (world, stop) = (World::new().await, Stop::new());
    let client = world.db.client().await.unwrap();
    let spooled = |envelope: &[u8]| Spooled {
        event_id: EventId::at(now()),
        routing_key: "none".into(),
        envelope: envelope.to_vec(),
    };
    // More than are taken at once, and all of them before the good one.
    for _ in 0..101 {
        spool::keep(&client, &vault(), &spooled(b"of a lost key"), now()).await.unwrap();
    }
    client.batch_execute("UPDATE webhook_spool SET envelope = '\\x00'").await.unwrap();
    spool::keep(&client, &vault(), &spooled(b"good"), now()).await.unwrap();
    let running = world.start(&backbone(&world.db, &world.bus), &stop);

    let mut consumer = world.bus.consumer(Queue::WebhookLog, 10, stop.token()).await.unwrap();
    let mut published = consumer.next_batch(10).await.unwrap();

    assert_eq!(published.len(), 1);
    assert_eq!(&published[0].body[..], b"good");
    published.remove(0).done().await;
    let left = async || {
        let count = "SELECT count(*) FROM webhook_spool";
        client.query_one(count, &[]).await.unwrap().get::<_, i64>(0)
    };
    eventually("the good one is forgotten", async || left().await == 101).await;
    stop.stop();
    running.await.unwrap().unwrap();
}
