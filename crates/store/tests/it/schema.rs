use std::pin::pin;

use chrono::{Months, TimeDelta};
use runtime::now;
use store::{Client, Error, messages, partitions, schema};
use test_support::{TestDb, eventually, sender};

#[tokio::test]
async fn migrations_that_run_at_once_run_once() {
    let db = TestDb::empty().await;
    let migrate = async || {
        let mut client = db.client().await.unwrap();
        schema::migrate(&mut client, now()).await.unwrap().len()
    };

    let (one, two, three) = tokio::join!(migrate(), migrate(), migrate());

    let mut ran = [one, two, three];
    ran.sort_unstable();
    assert_eq!(ran[..2], [0, 0]);
    assert!(ran[2] > 0);
    schema::check(&db.client().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_database_without_the_schema_is_refused_with_what_to_do() {
    let db = TestDb::empty().await;

    let refused = schema::check(&db.client().await.unwrap()).await.unwrap_err();

    assert!(refused.to_string().contains("run `waypost migrate` first"), "{refused}");
}

#[tokio::test]
async fn a_newer_or_altered_schema_is_refused() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let newer = "INSERT INTO schema_migrations (version, name, hash) VALUES (9999, 'x', '')";
    client.batch_execute(newer).await.unwrap();
    let refused = schema::check(&client).await.unwrap_err();
    assert!(matches!(&refused, Error::Schema(text) if text.contains("9999")), "{refused}");

    let altered = "DELETE FROM schema_migrations WHERE version = 9999;
                   UPDATE schema_migrations SET hash = '' WHERE version = 1";
    client.batch_execute(altered).await.unwrap();
    let refused = schema::check(&client).await.unwrap_err();
    assert!(matches!(&refused, Error::Schema(text) if text.contains("differs")), "{refused}");
}

#[tokio::test]
async fn every_table_and_column_has_a_comment() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let bare = "SELECT c.relname || COALESCE('.' || a.attname, '') AS place
                FROM   pg_class c
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                                        AND NOT a.attisdropped
                WHERE  c.relnamespace = 'public'::regnamespace
                  AND  c.relkind IN ('r', 'p') AND NOT c.relispartition
                  AND  c.relname <> 'schema_migrations'
                  AND  (col_description(c.oid, a.attnum) IS NULL
                        OR obj_description(c.oid, 'pg_class') IS NULL)";

    let places: Vec<String> =
        client.query(bare, &[]).await.unwrap().iter().map(|row| row.get("place")).collect();

    assert_eq!(places, Vec::<String>::new());
}

#[tokio::test]
async fn partitions_are_made_ahead_and_only_once() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let next_year = now() + TimeDelta::days(370);

    let made = partitions::ensure(&client, next_year, 2).await.unwrap();
    let again = partitions::ensure(&client, next_year, 2).await.unwrap();

    assert_eq!((made, again), (15, 0), "three months of five tables");
}

/// Whether anybody waits for a lock.
async fn is_waited(client: &Client) -> bool {
    let sql = "SELECT count(*) FROM pg_locks WHERE NOT granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0
}

#[tokio::test]
async fn whoever_writes_waits_for_no_vacuum_of_a_month_that_is_to_be_dropped() {
    let db = TestDb::new().await;
    let [client, dropping] = [db.client().await.unwrap(), db.client().await.unwrap()];
    let mut vacuum = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let old = now() - Months::new(4);
    partitions::ensure(&client, old, 0).await.unwrap();
    // The lock that a vacuum holds; this one lets nobody cancel it.
    let locked = vacuum.transaction().await.unwrap();
    let lock = format!("LOCK TABLE messages_{} IN SHARE UPDATE EXCLUSIVE MODE", old.format("%Y%m"));
    locked.batch_execute(&lock).await.unwrap();

    let drop = partitions::drop_messages(&dropping, now() - Months::new(2));
    let mut drop = pin!(drop);
    tokio::select! {
        () = eventually("the drop waits for the vacuum", async || is_waited(&client).await) => {}
        done = &mut drop => panic!("it did not wait: {done:?}"),
    }
    let new = [acme.message(now())];
    let inserted = messages::insert(&client, &new, now());
    tokio::select! {
        inserted = inserted => assert_eq!(inserted.unwrap().len(), 1),
        done = &mut drop => panic!("nobody wrote until it was over: {done:?}"),
    }

    locked.rollback().await.unwrap();
    let dropped = drop.await.unwrap();
    assert_eq!(dropped.len(), 1);
    assert_eq!(dropped[0].unfinished, 0);
}

#[tokio::test]
async fn who_makes_partitions_holds_up_nobody_who_works_on_another_table() {
    let db = TestDb::new().await;
    let [client, making] = [db.client().await.unwrap(), db.client().await.unwrap()];
    let mut other = db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let message = acme.message(now());
    let working = other.transaction().await.unwrap();
    working.batch_execute("LOCK TABLE attempts_default IN ROW EXCLUSIVE MODE").await.unwrap();

    let make = partitions::ensure(&making, now() + TimeDelta::days(370), 0);
    let mut make = pin!(make);
    tokio::select! {
        () = eventually("the maker waits", async || is_waited(&client).await) => {}
        done = &mut make => panic!("it did not wait: {done:?}"),
    }
    // Whoever has locked attempts may go on to messages.
    working.execute("SET LOCAL lock_timeout = '1s'", &[]).await.unwrap();
    let found = messages::find(&working, message.tenant_id, message.message_id).await;

    assert!(found.unwrap().is_none());
    working.rollback().await.unwrap();
    assert_eq!(make.await.unwrap(), 5);
}

#[tokio::test]
async fn who_drops_old_messages_holds_up_nobody_who_works_on_another_table() {
    let db = TestDb::new().await;
    let [client, dropping] = [db.client().await.unwrap(), db.client().await.unwrap()];
    let mut other = db.client().await.unwrap();
    let message = sender(&client, "acme", 1).await.message(now());
    let before = now() - Months::new(2);
    partitions::ensure(&client, before - Months::new(2), 0).await.unwrap();
    // Somebody who has locked attempts and goes on to messages.
    let working = other.transaction().await.unwrap();
    working.batch_execute("LOCK TABLE attempts IN ACCESS SHARE MODE").await.unwrap();
    working.execute("SET LOCAL lock_timeout = '10ms'", &[]).await.unwrap();
    let drops = async {
        loop {
            let dropped = partitions::drop_messages(&dropping, before).await;
            assert!(dropped.is_err(), "attempts were in use: {dropped:?}");
        }
    };
    let goes_on = async {
        eventually("the drop waits", async || is_waited(&client).await).await;
        messages::find(&working, message.tenant_id, message.message_id).await.unwrap();
    };

    tokio::select! {
        () = drops => unreachable!(),
        () = goes_on => (),
    }

    working.rollback().await.unwrap();
    // What is left of the month is found again.
    assert_eq!(partitions::drop_messages(&dropping, before).await.unwrap().len(), 1);
    assert_eq!(partitions::drop_messages(&dropping, before).await.unwrap(), []);
}

#[tokio::test]
async fn two_who_make_and_drop_months_at_once_both_succeed() {
    let db = TestDb::new().await;
    let [one, other] = [db.client().await.unwrap(), db.client().await.unwrap()];
    let (oldest, before) = (now() - Months::new(40), now() - Months::new(2));

    let (made, made_too) =
        tokio::join!(partitions::ensure(&one, oldest, 36), partitions::ensure(&other, oldest, 36));

    assert_eq!(made.unwrap() + made_too.unwrap(), 5 * 37);

    let (one, other) = tokio::join!(
        partitions::drop_messages(&one, before),
        partitions::drop_messages(&other, before),
    );

    let mut months: Vec<_> = one.unwrap().into_iter().chain(other.unwrap()).collect();
    months.sort_by(|one, other| one.month.cmp(&other.month));
    months.dedup();
    assert_eq!(months.len(), 37);
}
