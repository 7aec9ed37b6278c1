//! The numbered files of `migrations/`, run once each, and the check that a process and the
//! database agree on them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use ring::digest;

use crate::{Client, Error, Result, partitions};

struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal,)+) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../../../migrations/", $name, ".sql")),
        },)+]
    };
}

const MIGRATIONS: &[Migration] = migrations![
    1 "0001_tenants",
    2 "0002_messages",
    3 "0003_webhooks",
    4 "0004_partitions",
    5 "0005_people",
    6 "0006_connections",
    7 "0007_webhook_trust",
    8 "0008_account_sync",
    9 "0009_signups",
    10 "0010_connection_claims",
    11 "0011_key_use",
    12 "0012_webhook_retention",
    13 "0013_account_watch",
    14 "0014_dismissals",
    15 "0015_portfolio_budget",
    16 "0016_resolutions",
    17 "0017_poison_comment",
    18 "0018_stage_indexes",
    19 "0019_message_retention",
    20 "0020_old_months_by_table",
    21 "0021_room_on_the_page",
    22 "0022_who_hears_redis",
];

/// First line of a file that must not run in a transaction.
const NO_TRANSACTION: &str = "-- no-transaction";

/// Brings the schema up to this build's version, and makes the partitions of this month and the
/// next. Answers the names of the migrations that ran; several processes may call it at once.
///
/// # Errors
/// `Schema` when a migration that has run differs from the file of this build, or when the
/// database is newer than this build.
pub async fn migrate(client: &mut Client, now: DateTime<Utc>) -> Result<Vec<&'static str>> {
    lock(client).await?;
    let ran = run_pending(client).await;
    unlock(client).await?;
    let ran = ran?;
    partitions::ensure(client, now, 1).await?;
    Ok(ran)
}

/// Refuses a database whose schema is not exactly the one this build knows.
///
/// # Errors
/// `Schema`, with what to do, when it is older, newer or altered.
pub async fn check(client: &Client) -> Result<()> {
    let applied = applied(client).await?;
    compare(&applied)?;
    match MIGRATIONS.iter().find(|migration| !applied.contains_key(&migration.version)) {
        None => Ok(()),
        Some(missing) => Err(Error::Schema(format!(
            "the database lacks migration {}: run `waypost migrate` first",
            missing.name
        ))),
    }
}

async fn run_pending(client: &mut Client) -> Result<Vec<&'static str>> {
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
                 version    integer     PRIMARY KEY,
                 name       text        NOT NULL,
                 hash       bytea       NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now()
             );
             COMMENT ON TABLE schema_migrations IS
                 'Which files of migrations/ have run, and the SHA-256 of each.';",
        )
        .await?;
    let applied = applied(client).await?;
    compare(&applied)?;
    let mut ran = Vec::new();
    for migration in MIGRATIONS {
        if !applied.contains_key(&migration.version) {
            run(client, migration).await?;
            ran.push(migration.name);
        }
    }
    Ok(ran)
}

async fn run(client: &mut Client, migration: &Migration) -> Result<()> {
    const INSERT: &str = "INSERT INTO schema_migrations (version, name, hash) VALUES ($1, $2, $3)";
    let hash = hash(migration.sql);
    if migration.sql.starts_with(NO_TRANSACTION) {
        client.batch_execute(migration.sql).await?;
        client.execute(INSERT, &[&migration.version, &migration.name, &hash]).await?;
    } else {
        let transaction = client.transaction().await?;
        transaction.batch_execute(migration.sql).await?;
        transaction.execute(INSERT, &[&migration.version, &migration.name, &hash]).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn applied(client: &Client) -> Result<BTreeMap<i32, Vec<u8>>> {
    let exists = client
        .query_one("SELECT to_regclass('schema_migrations') IS NOT NULL AS is_there", &[])
        .await?
        .get::<_, bool>("is_there");
    if !exists {
        return Ok(BTreeMap::new());
    }
    let rows = client.query("SELECT version, hash FROM schema_migrations", &[]).await?;
    Ok(rows.iter().map(|row| (row.get("version"), row.get("hash"))).collect())
}

fn compare(applied: &BTreeMap<i32, Vec<u8>>) -> Result<()> {
    for (version, applied_hash) in applied {
        let known = MIGRATIONS.iter().find(|migration| migration.version == *version);
        let Some(migration) = known else {
            return Err(Error::Schema(format!(
                "the database has migration {version}, which this build does not know: \
                 it is older than the database"
            )));
        };
        if hash(migration.sql) != *applied_hash {
            return Err(Error::Schema(format!(
                "migration {} differs from the one that ran on this database",
                migration.name
            )));
        }
    }
    Ok(())
}

fn hash(sql: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, sql.as_bytes()).as_ref().to_vec()
}

async fn lock(client: &Client) -> Result<()> {
    client.execute("SELECT pg_advisory_lock(hashtext('waypost.migrate'))", &[]).await?;
    Ok(())
}

async fn unlock(client: &Client) -> Result<()> {
    client.execute("SELECT pg_advisory_unlock(hashtext('waypost.migrate'))", &[]).await?;
    Ok(())
}

/// A short name for exactly this set of migrations: 16 hex digits.
pub fn fingerprint() -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for migration in MIGRATIONS {
        context.update(&migration.version.to_be_bytes());
        context.update(migration.sql.as_bytes());
    }
    hex::encode(&context.finish().as_ref()[..8])
}
