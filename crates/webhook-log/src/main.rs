//! The webhook-log as a process of its own.

use std::process::ExitCode;

use backbone::Backbone;
use webhook_log::Config;

fn main() -> ExitCode {
    runtime::serve("webhook-log", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "webhook-log", &stop).await?;
        let mut services = vec![webhook_log::start(&config, &backbone, stop.clone())];
        services.extend(backbone.probes(&env, &stop)?);
        Ok(services)
    })
}
