//! The dispatcher as a process of its own.

use std::process::ExitCode;

use backbone::Backbone;
use dispatcher::Config;

fn main() -> ExitCode {
    runtime::serve("dispatcher", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "dispatcher", &stop).await?;
        let mut services = vec![dispatcher::start(config, &backbone, stop.clone())?];
        services.extend(backbone.probes(&env, &stop)?);
        Ok(services)
    })
}
