//! What is done to a running Waypost.

use std::fmt;

use super::parts::{Part, Server};

/// What Meta does to some sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Takes them and answers later than anybody waits.
    Slow,
    /// Takes them and closes the connection without an answer.
    AnswerLost,
    /// Takes them and answers 500.
    ErrorAfterAccept,
    /// Answers 503 and has not taken them.
    Unavailable,
    /// Closes the connection before it has read them.
    Reset,
}

/// Something that is done to a running Waypost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// A process is killed (`SIGKILL`) and started again.
    Kill {
        /// Which.
        part: Part,
        /// Milliseconds until it is started again.
        down_ms: u64,
    },
    /// Another process joins those of its kind.
    Join {
        /// Which.
        part: Part,
    },
    /// A process leaves for good: it is asked to end (`SIGTERM`) or killed (`SIGKILL`).
    Leave {
        /// Which.
        part: Part,
        /// Whether it is killed.
        kill: bool,
    },
    /// The clock of a process alone is set forward or back, and later right again.
    Clock {
        /// Whose.
        part: Part,
        /// By how many seconds.
        step_s: i64,
        /// For how many milliseconds.
        for_ms: u64,
    },
    /// A dispatcher does not hear Redis, while the others may.
    Deaf {
        /// Which.
        part: Part,
        /// For how many milliseconds.
        for_ms: u64,
    },
    /// A server crashes, or is ended in order, and is started again with its data.
    Restart {
        /// Which.
        server: Server,
        /// Whether it crashes.
        crash: bool,
        /// Milliseconds until it is started again.
        down_ms: u64,
    },
    /// Redis forgets everything.
    FlushRedis,
    /// A server stays connected and nothing gets through.
    Stall {
        /// Which.
        server: Server,
        /// For how many milliseconds.
        for_ms: u64,
    },
    /// RabbitMQ's disk is full: it blocks whoever publishes.
    FullDisk {
        /// For how many milliseconds.
        for_ms: u64,
    },
    /// Meta is slow or fails.
    Meta {
        /// How.
        trouble: Trouble,
        /// How many of a hundred sends it strikes.
        percent: u8,
        /// For how many milliseconds.
        for_ms: u64,
    },
}

impl Disturbance {
    /// Disturbances of different lanes happen side by side; those of one lane one after the other.
    pub(super) fn lane(self) -> usize {
        match self {
            Self::Kill { .. } | Self::Join { .. } | Self::Leave { .. } => 0,
            Self::Restart { .. }
            | Self::FlushRedis
            | Self::Stall { .. }
            | Self::FullDisk { .. } => 1,
            Self::Meta { .. } => 2,
            Self::Clock { .. } => 3,
            Self::Deaf { .. } => 4,
        }
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill { part, down_ms } => {
                write!(f, "kill -9 {part}, back after {down_ms} ms")
            }
            Self::Join { part } => write!(f, "{part} joins"),
            Self::Leave { part, kill } => {
                let how = if *kill { "by kill -9" } else { "in order" };
                write!(f, "{part} leaves {how}")
            }
            Self::Clock { part, step_s, for_ms } => {
                write!(f, "the clock of {part} is {step_s:+} s off for {for_ms} ms")
            }
            Self::Deaf { part, for_ms } => write!(f, "{part} does not hear redis for {for_ms} ms"),
            Self::Restart { server, crash, down_ms } => {
                let how = if *crash { "crash" } else { "restart" };
                write!(f, "{how} of {}, back after {down_ms} ms", server.as_str())
            }
            Self::FlushRedis => write!(f, "redis forgets everything"),
            Self::Stall { server, for_ms } => {
                write!(f, "{} stalls for {for_ms} ms", server.as_str())
            }
            Self::FullDisk { for_ms } => write!(f, "rabbitmq's disk is full for {for_ms} ms"),
            Self::Meta { trouble, percent, for_ms } => {
                write!(f, "Meta: {trouble:?} for {percent} % of sends, {for_ms} ms")
            }
        }
    }
}

/// A disturbance and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds after the begin of the load.
    pub at_ms: u64,
    /// What happens.
    pub disturbance: Disturbance,
}
