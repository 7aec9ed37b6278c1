use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Receiver, Running, at_once};

/// What became of each of 60 messages: its statuses, sorted, and the code of its failure.
async fn fates(seed: u64, reverse: bool) -> BTreeMap<String, Vec<String>> {
    let receiver = Receiver::new(&[]);
    let scenario = json!({"seed": seed, "limits": {"throughput": {"enabled": false}}, "webhooks": {"shuffle": true},
        "fates": {"sent_after_ms": [0, 5], "delivered_after_ms": [0, 5], "read_after_ms": [0, 5], "read": 0.5,
            "late": 0.3, "late_by_ms": [0, 20], "doubled": 0.3, "doubled_after_ms": [0, 20],
            "read_without_delivered": 0.3,
            "failures": [{"code": 131_026, "chance": 0.1}, {"code": 131_049, "chance": 0.1, "after": "sent"}]}});
    let sim = Running::new(&scenario, Some(&receiver)).await;
    let mut messages: Vec<u32> = (0..60).collect();
    if reverse {
        messages.reverse();
    }
    for some in messages.chunks(8) {
        let sim = &sim;
        let sends = some.iter().map(|message| async move {
            let to = format!("+1415555{message:04}");
            assert_eq!(sim.code(&to, &format!("m{message}")).await, 0);
        });
        join_all(sends).await;
    }
    sim.idle().await;

    let mut fates: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for status in receiver.statuses() {
        let word = format!("{} {}", status["status"], status["errors"][0]["code"]);
        fates
            .entry(status["biz_opaque_callback_data"].as_str().unwrap().to_owned())
            .or_default()
            .push(word);
    }
    fates.values_mut().for_each(|words| words.sort_unstable());
    fates
}

#[tokio::test]
async fn the_same_seed_gives_each_message_the_same_fate_and_another_seed_does_not() {
    let (first, again, other) = tokio::join!(fates(7, false), fates(7, true), fates(8, false));

    assert_eq!(first.len(), 60);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn a_rule_gives_some_people_a_fate_of_their_own() {
    let receiver = Receiver::new(&[]);
    let failing = json!({"failures": [{"code": 131_026, "chance": 1, "after_ms": [0, 0]}]});
    let scenario =
        json!({"fates": at_once(), "rules": [{"recipients": ["*13"], "fates": failing}]});
    let sim = Running::new(&scenario, Some(&receiver)).await;

    sim.text("+14155550113", "unlucky").await;
    sim.text("+14155550114", "lucky").await;
    sim.idle().await;

    let words = |opaque: &str| -> Vec<Value> {
        let statuses = receiver.statuses();
        statuses
            .iter()
            .filter(|s| s["biz_opaque_callback_data"] == opaque)
            .map(|s| s["status"].clone())
            .collect()
    };
    assert_eq!(words("unlucky"), ["failed"]);
    assert_eq!(words("lucky"), ["sent", "delivered", "read"]);
}

#[tokio::test]
async fn the_first_status_may_come_before_the_answer() {
    let receiver = Receiver::new(&[]);
    let scenario = json!({"fates": {"before_answer": 1, "delivered": 0}});
    let sim = Running::new(&scenario, Some(&receiver)).await;

    let (_, body) = sim.text("+14155550101", "1").await;

    let statuses = receiver.statuses();
    assert_eq!(statuses.len(), 1, "it was there when the answer came");
    assert_eq!(statuses[0]["status"], "sent");
    assert_eq!(statuses[0]["id"], body["messages"][0]["id"]);
}
