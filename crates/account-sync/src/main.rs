//! The account-sync as a process of its own.

use std::process::ExitCode;

use account_sync::Config;
use backbone::Backbone;

fn main() -> ExitCode {
    runtime::serve("account-sync", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "account-sync", &stop).await?;
        let mut services = vec![account_sync::start(&config, &backbone, stop.clone())?];
        services.extend(backbone.probes(&env, &stop)?);
        Ok(services)
    })
}
