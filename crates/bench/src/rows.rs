//! What is measured.

mod dispatch;
mod end_to_end;
mod enqueue;
mod fairness;
mod ingress;
mod limiter;
mod long;
mod retention;
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
    /// Whether it takes so long that it is measured only when it is asked for.
    pub(crate) is_long: bool,
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
pub(crate) const ROWS: [Row; 10] = [
    Row {
        name: "ingress",
        aims: &[
            (RATIO, Aim::AtLeast(0.6)),
            ("p99 at half load, ms", Aim::AtMost(10.0)),
            ("challenge p99, ms", Aim::AtMost(1.0)),
        ],
        is_long: false,
        measure: || ingress::measure().boxed_local(),
    },
    Row {
        name: "statuses",
        aims: &[(RATIO, Aim::AtLeast(0.6))],
        is_long: false,
        measure: || statuses::measure().boxed_local(),
    },
    Row {
        name: "enqueue",
        aims: &[(RATIO, Aim::AtLeast(0.5))],
        is_long: false,
        measure: || enqueue::measure().boxed_local(),
    },
    Row {
        name: "dispatch",
        aims: &[(RATIO, Aim::AtLeast(0.6))],
        is_long: false,
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
        is_long: false,
        measure: || limiter::measure().boxed_local(),
    },
    Row {
        name: "end to end",
        aims: &[(RATIO, Aim::AtLeast(0.4))],
        is_long: false,
        measure: || end_to_end::measure().boxed_local(),
    },
    Row {
        name: "fairness",
        aims: &[
            ("p99 of another's urgent message, ms", Aim::AtMost(1_000.0)),
            ("share of its rate that the campaign keeps", Aim::AtLeast(0.95)),
        ],
        is_long: false,
        measure: || fairness::measure().boxed_local(),
    },
    Row {
        name: "hundred thousand",
        aims: LONG,
        is_long: true,
        measure: || long::hundred_thousand().boxed_local(),
    },
    Row {
        name: "retention",
        aims: &[],
        is_long: true,
        measure: || retention::measure().boxed_local(),
    },
    Row { name: "million", aims: LONG, is_long: true, measure: || long::million().boxed_local() },
];

const LONG: &[(&str, Aim)] = &[
    ("times as long for ten times as many", Aim::AtMost(10.5)),
    ("largest process, MiB", Aim::AtMost(64.0)),
];
