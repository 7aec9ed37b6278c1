//! Medians, ratios and aims, for people and for programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use comfy_table::Table;
use serde::Serialize;

use crate::rows::{Aim, Row};

/// What one run measured: names and values, in the unit that the name says.
pub(crate) type Sample = Vec<(&'static str, f64)>;

/// All that was measured.
#[derive(Default)]
pub(crate) struct Report {
    rows: BTreeMap<&'static str, Vec<Sample>>,
    aims: BTreeMap<(&'static str, &'static str), Aim>,
}

#[derive(Serialize)]
struct Line {
    row: &'static str,
    what: &'static str,
    runs: Vec<f64>,
    median: f64,
    aim: Option<String>,
    is_reached: Option<bool>,
}

impl Report {
    /// Says what is being measured.
    pub(crate) fn progress(&self, row: &str, run: usize, runs: usize) -> anyhow::Result<()> {
        writeln!(std::io::stderr().lock(), "{row}: run {run} of {runs}")?;
        Ok(())
    }

    pub(crate) fn add(&mut self, row: &Row, sample: Sample) {
        for (what, aim) in row.aims {
            self.aims.insert((row.name, what), *aim);
        }
        self.rows.entry(row.name).or_default().push(sample);
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (row, samples) in &self.rows {
            for (nth, (what, _)) in samples[0].iter().enumerate() {
                let runs: Vec<f64> = samples.iter().map(|sample| sample[nth].1).collect();
                let (median, aim) = (median(&runs), self.aims.get(&(*row, *what)));
                lines.push(Line {
                    row,
                    what,
                    runs,
                    median,
                    aim: aim.map(ToString::to_string),
                    is_reached: aim.map(|aim| aim.is_reached(median)),
                });
            }
        }
        lines
    }

    /// Prints the table.
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.set_header(["row", "what", "median", "lowest", "highest", "aim", ""]);
        for line in self.lines() {
            let (lowest, highest) = (
                line.runs.iter().copied().fold(f64::INFINITY, f64::min),
                line.runs.iter().copied().fold(0.0, f64::max),
            );
            let verdict = match line.is_reached {
                None => "",
                Some(true) => "reached",
                Some(false) => "not reached",
            };
            table.add_row([
                line.row.to_owned(),
                line.what.to_owned(),
                short(line.median),
                short(lowest),
                short(highest),
                line.aim.unwrap_or_default(),
                verdict.to_owned(),
            ]);
        }
        writeln!(std::io::stdout().lock(), "{table}")?;
        Ok(())
    }

    /// Writes the JSON.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let json = serde_json::to_vec_pretty(&self.lines())?;
        std::fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))
    }
}

/// The middle one; of an even number the mean of the two.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
    }

    #[test]
    fn an_aim_knows_its_side() {
        assert!(Aim::AtLeast(0.6).is_reached(0.6) && !Aim::AtLeast(0.6).is_reached(0.59));
        assert!(Aim::AtMost(10.0).is_reached(9.0) && !Aim::AtMost(10.0).is_reached(10.1));
    }
}
