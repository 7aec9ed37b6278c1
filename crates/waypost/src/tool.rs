//! What commands that do one thing and end have in common.

use std::process::ExitCode;

use runtime::{Env, telemetry};
use store::{Client, Db};

/// Runs a command. Its log shows warnings only, unless `WAYPOST_LOG` says otherwise.
pub(crate) fn run(body: impl AsyncFnOnce(Env) -> anyhow::Result<()>) -> ExitCode {
    runtime::main("waypost", async |env| {
        let env = env.with_default("WAYPOST_LOG", "warn");
        let telemetry = telemetry::init("waypost", &env)?;
        let result = body(env).await;
        telemetry.shutdown().await;
        result
    })
}

/// A connection to the database, whose schema is the one that this build knows.
///
/// # Errors
/// When `DATABASE_URL` is missing or wrong, nobody answers there, or the schema is another.
pub(crate) async fn database(env: &Env) -> anyhow::Result<Client> {
    Ok(pool(env).await?.client().await?)
}

/// As [`database`], all connections that a tool may use.
///
/// # Errors
/// As [`database`].
pub(crate) async fn pool(env: &Env) -> anyhow::Result<Db> {
    let db = Db::new(&backbone::database(env)?)?;
    store::schema::check(&db.client().await?).await?;
    Ok(db)
}
