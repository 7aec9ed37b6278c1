//! The scheduler as a process of its own.

use std::process::ExitCode;

use backbone::Backbone;
use scheduler::Config;

fn main() -> ExitCode {
    runtime::serve("scheduler", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "scheduler", &stop).await?;
        let mut services = vec![scheduler::start(config, &backbone, stop.clone())];
        services.extend(backbone.probes(&env, &stop)?);
        Ok(services)
    })
}
