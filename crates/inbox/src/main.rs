//! The inbox as a process of its own.

use std::process::ExitCode;

use backbone::Backbone;
use inbox::Config;

fn main() -> ExitCode {
    runtime::serve("inbox", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "inbox", &stop).await?;
        let mut services = vec![inbox::start(config, &backbone, stop.clone())?];
        services.extend(backbone.probes(&env, &stop)?);
        Ok(services)
    })
}
