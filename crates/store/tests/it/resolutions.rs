//! What a person says of a message whose fate is unknown, and what Meta says of it at the same time.

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{DeliveryStatus, Facts, Resolution};
use runtime::now;
use store::messages::{
    self, Job, Resolve, Resolved, UnknownFilter, begin_attempts, claim, recover_lapsed, resolve,
    take_due, unknown,
};
use store::{Client, acting_for, statuses};
use test_support::{Sender, TestDb, sender, uncounted};

use crate::rows::{delivered, facts_of, failed, message, news, queued, read, sent, status};

const LEASE: TimeDelta = TimeDelta::seconds(60);

/// What somebody says.
fn said(resolution: Resolution, at: DateTime<Utc>) -> Resolved {
    Resolved { at, resolution, actor_kind: "operator".into(), reason: Some("seen".into()) }
}

/// Messages whose attempt was begun and whose worker died.
async fn unknowns(
    client: &Client,
    sender: &Sender,
    count: usize,
    begin: DateTime<Utc>,
) -> Vec<Job> {
    let mut jobs = Vec::new();
    for _ in 0..count {
        jobs.push(queued(client, sender, begin).await);
    }
    claim(client, &jobs, LEASE, begin).await.unwrap();
    let begins: Vec<_> = jobs.iter().map(|job| uncounted(job.message_id, 1)).collect();
    begin_attempts(client, &begins, LEASE, begin).await.unwrap();
    let lapsed = recover_lapsed(client, 1_000, begin + LEASE * 2).await.unwrap();
    assert_eq!(lapsed, (count as u64, 0));
    jobs
}

async fn say(client: &Client, job: Job, resolution: Resolution, at: DateTime<Utc>) -> Resolve {
    let said = said(resolution, at);
    resolve(client, job.tenant_id, job.message_id, &said).await.unwrap()
}

#[tokio::test]
async fn a_person_moves_an_unknown_message_once_and_no_other() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let at = begin + LEASE * 3;
    let jobs = unknowns(&client, &acme, 3, begin).await;
    let waiting = queued(&client, &acme, begin).await;

    use DeliveryStatus::{Accepted, Failed, Queued};
    for (job, (word, becomes)) in jobs.iter().zip([
        (Resolution::Sent, Accepted),
        (Resolution::NotSent, Queued),
        (Resolution::Failed, Failed),
    ]) {
        assert_eq!(say(&client, *job, word, at).await, Resolve::Resolved(becomes));
        for again in Resolution::ALL {
            assert_eq!(say(&client, *job, *again, at).await, Resolve::Stands(becomes));
        }
        let message = message(&client, *job).await;
        assert_eq!(message.summary.status, becomes);
        assert_eq!((message.summary.accepted_at, message.summary.wamid), (None, None));
        assert_eq!(message.resolutions.len(), 1);
        assert_eq!(message.resolutions[0].resolution, word);
    }
    assert_eq!(say(&client, waiting, Resolution::Sent, at).await, Resolve::Stands(Queued));
    let given_up = message(&client, jobs[2]).await.summary;
    assert_eq!((given_up.failed_at.is_some(), given_up.error_code), (true, Some(0)));
    let due = take_due(&client, 10, at).await.unwrap();
    assert!(due.iter().any(|due| due.message_id == jobs[1].message_id), "it goes out now");
}

#[tokio::test]
async fn what_was_not_sent_in_time_is_expired_and_not_sent_late() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let job = unknowns(&client, &acme, 1, begin).await[0];
    let deadline = message(&client, job).await.summary.expires_at;

    let outcome = say(&client, job, Resolution::NotSent, deadline).await;

    assert_eq!(outcome, Resolve::Resolved(DeliveryStatus::Expired));
    assert_eq!(claim(&client, &[job], LEASE, deadline).await.unwrap().len(), 1);
    assert_eq!(status(&client, job).await, DeliveryStatus::Expired);
}

#[tokio::test]
async fn nobody_resolves_a_message_of_another_tenant() {
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let other = sender(&client, "other", 2).await;
    let job = unknowns(&client, &acme, 1, now()).await[0];
    let word = said(Resolution::Sent, now());

    let named = resolve(&client, other.tenant_id, job.message_id, &word).await.unwrap();
    let acting = acting_for(&mut client, other.tenant_id).await.unwrap();
    let forged = resolve(&acting, acme.tenant_id, job.message_id, &word).await.unwrap();
    drop(acting);

    assert_eq!((named, forged), (Resolve::Missing, Resolve::Missing));
    assert_eq!(status(&client, job).await, DeliveryStatus::Unknown);
    let filter = |tenant_id| UnknownFilter { tenant_id: Some(tenant_id), until: None };
    let ours = unknown(&client, filter(acme.tenant_id), 10).await.unwrap();
    let theirs = unknown(&client, filter(other.tenant_id), 10).await.unwrap();
    assert_eq!((ours.len(), theirs.len()), (1, 0));
    let young = UnknownFilter { until: Some(ours[0].since - LEASE), ..UnknownFilter::default() };
    assert!(unknown(&client, young, 10).await.unwrap().is_empty());
    assert_eq!(messages::owner(&client, job.message_id).await.unwrap(), Some(acme.tenant_id));
}

/// What everybody sees of the message, but for who said what about it.
fn face(message: &messages::Message) -> (DeliveryStatus, Facts, Option<String>) {
    (message.summary.status, facts_of(message), message.summary.wamid.clone())
}

#[tokio::test]
async fn a_report_of_metas_and_a_persons_word_end_in_the_same_row_whichever_comes_first() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let begin = now();
    let at = begin + LEASE * 3;
    for report in [sent(1), delivered(2), read(3), failed(4, 131_026, "undeliverable")] {
        for word in Resolution::ALL {
            let jobs = unknowns(&client, &acme, 12, begin).await;
            let [first, second, racing @ ..] = jobs.as_slice() else { panic!("twelve") };

            let echo = async |job: Job| {
                let client = db.client().await.unwrap();
                let news = news(&acme, job, report.clone());
                assert_eq!(statuses::merge(&client, &[news]).await.unwrap().len(), 1);
            };
            let speak = async |job: Job| say(&db.client().await.unwrap(), job, *word, at).await;
            echo(*first).await;
            let late = speak(*first).await;
            speak(*second).await;
            echo(*second).await;
            for (n, job) in racing.iter().enumerate() {
                // Whoever is polled first has the better chance.
                if n % 2 == 0 {
                    tokio::join!(echo(*job), speak(*job));
                } else {
                    tokio::join!(speak(*job), echo(*job));
                }
            }

            let truth = face(&message(&client, *first).await);
            assert_eq!(late, Resolve::Stands(truth.0));
            for job in &jobs {
                assert_eq!(face(&message(&client, *job).await), truth, "{word} and {report:?}");
                claim(&client, &[*job], LEASE, at).await.unwrap();
                assert_eq!(status(&client, *job).await, truth.0, "it is never sent again");
            }
        }
    }
}
