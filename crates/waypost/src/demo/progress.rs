//! The demo while it runs: a bar and a table in a terminal, else a line each second.

use std::io::IsTerminal;
use std::time::Duration;

use comfy_table::{Table, presets};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::seen::Seen;
use crate::output;

const LINE_INTERVAL: Duration = Duration::from_secs(1);

/// Where progress is shown.
pub(super) enum Progress {
    /// A terminal.
    Drawn {
        /// Holds the two together.
        both: MultiProgress,
        /// How many messages have arrived.
        bar: ProgressBar,
        /// How many stand in each state.
        table: ProgressBar,
    },
    /// Anything else.
    Lines {
        /// When it began.
        begun: Instant,
        /// When the last line was written.
        told: Option<Instant>,
    },
}

impl Progress {
    /// Shows that nothing of `messages` has arrived yet.
    pub(super) fn begin(messages: usize) -> Self {
        if !std::io::stdout().is_terminal() {
            return Self::Lines { begun: Instant::now(), told: None };
        }
        let both = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        let bar = both.add(ProgressBar::new(messages as u64));
        let table = both.add(ProgressBar::new_spinner());
        let style = |template: &str, other: ProgressStyle| {
            ProgressStyle::with_template(template).unwrap_or(other)
        };
        let drawn = "{bar:50.green/white.dim} {pos}/{len} final  {elapsed}";
        bar.set_style(style(drawn, ProgressStyle::default_bar()));
        table.set_style(style("{msg}", ProgressStyle::default_spinner()));
        Self::Drawn { both, bar, table }
    }

    /// Shows where the messages stand now.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(super) fn show(&mut self, seen: &Seen) -> anyhow::Result<()> {
        match self {
            Self::Drawn { bar, table, .. } => {
                bar.set_position(seen.arrived as u64);
                table.set_message(drawn(seen));
                Ok(())
            }
            Self::Lines { begun, told } => {
                let is_all = seen.arrived == seen.rows.len();
                if !is_all && told.is_some_and(|told| told.elapsed() < LINE_INTERVAL) {
                    return Ok(());
                }
                *told = Some(Instant::now());
                output::line(line(begun.elapsed(), seen))
            }
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn end(self) {
        if let Self::Drawn { both, bar, table } = self {
            table.finish_and_clear();
            bar.finish();
            drop(both);
        }
    }
}

fn line(elapsed: Duration, seen: &Seen) -> String {
    let states: Vec<String> =
        states(seen).map(|(state, count)| format!("{state} {count}")).collect();
    let (arrived, all) = (seen.arrived, seen.rows.len());
    format!("{:5.1} s  {arrived}/{all} final  {}", elapsed.as_secs_f64(), states.join(", "))
}

fn drawn(seen: &Seen) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.add_rows(states(seen).map(|(state, count)| [state, count.to_string()]));
    table.trim_fmt()
}

fn states(seen: &Seen) -> impl Iterator<Item = (String, usize)> {
    let waiting = seen.waiting().into_iter().map(|(reason, n)| (format!("waiting: {reason}"), n));
    let read = Some(("read".to_owned(), seen.read())).filter(|(_, read)| *read > 0);
    seen.by_status().into_iter().chain(waiting).chain(read)
}
