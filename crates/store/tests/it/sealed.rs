//! Sealed values under another key.

use std::collections::BTreeSet;

use store::sealed::COLUMNS;
use store::{Vault, connections};
use test_support::{TestDb, sender, vault};

use crate::rows::at;

const NEW: &str = "new:0101010101010101010101010101010101010101010101010101010101010101";
const OLD: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Columns of bytes that hold hashes and not secrets.
const HASHES: [(&str, &str); 5] = [
    ("api_keys", "secret_hash"),
    ("app_secrets", "fingerprint"),
    ("idempotency_keys", "request_hash"),
    ("schema_migrations", "hash"),
    ("signups", "code_hash"),
];

#[tokio::test]
async fn every_column_of_bytes_is_known_to_be_sealed_or_a_hash() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let rows = client
        .query(
            "SELECT c.relname, a.attname
             FROM   pg_attribute a
             JOIN   pg_class c ON c.oid = a.attrelid
             WHERE  c.relnamespace = current_schema()::regnamespace
               AND  c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND  a.atttypid = 'bytea'::regtype AND NOT a.attisdropped",
            &[],
        )
        .await
        .unwrap();
    let there: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();

    let sealed = COLUMNS.iter().map(|column| (column.table, column.name));
    let known: BTreeSet<(String, String)> =
        sealed.chain(HASHES).map(|(table, column)| (table.to_owned(), column.to_owned())).collect();

    assert_eq!(there, known);
}

#[tokio::test]
async fn a_value_is_sealed_anew_unless_somebody_has_changed_it_meanwhile() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    let (one, two) = (sender(&client, "one", 1).await, sender(&client, "two", 2).await);
    let rotated = Vault::from_keys(&format!("{NEW},{OLD}")).unwrap();
    let column = COLUMNS[0];
    assert_eq!(column.key_ids(&client).await.unwrap(), [(Some("test".into()), 2)]);
    let first = column.next(&client, None, 1).await.unwrap();
    let second = column.next(&client, Some(&first[0].row), 10).await.unwrap();
    assert_eq!((first.len(), second.len()), (1, 1));
    let changes: Vec<_> = first
        .into_iter()
        .chain(second)
        .map(|sealed| {
            let new = sealed.resealed(&rotated, column).unwrap();
            (sealed, new)
        })
        .collect();

    let newer = "newer".into();
    connections::set_token(&client, &vault(), two.connection_id, &newer, None, at(0))
        .await
        .unwrap();
    let replaced = column.replace(&client, &changes).await.unwrap();

    assert_eq!(replaced, 1);
    let counts = column.key_ids(&client).await.unwrap();
    assert_eq!(counts, [(Some("new".into()), 1), (Some("test".into()), 1)]);
    for (sender, token) in [(one, "token-1"), (two, "newer")] {
        let found = connections::find(&client, sender.tenant_id, sender.connection_id).await;
        let sealed = found.unwrap().unwrap().sealed_token.unwrap();
        let opened = connections::open_token(&rotated, sender.connection_id, &sealed).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&opened), token);
    }
}

#[tokio::test]
async fn every_sealed_column_can_be_read_page_by_page() {
    let db = TestDb::new().await;
    let client = db.client().await.unwrap();
    sender(&client, "acme", 1).await;
    client
        .batch_execute(
            "UPDATE phone_numbers SET pin = '\\x0102';
             UPDATE connections SET verify_token = '\\x00'",
        )
        .await
        .unwrap();

    for column in COLUMNS {
        let page = column.next(&client, None, 10).await.unwrap();
        let last = page.last().map(|sealed| sealed.row.clone());
        assert!(
            column.next(&client, last.as_deref(), 10).await.unwrap().is_empty() || last.is_none()
        );
        assert!(page.iter().all(|sealed| {
            column.name == "access_token" || sealed.resealed(&vault(), column).is_none()
        }));
        assert_eq!(column.replace(&client, &[]).await.unwrap(), 0);
        column.key_ids(&client).await.unwrap();
    }
    let pins = COLUMNS[3].key_ids(&client).await.unwrap();
    assert_eq!(pins, [(None, 1)]);
}
