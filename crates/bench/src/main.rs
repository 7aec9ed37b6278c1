//! How fast Waypost is, each time beside a raw baseline in the same run.
//!
//! ```sh
//! make bench
//! ```
//!
//! Prints a table of medians and ratios and writes them as JSON. `WAYPOST_BENCH_RUNS` (default 3) says
//! how often each row is measured, `WAYPOST_BENCH_ROWS` which rows (comma-separated; all but the long ones unless told otherwise),
//! `WAYPOST_BENCH_JSON` where the JSON goes (default `.local/bench.json`). Servers, load and simulator
//! share this machine: absolute numbers tell of it, ratios tell of Waypost.

#![expect(clippy::unwrap_used, reason = "a tool on a machine of one's own may panic")]

mod load;
mod processes;
mod report;
mod rows;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;

use crate::report::Report;
use crate::rows::{ROWS, Row};

fn main() -> ExitCode {
    runtime::main("bench", async |env| {
        let runs: usize = env.bounded("WAYPOST_BENCH_RUNS", 3, 1..=100)?;
        let wanted = env.optional("WAYPOST_BENCH_ROWS").unwrap_or_default();
        let wanted: Vec<&str> = wanted.split(',').filter(|name| !name.is_empty()).collect();
        let file = env.optional("WAYPOST_BENCH_JSON").unwrap_or(".local/bench.json".into());
        let unknown = wanted.iter().find(|name| ROWS.iter().all(|row| row.name != **name));
        ensure!(unknown.is_none(), "there is no row {unknown:?}");
        let mut report = Report::default();
        let is_wanted = |row: &&Row| match wanted.as_slice() {
            [] => !row.is_long,
            names => names.contains(&row.name),
        };
        for row in ROWS.iter().filter(is_wanted) {
            for run in 1..=runs {
                report.progress(row.name, run, runs)?;
                report.add(row, (row.measure)().await?);
            }
        }
        report.print()?;
        report.write(&PathBuf::from(file))
    })
}
