//! The admin API as a process of its own.

use std::process::ExitCode;

use admin_api::Config;
use backbone::Backbone;

fn main() -> ExitCode {
    runtime::serve("admin-api", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "admin-api", &stop).await?;
        let started = admin_api::start(config, &backbone, stop)?;
        tracing::info!(address = %started.http.addr, "listening");
        Ok(vec![started.http.service, started.notify])
    })
}
