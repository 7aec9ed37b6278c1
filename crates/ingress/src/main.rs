//! The ingress as a process of its own.

use std::process::ExitCode;

use backbone::Backbone;
use ingress::Config;

fn main() -> ExitCode {
    runtime::serve("ingress", async |env, stop| {
        let config = Config::from_env(&env)?;
        let backbone = backbone::Config::from_env(&env)?;
        let backbone = Backbone::connect(&backbone, "ingress", &stop).await?;
        let bound = ingress::start(config, &backbone, stop.clone())?;
        let mut services = vec![bound.service];
        services.extend(backbone.probes(&env, &stop)?);
        Ok(services)
    })
}
