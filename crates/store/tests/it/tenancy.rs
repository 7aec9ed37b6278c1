//! Whoever acts for one tenant sees and changes no row of another, whatever the statement says.

use store::{Error, acting_for, messages};
use test_support::{TestDb, sender};

use crate::rows::{at, queued};

/// Every table that holds rows of tenants, and the column to try a write on.
const TABLES: [(&str, &str); 13] = [
    ("tenants", "name"),
    ("members", "role"),
    ("api_keys", "name"),
    ("connections", "label"),
    ("app_secrets", "retires_at"),
    ("wabas", "name"),
    ("phone_numbers", "verified_name"),
    ("messages", "client_data"),
    ("idempotency_keys", "request_hash"),
    ("audit_log", "subject"),
    ("notifications", "cause"),
    ("notification_reads", "reader"),
    ("resolutions", "reason"),
];

#[tokio::test]
async fn every_table_with_a_tenant_is_kept_to_the_acting_tenant() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();

    let open = client
        .query(
            "SELECT c.relname
             FROM   pg_class c
             JOIN   pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
             WHERE  c.relnamespace = current_schema()::regnamespace
               AND  c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND  NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)",
            &[],
        )
        .await
        .unwrap();

    let open: Vec<&str> = open.iter().map(|row| row.get(0)).collect();
    assert!(open.is_empty(), "without a policy: {open:?}");
}

#[tokio::test]
async fn nothing_of_another_tenant_is_seen_or_changed() {
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let ours = sender(&client, "ours", 1).await;
    let theirs = sender(&client, "theirs", 2).await;
    let our_job = queued(&client, &ours, at(0)).await;
    let their_job = queued(&client, &theirs, at(0)).await;
    let their_id = theirs.tenant_id.as_uuid();

    for (table, column) in TABLES {
        let acting = acting_for(&mut client, ours.tenant_id).await.unwrap();
        let see = format!("SELECT count(*) FROM {table} WHERE tenant_id = $1");
        let seen: i64 = acting.query_one(&see, &[&their_id]).await.unwrap().get(0);
        assert_eq!(seen, 0, "{table}");
        let change = format!("UPDATE {table} SET {column} = {column} WHERE tenant_id = $1");
        match acting.execute(&change, &[&their_id]).await {
            Ok(changed) => assert_eq!(changed, 0, "{table}"),
            Err(error) => assert_eq!(error.code().unwrap().code(), "42501", "{table}"),
        }
    }

    let acting = acting_for(&mut client, ours.tenant_id).await.unwrap();
    assert!(messages::find(&acting, ours.tenant_id, our_job.message_id).await.unwrap().is_some());
    assert!(
        messages::find(&acting, theirs.tenant_id, their_job.message_id).await.unwrap().is_none()
    );
    let stolen = acting
        .execute("UPDATE phone_numbers SET tenant_id = $1 WHERE tenant_id <> $1", &[&their_id])
        .await;
    assert_eq!(stolen.unwrap_err().code().unwrap().code(), "42501");
    drop(acting);

    let acting = acting_for(&mut client, ours.tenant_id).await.unwrap();
    let forged = messages::insert(&acting, &[theirs.message(at(1))], at(1)).await;
    assert!(forged.is_err() || forged.unwrap().is_empty());
}

#[tokio::test]
async fn who_acts_for_a_tenant_gives_the_role_back_with_the_connection() {
    let db = TestDb::new().await;
    let mut client = db.client().await.unwrap();
    let ours = sender(&client, "ours", 1).await;
    sender(&client, "theirs", 2).await;

    let acting = acting_for(&mut client, ours.tenant_id).await.unwrap();
    let seen: i64 = acting.query_one("SELECT count(*) FROM tenants", &[]).await.unwrap().get(0);
    assert_eq!(seen, 1);
    acting.commit().await.map_err(Error::from).unwrap();

    let seen: i64 = client.query_one("SELECT count(*) FROM tenants", &[]).await.unwrap().get(0);
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn without_a_tenant_the_role_sees_nothing() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    sender(&client, "ours", 1).await;

    client.batch_execute("SET ROLE waypost_tenant").await.unwrap();

    let seen: i64 = client.query_one("SELECT count(*) FROM tenants", &[]).await.unwrap().get(0);
    assert_eq!(seen, 0);
}
