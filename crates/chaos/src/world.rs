//! A Waypost of its own: servers, processes and a simulator that nobody else uses.

mod balancer;
mod clocks;
mod lag;
mod meta;
mod ports;
mod rows;
mod servers;
mod services;
mod ways;

pub(crate) use balancer::Balancer;
pub(crate) use clocks::Clocks;
pub(crate) use lag::Watch;
pub(crate) use meta::Meta;
pub(crate) use ports::Addresses;
pub(crate) use rows::Database;
pub(crate) use servers::Servers;
pub(crate) use services::Services;
pub(crate) use ways::Ways;

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, ensure};
use runtime::Env;
use tokio::process::Command;

/// Waypost's name of the tenant of a run.
const TENANT: &str = "chaos";

/// A command with an environment of its own; ended with its value.
fn command(program: &Path, variables: &[(String, String)]) -> Command {
    let mut command = Command::new(program);
    let path = Env::process().optional("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).envs(variables.iter().cloned());
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command to its end and gives what it printed.
async fn printed(mut command: Command) -> anyhow::Result<String> {
    let output = command.output().await.context("a command cannot be started")?;
    let (out, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{:?} failed: {errors}", command.as_std());
    Ok(out.trim().to_owned())
}
