//! Runs the chaos of one seed or of several, and fails when a law did not hold.

use std::io::Write;
use std::process::ExitCode;

use chaos::plan::{Length, plan};
use chaos::report::Shown;
use clap::Parser;

/// Disturbs a whole Waypost of its own under load, and checks its laws from outside
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    /// Which seeds, one after the other
    #[arg(default_values_t = [1, 2, 3])]
    seeds: Vec<u64>,
    /// A minute each: kills, a restart of the broker, a flush of Redis
    #[arg(long)]
    short: bool,
    /// Only shows the plans
    #[arg(long)]
    plan: bool,
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    runtime::main("chaos", async |_| {
        tokio::select! {
            done = run(command_line) => done,
            // What was begun is dropped, and with it every process.
            _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        }
    })
}

async fn run(command_line: CommandLine) -> anyhow::Result<()> {
    let length = if command_line.short { Length::Short } else { Length::Long };
    let mut broken = Vec::new();
    for seed in command_line.seeds {
        let plan = plan(seed, length);
        print(&Shown(&plan))?;
        if command_line.plan {
            continue;
        }
        let outcome = chaos::run(plan).await?;
        print(&outcome)?;
        if !outcome.violations.is_empty() {
            broken.push(seed);
        }
    }
    anyhow::ensure!(broken.is_empty(), "laws were broken with the seeds {broken:?}");
    Ok(())
}

fn print(text: &impl std::fmt::Display) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}
