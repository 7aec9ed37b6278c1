//! Which of Meta's limits are kept, and how strictly.

use serde::{Deserialize, Serialize};

/// The limits that the simulator keeps as Meta does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Messages per second of one number: 130429.
    pub throughput: ThroughputLimit,
    /// Messages to one person: 131056.
    pub pair: PairLimit,
    /// People reached outside a service window: 131048.
    pub portfolio: PortfolioLimit,
    /// Free-form messages outside a service window: 131047. Off unless asked for.
    pub service_window: ServiceWindowLimit,
    /// The HTTP status of a throttled answer: Meta's table says 400, providers report 429.
    pub http_status: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            throughput: ThroughputLimit::default(),
            pair: PairLimit::default(),
            portfolio: PortfolioLimit::default(),
            service_window: ServiceWindowLimit::default(),
            http_status: 400,
        }
    }
}

/// Messages per second of one number, inbound and outbound together, in every sliding second.
/// A send is counted at the moment when its whole request has been read. (Meta: throughput)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThroughputLimit {
    /// Whether it is kept.
    pub enabled: bool,
    /// The rate of a number that names none.
    pub mps: u32,
    /// How many messages above the rate still pass; the larger of the two slacks counts.
    pub slack_messages: u32,
    /// The same as a share of the rate, in percent.
    pub slack_percent: u32,
}

impl Default for ThroughputLimit {
    fn default() -> Self {
        Self { enabled: true, mps: 80, slack_messages: 1, slack_percent: 2 }
    }
}

/// One number to one person: one message per interval, with a burst that is paid back. (Meta: pair rate limit)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PairLimit {
    /// Whether it is kept.
    pub enabled: bool,
    /// Milliseconds between two messages.
    pub interval_ms: u64,
    /// How many may go at once.
    pub burst: u32,
}

impl Default for PairLimit {
    fn default() -> Self {
        Self { enabled: true, interval_ms: 6_000, burst: 45 }
    }
}

/// Different people that a portfolio reaches outside a service window in a moving day. (Meta: messaging limits)
/// A place is taken when a message is accepted whose fate is to be delivered; other messages take none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PortfolioLimit {
    /// Whether it is kept.
    pub enabled: bool,
    /// The length of the moving day, in milliseconds.
    pub window_ms: u64,
    /// What happens beyond it. Meta does not document it.
    pub exceeded: Exceeded,
    /// The code that tells of it.
    pub code: i32,
}

impl Default for PortfolioLimit {
    fn default() -> Self {
        Self { enabled: true, window_ms: DAY_MS, exceeded: Exceeded::Fail, code: 131_048 }
    }
}

/// Free-form messages to people who have not written in the last day. (Meta: customer service windows)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceWindowLimit {
    /// Whether it is kept.
    pub enabled: bool,
    /// How long an inbound message keeps the window open, in milliseconds.
    pub window_ms: u64,
    /// What happens outside it; Meta mostly accepts and fails later.
    pub exceeded: Exceeded,
    /// The code that tells of it.
    pub code: i32,
}

impl Default for ServiceWindowLimit {
    fn default() -> Self {
        Self { enabled: false, window_ms: DAY_MS, exceeded: Exceeded::Fail, code: 131_047 }
    }
}

/// What happens to a message beyond a limit that Meta may tell of late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exceeded {
    /// Accepted, then `failed` by webhook.
    Fail,
    /// Refused in the answer.
    Refuse,
    /// Only counted.
    Allow,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
