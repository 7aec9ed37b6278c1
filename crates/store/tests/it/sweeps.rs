use chrono::TimeDelta;
use domain::delivery::DeliveryStatus;
use domain::lane::{Lane, OnUnknown, WaitingReason};
use runtime::now;
use store::messages::{backlog, begin_attempts, claim, recover_lapsed, resolve_unknown, take_due};
use test_support::{TestDb, sender, uncounted};

use crate::rows::{insert, message, queued, status};

const LEASE: TimeDelta = TimeDelta::seconds(60);

#[tokio::test]
async fn a_message_whose_publish_was_lost_is_due_again_and_again_at_growing_distance() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let mut fresh = acme.message(begin);
    fresh.expires_at = begin + TimeDelta::days(1);
    let job = insert(&client, fresh, begin).await;

    assert!(take_due(&client, 10, begin).await.unwrap().is_empty(), "its publish may be under way");
    let mut dues = Vec::new();
    for minute in 0..16 {
        let now = begin + TimeDelta::minutes(minute);
        dues.extend(take_due(&client, 10, now).await.unwrap().iter().map(|_| minute));
    }

    assert_eq!(dues, [1, 2, 4, 8]);
    assert_eq!(status(&client, job).await, DeliveryStatus::Queued);
}

#[tokio::test]
async fn a_scheduled_message_is_due_at_its_time() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let mut scheduled = acme.message(begin);
    scheduled.not_before = Some(begin + TimeDelta::minutes(30));
    let job = insert(&client, scheduled, begin).await;

    let early = take_due(&client, 10, begin + TimeDelta::minutes(29)).await.unwrap();
    let due = take_due(&client, 10, begin + TimeDelta::minutes(30)).await.unwrap();

    assert!(early.is_empty());
    assert_eq!(due[0].message_id, job.message_id);
    let summary = message(&client, job).await.summary;
    assert_eq!(summary.waiting_reason, Some(domain::lane::WaitingReason::Scheduled));
}

#[tokio::test]
async fn an_unknown_message_follows_its_own_policy_after_the_grace() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let mut jobs = Vec::new();
    for policy in [OnUnknown::Hold, OnUnknown::Retry, OnUnknown::Fail] {
        let mut new = acme.message(begin);
        new.on_unknown = policy;
        jobs.push(insert(&client, new, begin).await);
    }
    let claims = claim(&client, &jobs, LEASE, begin).await.unwrap();
    assert_eq!(claims.len(), 3);
    let keys: Vec<_> = jobs.iter().map(|job| uncounted(job.message_id, 1)).collect();
    begin_attempts(&client, &keys, LEASE, begin).await.unwrap();
    let lapse = begin + LEASE * 2;
    assert_eq!(recover_lapsed(&client, 10, lapse).await.unwrap(), (3, 0));
    let grace = TimeDelta::seconds(120);

    let early = resolve_unknown(&client, grace, 10, lapse + grace / 2).await.unwrap();
    assert_eq!(early, (0, 0));
    let late = resolve_unknown(&client, grace, 10, lapse + grace).await.unwrap();
    assert_eq!(late, (1, 1));

    let waits = message(&client, jobs[1]).await.waits;
    assert_eq!(waits[0].reason, domain::lane::WaitingReason::Retry);
    assert_eq!((waits[0].since, waits[0].until), (lapse, lapse + grace));
    let mut statuses = Vec::new();
    for job in jobs {
        statuses.push(status(&client, job).await);
    }
    use DeliveryStatus::{Failed, Queued, Unknown};
    assert_eq!(statuses, [Unknown, Queued, Failed]);
}

#[tokio::test]
async fn an_unknown_message_is_not_retried_past_its_deadline() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let mut new = acme.message(begin);
    new.on_unknown = OnUnknown::Retry;
    let deadline = new.expires_at;
    let job = insert(&client, new, begin).await;
    claim(&client, &[job], LEASE, begin).await.unwrap();
    begin_attempts(&client, &[uncounted(job.message_id, 1)], LEASE, begin).await.unwrap();
    recover_lapsed(&client, 10, begin + LEASE * 2).await.unwrap();

    let resolved = resolve_unknown(&client, TimeDelta::zero(), 10, deadline).await.unwrap();

    assert_eq!(resolved, (0, 0));
    assert_eq!(status(&client, job).await, DeliveryStatus::Unknown);
}

#[tokio::test]
async fn two_schedulers_never_take_the_same_message() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    for _ in 0..100 {
        queued(&client, &acme, begin).await;
    }
    let later = begin + TimeDelta::minutes(2);

    let other = db.client().await.unwrap();
    let both = tokio::join!(take_due(&client, 80, later), take_due(&other, 80, later));

    let taken: Vec<_> = [both.0.unwrap(), both.1.unwrap()].concat();
    let distinct: std::collections::HashSet<_> = taken.iter().map(|due| due.message_id).collect();
    assert_eq!(distinct.len(), taken.len());
}

#[tokio::test]
async fn the_backlog_tells_how_long_what_may_go_has_waited() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let later = begin + TimeDelta::minutes(5);
    for not_before in [None, Some(begin + TimeDelta::minutes(3)), Some(begin + LEASE * 60)] {
        let mut new = acme.message(begin);
        new.not_before = not_before;
        insert(&client, new, begin).await;
    }
    let mut urgent = acme.message(begin);
    urgent.lane = Lane::Urgent;
    let sent = insert(&client, urgent, begin).await;
    claim(&client, &[sent], LEASE, begin).await.unwrap();
    begin_attempts(&client, &[uncounted(sent.message_id, 1)], LEASE, begin).await.unwrap();
    recover_lapsed(&client, 10, begin + LEASE).await.unwrap();

    let groups = backlog(&client, later).await.unwrap();

    let told = |status, reason| {
        let mut found = groups
            .iter()
            .filter(|group| group.status == status && group.waiting_reason == reason)
            .map(|group| (group.lane, group.messages, group.since.map(|since| later - since)));
        let told = found.next();
        assert!(found.next().is_none());
        told
    };
    use DeliveryStatus::{Queued, Unknown};
    let minutes = |minutes| Some(TimeDelta::minutes(minutes));
    assert_eq!(told(Queued, None), Some((Lane::Normal, 1, minutes(5))));
    let scheduled = told(Queued, Some(WaitingReason::Scheduled));
    assert_eq!(scheduled, Some((Lane::Normal, 2, minutes(2))), "the third waits for its time");
    assert_eq!(told(Unknown, None), Some((Lane::Urgent, 1, minutes(4))));
    assert_eq!(groups.len(), 3);
}
