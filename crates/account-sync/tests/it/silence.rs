//! What should be heard and is not.

use serde_json::json;
use store::messages;

use crate::world::World;

const SETTINGS: [(&str, &str); 2] = [("WAYPOST_WATCH_S", "0.2"), ("WAYPOST_SILENCE_MESSAGES", "2")];

impl World {
    /// Messages that Meta took so many minutes ago, none of which has heard of a status.
    async fn sent(&self, minutes: i64, count: usize) {
        let client = self.db.client().await.unwrap();
        let at = runtime::now() - chrono::TimeDelta::minutes(minutes);
        let sent: Vec<_> = (0..count).map(|_| self.acme.message(at)).collect();
        messages::insert(&client, &sent, at).await.unwrap();
        self.execute("UPDATE messages SET accepted_at = created_at WHERE accepted_at IS NULL")
            .await;
    }

    async fn received(&self, minutes: i64) {
        self.execute(&format!(
            "INSERT INTO webhook_events (event_id, received_at, path, signature_valid, kinds, body,
                                         body_bytes)
             SELECT uuid_v7_floor(at), at, 'platform', true, 'statuses', '', 0
             FROM   (SELECT now() - interval '{minutes} minutes' AS at) AS t",
        ))
        .await;
    }

    async fn kinds_become(&self, expected: &[&str]) {
        let open = "SELECT COALESCE(jsonb_agg(kind ORDER BY kind), '[]') FROM notifications
                    WHERE cleared_at IS NULL";
        self.becomes(open, json!(expected)).await;
    }
}

#[tokio::test]
async fn sends_of_which_nothing_is_heard_are_told_by_their_cause_until_something_is() {
    let world = World::new().await;
    world.sent(20, 2).await;
    let running = world.start_with(&SETTINGS);

    world.kinds_become(&["webhook.silence"]).await;
    world.becomes("SELECT status FROM connections", json!("NEEDS_ATTENTION")).await;

    // A webhook comes, but none with a status.
    world.received(0).await;
    world.kinds_become(&["status.silence"]).await;
    let told = world.trouble("status.silence").await.unwrap();
    assert!(told.cause.starts_with("Of 2 messages"), "{}", told.cause);
    assert_eq!(told.occurrences, 1);

    world.execute("UPDATE messages SET sent_at = now()").await;
    world.kinds_become(&[]).await;
    world.becomes("SELECT status FROM connections", json!("ACTIVE")).await;
    running.end().await;
}

#[tokio::test]
async fn a_quiet_night_is_no_silence() {
    let world = World::new().await;
    world.received(9 * 60).await;
    // Too few to say, too short ago, and too long ago.
    world.sent(20, 1).await;
    world.sent(5, 3).await;
    world.sent(300, 5).await;
    let running = world.start_with(&SETTINGS);
    world.becomes("SELECT count(watched_at) FROM connections", json!(1)).await;
    let first = world.value("SELECT watched_at FROM connections").await;
    test_support::eventually("it was watched again", async || {
        world.value("SELECT watched_at FROM connections").await != first
    })
    .await;

    world.kinds_become(&[]).await;
    running.end().await;
}

#[tokio::test]
async fn webhooks_that_used_to_come_and_stopped_are_worth_a_word() {
    let world = World::new().await;
    world.received(120).await;
    let running = world.start_with(&[SETTINGS[0], ("WAYPOST_QUIET_AFTER_S", "3600")]);

    world.kinds_become(&["webhook.silence"]).await;
    assert_eq!(world.trouble("webhook.silence").await.unwrap().severity, "info");
    assert_eq!(world.value("SELECT status FROM connections").await, json!("ACTIVE"));

    world.received(0).await;
    world.kinds_become(&[]).await;
    running.end().await;
}
