//! The status-mapper as a process of its own.

use std::process::ExitCode;

use backbone::Backbone;
use status_mapper::Config;

fn main() -> ExitCode {
    runtime::serve("status-mapper", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "status-mapper", &stop).await?;
        let mut services = vec![status_mapper::start(config, &backbone, stop.clone())];
        services.extend(backbone.probes(&env, &stop)?);
        Ok(services)
    })
}
