//! `graph-sim`: the simulator as a process of its own, configured by the environment (see [`graph_sim::Config`]).

use std::process::ExitCode;

use graph_sim::Config;

fn main() -> ExitCode {
    runtime::serve("graph-sim", async |env, stop| {
        let sim = graph_sim::start(Config::from_env(&env)?, stop).await?;
        tracing::info!(address = %sim.addr, "listening");
        Ok(vec![sim.service])
    })
}
