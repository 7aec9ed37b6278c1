//! That a statement reads what it is about, however large its tables have become since it was planned.

use chrono::{Months, TimeDelta};
use runtime::now;
use store::messages::{
    self, AttemptOutcome, Claim, Finished, Job, Next, begin_attempts, claim, record,
};
use store::{Client, partitions, statuses};
use test_support::{Sender, TestDb, sender};

use crate::rows::{news, sent};

/// The whole way of so many messages.
async fn pass(client: &Client, sender: &Sender, count: usize) {
    let new: Vec<_> = (0..count).map(|_| sender.message(now())).collect();
    messages::insert(client, &new, now()).await.unwrap();
    let jobs: Vec<_> = new
        .iter()
        .map(|new| Job { message_id: new.message_id, tenant_id: new.tenant_id })
        .collect();
    let lease = TimeDelta::seconds(60);
    let claims = claim(client, &jobs, lease, now()).await.unwrap();
    let ready = claims.values().map(|claim| match claim {
        Claim::Ready(claimed) => claimed,
        other => panic!("not ready: {other:?}"),
    });
    let (begins, finished): (Vec<_>, Vec<_>) = ready
        .map(|claimed| {
            let attempt = Some(AttemptOutcome { outcome: "accepted", ..AttemptOutcome::default() });
            let wamid = format!("wamid.{}", claimed.message_id).parse().unwrap();
            let next = Next::Accepted { wamid, wa_id: None, held: false };
            let (message_id, claim_no) = (claimed.message_id, claimed.claim_no);
            (claimed.begin(), Finished { message_id, claim_no, at: now(), attempt, next })
        })
        .unzip();
    assert_eq!(begin_attempts(client, &begins, lease, now()).await.unwrap().len(), count);
    record(client, &finished).await.unwrap();
    let news: Vec<_> = jobs.iter().map(|job| news(sender, *job, sent(1))).collect();
    assert_eq!(statuses::merge(client, &news).await.unwrap().len(), count);
}

/// What this session has read so far.
#[derive(Debug)]
struct Reads {
    /// Rows, one after the other.
    in_sequence: i64,
    /// Rows, by an index.
    fetched: i64,
    /// Looks into what a tenant has.
    by_tenant: i64,
}

async fn reads(client: &Client) -> Reads {
    client.execute("SELECT pg_stat_force_next_flush()", &[]).await.unwrap();
    let tables = "SELECT sum(seq_tup_read)::bigint, sum(idx_tup_fetch)::bigint
                  FROM   pg_stat_user_tables WHERE relname ~ '^(messages|attempts)_'";
    let tables = client.query_one(tables, &[]).await.unwrap();
    let by_tenant = "SELECT sum(idx_scan)::bigint FROM pg_stat_user_indexes
                     WHERE relname ~ '^messages_' AND indexrelname ~ 'tenant'";
    let by_tenant = client.query_one(by_tenant, &[]).await.unwrap();
    Reads { in_sequence: tables.get(0), fetched: tables.get(1), by_tenant: by_tenant.get(0) }
}

#[tokio::test]
async fn a_statement_planned_on_young_tables_does_not_read_them_whole_when_they_have_grown() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    // A prepared statement keeps the plan of its sixth execution.
    for _ in 0..10 {
        pass(&client, &acme, 1).await;
    }
    let young = reads(&client).await;

    for _ in 0..12 {
        pass(&client, &acme, 250).await;
    }

    let grown = reads(&client).await;
    assert_eq!(grown.in_sequence, young.in_sequence, "rows read one after the other");
    // A few plans of a small table may read it whole in that order; none looks up each message.
    let by_tenant = grown.by_tenant - young.by_tenant;
    assert!(by_tenant < 250, "{by_tenant} messages looked up among all that the tenant has");
    // Four statements lock their rows and find them again; the third and fourth look at attempts.
    let fetched = grown.fetched - young.fetched;
    assert!(fetched < 12 * 250 * 12, "{fetched} rows fetched for {} messages", 12 * 250);
}

#[tokio::test]
async fn messages_are_looked_up_in_no_month_but_theirs() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    partitions::ensure(&client, now() - Months::new(3), 2).await.unwrap();
    // As it is with large batches, whose plan is not made anew each time.
    client.batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();

    for _ in 0..10 {
        pass(&client, &acme, 20).await;
    }

    client.execute("SELECT pg_stat_force_next_flush()", &[]).await.unwrap();
    // A plan of a young table may read a month from its begin to its end: that is one look.
    let looked = "SELECT relname::text FROM pg_stat_user_tables
                  WHERE relname ~ '^messages_' AND idx_scan >= 100";
    let looked = client.query(looked, &[]).await.unwrap();
    let looked: Vec<String> = looked.iter().map(|month| month.get(0)).collect();
    assert_eq!(looked.len(), 1, "{looked:?}");
}
