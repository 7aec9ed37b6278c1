//! Words may come in any order.

use serde_json::{Value, json};

use crate::posts;
use crate::world::World;

/// Every order of `items`.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() < 2 {
        return vec![items.to_vec()];
    }
    let mut all = Vec::new();
    for first in 0..items.len() {
        let mut rest = items.to_vec();
        let head = rest.remove(first);
        for mut tail in orders(&rest) {
            tail.insert(0, head.clone());
            all.push(tail);
        }
    }
    all
}

const STATE: &str = "SELECT jsonb_build_array(n.status, n.status_at, n.name_status,
    n.name_reason, n.name_status_at, w.tier, w.tier_at, w.status, w.status_at)
    FROM phone_numbers n JOIN wabas w USING (waba_id)";

#[tokio::test]
async fn every_order_of_the_same_words_ends_in_the_same_rows() {
    let quality = |event: &str, limit: &str| {
        json!({"display_phone_number": "15550001111", "event": event,
               "max_daily_conversations_per_business": limit})
    };
    let name = |decision: &str, reason: &str| {
        json!({"display_phone_number": "15550001111", "decision": decision,
               "rejection_reason": reason})
    };
    let told: [(i64, &str, Value); 5] = [
        (10, "phone_number_quality_update", quality("FLAGGED", "TIER_2K")),
        (20, "phone_number_quality_update", quality("UNFLAGGED", "TIER_10K")),
        (30, "phone_number_name_update", name("APPROVED", "NONE")),
        // Two words of one second: the greater one stays.
        (40, "phone_number_name_update", name("REJECTED", "UNKNOWN")),
        (40, "phone_number_name_update", name("PENDING", "NONE")),
    ];
    let world = World::new().await;
    let running = world.start();
    let mut ends = Vec::new();
    for order in orders(&told) {
        world
            .execute(
                "UPDATE phone_numbers SET status = NULL, status_at = NULL, name_status = NULL,
                                          name_status_at = NULL, name_reason = NULL;
                 UPDATE wabas SET tier = NULL, tier_at = NULL;
                 TRUNCATE account_events",
            )
            .await;
        for (second, field, value) in &order {
            world.tell(*second, field, value).await;
        }
        world.becomes("SELECT count(*) FROM account_events", json!(5)).await;
        let name = "SELECT name_status FROM phone_numbers";
        world.becomes(name, json!("REJECTED")).await;
        world.becomes("SELECT status FROM phone_numbers", json!("CONNECTED")).await;
        world.becomes("SELECT tier FROM wabas", json!("10000")).await;
        ends.push(world.value(STATE).await);
    }

    assert_eq!(ends.len(), 120);
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    running.end().await;
}

#[tokio::test]
async fn an_older_word_never_takes_the_place_of_a_newer_one() {
    let world = World::new().await;
    let running = world.start();
    let ban =
        |state: &str| json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": state}});

    world.tell(50, "account_update", &ban("REINSTATE")).await;
    world.becomes("SELECT status FROM wabas", json!("ACTIVE")).await;
    world.tell(40, "account_update", &ban("DISABLE")).await;
    world.becomes("SELECT count(*) FROM account_events", json!(2)).await;
    world.tell(60, "account_update", &ban("SCHEDULE_FOR_DISABLE")).await;
    world.becomes("SELECT status FROM wabas", json!("DISABLE_SCHEDULED")).await;

    let at = world.value("SELECT extract(epoch FROM status_at)::bigint FROM wabas").await;
    assert_eq!(at, json!(posts::EPOCH + 60));
    running.end().await;
}
