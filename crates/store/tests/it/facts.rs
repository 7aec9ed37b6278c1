use chrono::TimeDelta;
use domain::delivery::{DeliveryStatus, Facts, Stage};
use domain::scope::Scope;
use futures::future::join_all;
use runtime::now;
use store::app_secrets;
use store::messages::claim;
use store::statuses;
use test_support::{Sender, TestDb, sender, vault};

use crate::rows::{
    at, delivered, facts_of, failed, insert, message, news, origin, played, queued, read, sent,
    status,
};

/// All orders of the numbers below `n`.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(n - 1);
    let insert_at = |order: &Vec<usize>, place: usize| {
        let mut longer = order.clone();
        longer.insert(place, n - 1);
        longer
    };
    shorter.iter().flat_map(|order| (0..n).map(move |place| insert_at(order, place))).collect()
}

#[tokio::test]
async fn every_order_and_repetition_of_facts_ends_in_the_same_row() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let reports = [
        sent(3),
        delivered(4),
        read(6),
        played(7),
        failed(5, 131_026, "undeliverable"),
        failed(5, 131_049, "not delivered"),
    ];
    let truth = reports.iter().cloned().fold(Facts::default(), Facts::merge);
    let orders = permutations(reports.len());
    let now = now();
    let mut jobs = Vec::new();
    for _ in &orders {
        jobs.push(queued(&client, &acme, now).await);
    }

    // One report of every message at a time, then every report once more in the opposite order.
    for step in (0..reports.len()).chain((0..reports.len()).rev()) {
        let each = jobs.iter().zip(&orders);
        let batch: Vec<_> =
            each.map(|(job, order)| news(&acme, *job, reports[order[step]].clone())).collect();
        let merged = statuses::merge(&client, &batch).await.unwrap();
        assert_eq!(merged.len(), jobs.len());
    }

    for job in jobs {
        let message = message(&client, job).await;
        assert_eq!(facts_of(&message), truth);
        assert_eq!(message.summary.status, DeliveryStatus::Delivered);
    }
}

#[tokio::test]
async fn what_meta_reports_of_an_accepted_message_touches_no_index() {
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    // It brings Meta's id, which has an index.
    statuses::merge(&client, &[news(&acme, job, sent(3))]).await.unwrap();

    // What this session has not told the statistics yet counts as well: hence before and after.
    let rewritten = "SELECT sum(pg_stat_get_xact_tuples_updated(inhrelid))::bigint,
                            sum(pg_stat_get_xact_tuples_hot_updated(inhrelid))::bigint
                     FROM   pg_inherits WHERE inhparent = 'messages'::regclass";
    let transaction = client.transaction().await.unwrap();
    let before = transaction.query_one(rewritten, &[]).await.unwrap();
    for facts in [delivered(4), read(6), played(7)] {
        statuses::merge(&transaction, &[news(&acme, job, facts)]).await.unwrap();
    }
    let after = transaction.query_one(rewritten, &[]).await.unwrap();

    let more = |column: usize| after.get::<_, i64>(column) - before.get::<_, i64>(column);
    assert_eq!((more(0), more(1)), (3, 3), "rewritten, and within their page");
}

#[tokio::test]
async fn the_generated_status_is_the_one_that_the_domain_derives() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;

    for stage in Stage::ALL {
        for bits in 0..32_u32 {
            let instant = |bit: u32| (bits & (1 << bit) != 0).then(|| at(1));
            let mut facts = Facts {
                accepted_at: instant(0),
                held_at: instant(1),
                sent_at: instant(2),
                delivered_at: instant(3),
                ..Facts::default()
            };
            if instant(4).is_some() {
                facts = facts.merge(failed(1, 0, "given up"));
            }
            let failure = facts.failed.as_ref();
            client
                .execute(
                    "UPDATE messages SET stage = $2, lease_until = now(), accepted_at = $3,
                            held_at = $4, sent_at = $5, delivered_at = $6, failed_at = $7,
                            error_code = $8, delivery_error = $9 WHERE message_id = $1",
                    &[
                        &job.message_id.as_uuid(),
                        &stage.as_str(),
                        &facts.accepted_at,
                        &facts.held_at,
                        &facts.sent_at,
                        &facts.delivered_at,
                        &failure.map(|failure| failure.at),
                        &failure.map(|failure| failure.code),
                        &failure.map(|failure| failure.detail.as_str()),
                    ],
                )
                .await
                .unwrap();

            assert_eq!(status(&client, job).await, facts.status(*stage), "{stage} {bits:05b}");
        }
    }
}

#[tokio::test]
async fn many_writers_at_once_end_in_the_same_row() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let reports = [sent(1), delivered(2), read(3), failed(2, 131_026, "undeliverable")];
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(queued(&client, &acme, now()).await);
    }

    let writers = (0..32_usize).map(async |writer| {
        let client = db.client().await.unwrap();
        for step in 0..reports.len() {
            let report = &reports[(writer + step) % reports.len()];
            // Each writer names the messages in another order: sorting keeps them from dead-locking.
            let mut batch: Vec<_> =
                jobs.iter().map(|job| news(&acme, *job, report.clone())).collect();
            batch.rotate_left(writer % jobs.len());
            statuses::merge(&client, &batch).await.unwrap();
        }
    });
    join_all(writers).await;

    let truth = reports.iter().cloned().fold(Facts::default(), Facts::merge);
    for job in jobs {
        assert_eq!(facts_of(&message(&client, job).await), truth);
    }
}

#[tokio::test]
async fn overlapping_batches_never_deadlock_whatever_join_the_planner_picks() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let mut jobs = Vec::new();
    for _ in 0..200 {
        jobs.push(queued(&client, &acme, now()).await);
    }

    let writers = (0..12_usize).map(async |writer| {
        let client = db.client().await.unwrap();
        // A hash join visits the rows in the order of the table, a nested loop in the batch's.
        let join = if writer % 2 == 0 { "enable_nestloop" } else { "enable_hashjoin" };
        client.batch_execute(&format!("SET {join} = off")).await.unwrap();
        for round in 0..10 {
            let mut mine = jobs.clone();
            mine.rotate_left(writer * 17 + round);
            if writer % 3 == 0 {
                mine.reverse();
            }
            let batch: Vec<_> = mine.iter().map(|job| news(&acme, *job, delivered(1))).collect();
            statuses::merge(&client, &batch).await.unwrap();
            let now = now();
            claim(&client, &mine, TimeDelta::seconds(60), now).await.unwrap();
        }
    });
    join_all(writers).await;
}

#[tokio::test]
async fn an_error_of_the_database_shows_no_value_of_a_row() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let plant = "ALTER TABLE messages ADD CONSTRAINT planted CHECK (lane <> 'bulk')";
    client.batch_execute(plant).await.unwrap();
    let mut message = acme.message(now());
    message.lane = domain::lane::Lane::Bulk;

    let error = store::messages::insert(&client, &[message], now()).await.unwrap_err();

    let cause = std::error::Error::source(&error).unwrap();
    let text = format!("{error} {error:?} {cause} {cause:?}");
    assert!(text.contains("planted"), "{text}");
    for value in ["14155550101", "hello"] {
        assert!(!text.contains(value), "{text}");
    }
}

#[tokio::test]
async fn facts_from_outside_the_proved_scope_move_nothing() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let other = sender(&client, "other", 2).await;
    let job = queued(&client, &acme, now()).await;
    let forged = [
        // Another account, another number, a number that is not of that account.
        (Scope::Platform, &other.waba_id, &other.phone_number_id),
        (Scope::Platform, &other.waba_id, &acme.phone_number_id),
        (Scope::Platform, &acme.waba_id, &other.phone_number_id),
        // The secret of another connection, and even the one of the own connection: it has no app.
        (Scope::Connection(other.connection_id), &acme.waba_id, &acme.phone_number_id),
    ];

    for (scope, waba_id, phone_number_id) in forged {
        let mut forgery = news(&acme, job, delivered(1));
        forgery.origin.scope = scope;
        forgery.origin.waba_id = waba_id.clone();
        forgery.origin.phone_number_id = phone_number_id.clone();
        assert!(statuses::merge(&client, &[forgery]).await.unwrap().is_empty());
    }

    assert_eq!(status(&client, job).await, DeliveryStatus::Queued);
    let merged = statuses::merge(&client, &[news(&acme, job, delivered(1))]).await.unwrap();
    assert_eq!(merged[0].message_id, job.message_id);
}

#[tokio::test]
async fn the_app_of_one_connection_moves_only_its_own_messages() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let job = queued(&client, &acme, now()).await;
    client.batch_execute("UPDATE connections SET kind = 'own_app'").await.unwrap();

    let by_platform = news(&acme, job, delivered(1));
    let mut by_own_app = by_platform.clone();
    by_own_app.origin.scope = Scope::Connection(acme.connection_id);

    assert!(statuses::merge(&client, &[by_platform]).await.unwrap().is_empty());
    assert_eq!(statuses::merge(&client, &[by_own_app]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_is_found_by_the_id_that_meta_gave_it() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let other = sender(&client, "other", 2).await;
    let job = queued(&client, &acme, now()).await;
    statuses::merge(&client, &[news(&acme, job, sent(1))]).await.unwrap();

    let wamid = "wamid.A".parse::<domain::ids::Wamid>().unwrap();
    let key = (origin(&acme).phone_number_id, wamid.clone());
    let elsewhere = (origin(&other).phone_number_id, wamid);
    let found = statuses::find_by_wamid(&client, &[elsewhere.clone(), key.clone()]).await.unwrap();

    assert_eq!(found.get(&key), Some(&job.message_id));
    assert_eq!(found.get(&elsewhere), None);
}

#[tokio::test]
async fn a_batch_of_messages_is_one_row_each_whatever_its_size() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let stranger = sender(&client, "stranger", 2).await;
    let now = now();
    let mut own = acme.message(now);
    own.recipient = "+5511999999999".into();
    let mut foreign = acme.message(now);
    foreign.phone_number_id = stranger.phone_number_id.clone();

    let inserted =
        store::messages::insert(&client, &[own.clone(), foreign.clone()], now).await.unwrap();

    assert!(inserted.contains(&own.message_id));
    assert!(!inserted.contains(&foreign.message_id), "a number of another tenant");
    let again = insert(&client, acme.message(now), now).await;
    assert_eq!(status(&client, again).await, DeliveryStatus::Queued);
}

#[tokio::test]
async fn two_connections_of_one_app_prove_each_other_until_one_gives_the_secret_up() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let (acme, other) = (sender(&client, "acme", 1).await, sender(&client, "other", 2).await);
    let job = queued(&client, &acme, now()).await;
    client.batch_execute("UPDATE connections SET kind = 'own_app'").await.unwrap();
    let put = async |of: &Sender, secret: &'static str| {
        let (tenant, connection, now) = (of.tenant_id, of.connection_id, runtime::now());
        let secret = secret.into();
        app_secrets::put(&client, &vault(), tenant, connection, &secret, now, now).await.unwrap();
    };
    let mut by_other = news(&acme, job, delivered(1));
    by_other.origin.scope = Scope::Connection(other.connection_id);
    let reached = async || statuses::merge(&client, &[by_other.clone()]).await.unwrap().len();

    put(&acme, "acme's").await;
    put(&other, "other's").await;
    assert_eq!(reached().await, 0);
    put(&other, "acme's").await;
    assert_eq!(reached().await, 1);
    put(&acme, "new").await;
    assert_eq!(reached().await, 0, "a secret that was given up proves nothing");
}
