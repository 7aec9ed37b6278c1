//! What is measured.

mod dispatch;
mod end_to_end;
mod enqueue;
mod ingress;
mod limiter;
mod statuses;

use std::fmt;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::report::Sample;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What is aimed at, by the name of a value.
    pub(crate) aims: &'static [(&'static str, Aim)],
    pub(crate) measure: fn() -> LocalBoxFuture<'static, anyhow::Result<Sample>>,
}

/// What a value should be.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Aim {
    pub(crate) fn is_reached(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, ">= {least}"),
            Self::AtMost(most) => write!(f, "<= {most}"),
        }
    }
}

/// Ours by the baseline's.
const RATIO: &str = "ratio";

/// All rows, in the order in which they are measured.
pub(crate) const ROWS: [Row; 6] = [
    Row {
        name: "ingress",
        aims: &[
            (RATIO, Aim::AtLeast(0.6)),
            ("p99 at half load, ms", Aim::AtMost(10.0)),
            ("challenge p99, ms", Aim::AtMost(1.0)),
        ],
        measure: || ingress::measure().boxed_local(),
    },
    Row {
        name: "statuses",
        aims: &[(RATIO, Aim::AtLeast(0.6))],
        measure: || statuses::measure().boxed_local(),
    },
    Row {
        name: "enqueue",
        aims: &[(RATIO, Aim::AtLeast(0.5))],
        measure: || enqueue::measure().boxed_local(),
    },
    Row {
        name: "dispatch",
        aims: &[(RATIO, Aim::AtLeast(0.6))],
        measure: || dispatch::measure().boxed_local(),
    },
    Row {
        name: "limiter",
        aims: &[
            ("used by 1 worker", Aim::AtLeast(0.98)),
            ("used by 2 workers", Aim::AtLeast(0.98)),
            ("used by 4 workers", Aim::AtLeast(0.98)),
            ("busiest second, of the cap", Aim::AtMost(1.02)),
        ],
        measure: || limiter::measure().boxed_local(),
    },
    Row {
        name: "end to end",
        aims: &[(RATIO, Aim::AtLeast(0.4))],
        measure: || end_to_end::measure().boxed_local(),
    },
];
