//! `waypost migrate`: brings the database to the schema of this version.

use std::process::ExitCode;

use backbone::persist;
use runtime::{Stop, wait_for};
use store::{Db, DbConfig};

use crate::{output, tool};

/// Runs the command: prints each migration that ran, on a line of its own.
pub(crate) fn run() -> ExitCode {
    tool::run(async |env| {
        let ran = migrate(&backbone::database(&env)?, &Stop::new()).await?;
        ran.into_iter().try_for_each(output::line)
    })
}

/// Runs the migrations that the database lacks, waiting for a database that is away. Answers their
/// names.
///
/// # Errors
/// When the database is newer than this build or was altered; when stopped meanwhile.
pub(crate) async fn migrate(config: &DbConfig, stop: &Stop) -> anyhow::Result<Vec<&'static str>> {
    let db = Db::new(config)?;
    wait_for("postgres", stop, async || db.ping().await.map_err(|error| backbone::chain(&error)))
        .await?;
    let ran = persist(stop, || async {
        store::schema::migrate(&mut db.client().await?, runtime::now()).await
    })
    .await??;
    for name in &ran {
        tracing::info!(migration = name, "migrated: {name}");
    }
    db.close();
    Ok(ran)
}
