use chrono::TimeDelta;
use domain::delivery::{DeliveryStatus, Failure};
use domain::lane::WaitingReason;
use futures::future::join_all;
use runtime::now;
use store::messages::{
    self, AttemptOutcome, Cancel, Claim, Claimed, Finished, Job, Next, begin_attempts, cancel,
    claim, record, recover_lapsed,
};
use store::{Client, connections, statuses};
use test_support::{TestDb, sender};

use crate::rows::{insert, message, news, queued, sent, status};

const LEASE: TimeDelta = TimeDelta::seconds(60);

async fn ready(client: &Client, job: Job) -> Claimed {
    let mut claims = claim(client, &[job], LEASE, now()).await.unwrap();
    match claims.remove(&job) {
        Some(Claim::Ready(claimed)) => *claimed,
        other => panic!("not ready: {other:?}"),
    }
}

fn finished(claimed: &Claimed, next: Next) -> Finished {
    let attempt = Some(AttemptOutcome { outcome: "accepted", ..AttemptOutcome::default() });
    Finished {
        message_id: claimed.message_id,
        claim_no: claimed.claim_no,
        at: now(),
        attempt,
        next,
    }
}

fn accepted(claimed: &Claimed) -> Finished {
    let wamid = "wamid.A".parse().unwrap();
    finished(claimed, Next::Accepted { wamid, wa_id: None, held: false })
}

#[tokio::test]
async fn of_two_dispatchers_that_claim_the_same_jobs_each_gets_a_job_once() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let mut jobs = Vec::new();
    for _ in 0..50 {
        jobs.push(queued(&client, &acme, now()).await);
    }

    let workers = (0..4).map(async |worker| {
        let client = db.client().await.unwrap();
        let mut mine = jobs.clone();
        mine.rotate_left(worker * 7);
        let claims = claim(&client, &mine, LEASE, now()).await.unwrap();
        claims.values().filter(|claim| matches!(claim, Claim::Ready(_))).count()
    });
    let counts = join_all(workers).await;

    assert_eq!(counts.iter().sum::<usize>(), jobs.len());
}

#[tokio::test]
async fn an_accepted_message_is_accepted_with_its_attempt_on_record() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    let claimed = ready(&client, job).await;
    assert_eq!(status(&client, job).await, DeliveryStatus::Sending);
    let key = claimed.begin();

    let begun = begin_attempts(&client, std::slice::from_ref(&key), LEASE, now()).await.unwrap();
    assert!(begun.contains(&job.message_id));
    let twice = begin_attempts(&client, std::slice::from_ref(&key), LEASE, now()).await.unwrap();
    assert!(twice.is_empty(), "one claim allows one attempt");
    record(&client, &[accepted(&claimed)]).await.unwrap();

    let message = message(&client, job).await;
    assert_eq!(message.summary.status, DeliveryStatus::Accepted);
    assert_eq!(message.attempts.len(), 1);
    assert_eq!(message.attempts[0].outcome.as_deref(), Some("accepted"));
}

#[tokio::test]
async fn a_worker_that_died_before_its_attempt_gives_the_message_back() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    ready(&client, job).await;

    assert_eq!(recover_lapsed(&client, 10, now()).await.unwrap(), (0, 0), "the lease still runs");
    let later = now() + LEASE + LEASE;
    assert_eq!(recover_lapsed(&client, 10, later).await.unwrap(), (0, 1));

    assert_eq!(status(&client, job).await, DeliveryStatus::Queued);
}

#[tokio::test]
async fn a_worker_that_died_after_its_attempt_leaves_the_message_unknown() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    let claimed = ready(&client, job).await;
    begin_attempts(&client, &[claimed.begin()], LEASE, now()).await.unwrap();

    let later = now() + LEASE + LEASE;
    assert_eq!(recover_lapsed(&client, 10, later).await.unwrap(), (1, 0));

    assert_eq!(status(&client, job).await, DeliveryStatus::Unknown);
    statuses::merge(&client, &[news(&acme, job, sent(1))]).await.unwrap();
    assert_eq!(status(&client, job).await, DeliveryStatus::Sent, "the echo resolves it");
}

#[tokio::test]
async fn a_claim_whose_lease_was_lost_may_not_begin() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    let slow = ready(&client, job).await;
    let key = slow.begin();

    let too_late =
        begin_attempts(&client, std::slice::from_ref(&key), LEASE, now() + LEASE + LEASE)
            .await
            .unwrap();
    assert!(too_late.is_empty());

    recover_lapsed(&client, 10, now() + LEASE + LEASE).await.unwrap();
    let quick = ready(&client, job).await;
    assert!(quick.claim_no > slow.claim_no);
    assert!(
        begin_attempts(&client, std::slice::from_ref(&key), LEASE, now()).await.unwrap().is_empty()
    );
}

#[tokio::test]
async fn the_late_result_of_an_older_claim_counts_only_if_meta_accepted() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    let old = ready(&client, job).await;
    recover_lapsed(&client, 10, now() + LEASE + LEASE).await.unwrap();
    let new = ready(&client, job).await;

    let failure = Failure { at: now(), code: 131_026, detail: "undeliverable".into() };
    record(&client, &[finished(&old, Next::Failed(failure))]).await.unwrap();
    assert_eq!(status(&client, job).await, DeliveryStatus::Sending);
    record(&client, &[finished(&old, Next::Unknown)]).await.unwrap();
    assert_eq!(status(&client, job).await, DeliveryStatus::Sending);
    record(&client, &[accepted(&old)]).await.unwrap();
    assert_eq!(status(&client, job).await, DeliveryStatus::Accepted);

    record(&client, &[finished(&new, Next::Unknown)]).await.unwrap();
    assert_eq!(status(&client, job).await, DeliveryStatus::Accepted);
}

#[tokio::test]
async fn a_message_that_waits_says_why_and_is_not_claimed_before_its_time() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    let claimed = ready(&client, job).await;
    let until = now() + TimeDelta::minutes(5);

    let wait = Next::Wait { until, reason: WaitingReason::ThrottledByMeta };
    record(&client, &[finished(&claimed, wait)]).await.unwrap();

    let claims = claim(&client, &[job], LEASE, now()).await.unwrap();
    assert!(matches!(claims[&job], Claim::Done));
    let waiting = message(&client, job).await;
    assert_eq!(waiting.summary.status, DeliveryStatus::Queued);
    assert_eq!(waiting.summary.waiting_reason, Some(WaitingReason::ThrottledByMeta));
    assert_eq!(waiting.summary.not_before, Some(until));
    assert_eq!(waiting.waits.len(), 1);
    let due = messages::take_due(&client, 10, until).await.unwrap();
    assert_eq!(due[0].message_id, job.message_id);
    let claims = claim(&client, &[job], LEASE, until).await.unwrap();
    assert!(matches!(claims[&job], Claim::Ready(_)));
}

#[tokio::test]
async fn a_blocked_connection_holds_its_messages_until_the_token_is_replaced() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    let until = now() + TimeDelta::minutes(5);
    let row = client.query_one("SELECT access_token FROM connections", &[]).await.unwrap();
    let sealed: &[u8] = row.get("access_token");
    let id = acme.connection_id;
    connections::block(&client, id, sealed, until, "token expired").await.unwrap();

    let claims = claim(&client, &[job], LEASE, now()).await.unwrap();
    assert!(matches!(claims[&job], Claim::Held { reason: WaitingReason::Credential, .. }));
    let summary = message(&client, job).await.summary;
    assert_eq!(summary.waiting_reason, Some(WaitingReason::Credential));
    assert_eq!(summary.not_before, Some(until));

    let renewed = sender(&client, "acme", 1).await;
    connections::block(&client, id, sealed, until, "a late refusal").await.unwrap();
    connections::wake_waiting(&client, renewed.connection_id, now()).await.unwrap();
    let due = messages::take_due(&client, 10, now()).await.unwrap();
    assert_eq!(due.len(), 1);
    ready(&client, job).await;
}

#[tokio::test]
async fn an_expired_message_ends_expired_at_its_claim_and_at_its_attempt() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let mut late = acme.message(now());
    late.expires_at = now() + TimeDelta::seconds(30);
    let deadline = late.expires_at;
    let first = insert(&client, late.clone(), now()).await;
    late.message_id = domain::ids::MessageId::at(now());
    let second = insert(&client, late, now()).await;

    let claims = claim(&client, &[first], LEASE, deadline).await.unwrap();
    assert!(matches!(claims[&first], Claim::Expired));
    assert_eq!(status(&client, first).await, DeliveryStatus::Expired);

    let claimed = ready(&client, second).await;
    let key = claimed.begin();
    assert!(
        begin_attempts(&client, std::slice::from_ref(&key), LEASE, deadline)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_queued_message_can_be_cancelled_and_a_claimed_one_cannot() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let other = sender(&client, "other", 2).await;
    let waiting = queued(&client, &acme, now()).await;
    let claimed = queued(&client, &acme, now()).await;
    ready(&client, claimed).await;

    let foreign = cancel(&client, other.tenant_id, waiting.message_id, now()).await.unwrap();
    assert_eq!(foreign, Cancel::Missing);
    let done = cancel(&client, acme.tenant_id, waiting.message_id, now()).await.unwrap();
    assert_eq!(done, Cancel::Cancelled);
    let stands = cancel(&client, acme.tenant_id, claimed.message_id, now()).await.unwrap();
    assert_eq!(stands, Cancel::Stands(DeliveryStatus::Sending));

    let claims = claim(&client, &[waiting], LEASE, now()).await.unwrap();
    assert!(matches!(claims[&waiting], Claim::Done), "a cancelled message is never claimed");
}

#[tokio::test]
async fn a_job_that_names_another_tenant_claims_nothing() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let other = sender(&client, "other", 2).await;
    let job = queued(&client, &acme, now()).await;
    let forged = Job { tenant_id: other.tenant_id, ..job };

    let claims = claim(&client, &[forged], LEASE, now()).await.unwrap();

    assert!(matches!(claims[&forged], Claim::Done));
    assert_eq!(status(&client, job).await, DeliveryStatus::Queued);
}

#[tokio::test]
async fn a_number_is_never_moved_to_another_tenant_or_waba_by_adding_it() {
    use store::connections::{Added, NewNumber, add_number};
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let other = sender(&client, "other", 2).await;
    let number = |tenant_id, waba_id| NewNumber {
        tenant_id,
        waba_id,
        phone_number_id: acme.phone_number_id.clone(),
        portfolio_id: None,
        messages_per_second: 80,
        tier: None,
        access_token: "token".to_owned().into(),
    };

    for (tenant_id, waba_id, outcome) in [
        (other.tenant_id, acme.waba_id.clone(), Added::OtherTenant),
        (other.tenant_id, other.waba_id.clone(), Added::OtherTenant),
        (acme.tenant_id, other.waba_id.clone(), Added::OtherTenant),
        (acme.tenant_id, "777".parse().unwrap(), Added::OtherWaba),
        (acme.tenant_id, acme.waba_id.clone(), Added::Renewed(acme.connection_id)),
    ] {
        let new = number(tenant_id, waba_id);
        let added = add_number(&client, &test_support::vault(), &new, now()).await.unwrap();
        assert_eq!(added, outcome);
    }
}
