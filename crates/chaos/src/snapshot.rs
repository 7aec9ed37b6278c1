//! What stands at one moment, seen from outside.

use std::collections::{BTreeMap, BTreeSet};

/// A business number, and what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Meta's id of it.
    pub id: &'static str,
    /// Its account; each is a portfolio of its own.
    pub waba_id: &'static str,
    /// Messages per second.
    pub rate: u32,
    /// How many people its portfolio may reach in 24 hours; `None`: all.
    pub tier: Option<usize>,
}

/// Which of Meta's and our own facts stand in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Meta has taken it.
    pub accepted: bool,
    /// It is on its way.
    pub sent: bool,
    /// It has arrived.
    pub delivered: bool,
    /// It was read.
    pub opened: bool,
    /// It failed.
    pub failed: bool,
}

impl Facts {
    /// Whether all of `before` still stand.
    #[must_use]
    pub fn keep(self, before: Self) -> bool {
        self.union(before) == self
    }

    /// What stands in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            accepted: self.accepted || other.accepted,
            sent: self.sent || other.sent,
            delivered: self.delivered || other.delivered,
            opened: self.opened || other.opened,
            failed: self.failed || other.failed,
        }
    }
}

/// The row of a message.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub message_id: String,
    /// What its caller called it.
    pub client_data: String,
    /// The number it is sent from.
    pub phone_number_id: String,
    /// Whom it goes to.
    pub recipient: String,
    /// `delivery_status`.
    pub status: String,
    /// `hold`, `retry` or `fail`.
    pub on_unknown: String,
    /// Why it waits.
    pub waiting_reason: Option<String>,
    /// Whether it says until when it waits.
    pub has_not_before: bool,
    /// Whether it may not be sent any more.
    pub is_past_its_deadline: bool,
    /// Meta's code of the failure.
    pub error_code: Option<i32>,
    /// The failure in words.
    pub delivery_error: Option<String>,
    /// How many of its attempts may have reached Meta without an answer that proves it.
    pub ambiguous_attempts: usize,
    /// What is known of it.
    pub facts: Facts,
}

/// A send that Meta accepted.
#[derive(Clone, Debug)]
pub struct Send {
    /// Our id of the message, as Meta got it.
    pub message_id: String,
    /// The number it came from.
    pub phone_number_id: String,
    /// Whom it went to.
    pub recipient: String,
    /// When it had been read, milliseconds of one clock.
    pub at_ms: i64,
}

/// How late the machine was.
#[derive(Clone, Copy, Debug)]
pub struct Lag {
    /// When, in milliseconds of the clock of [`Send::at_ms`].
    pub at_ms: i64,
    /// By how many milliseconds something that was ready to run did not.
    pub late_ms: i64,
}

/// A message of the bus that was set aside.
#[derive(Clone, Debug)]
pub struct Parked {
    /// Where it was to be handled.
    pub queue: String,
    /// Why it was set aside.
    pub reason: Option<String>,
}

/// What became of webhooks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Webhooks {
    /// Whether Meta has nothing left to post.
    pub idle: bool,
    /// POSTs that were answered 200.
    pub taken: u64,
    /// POSTs that Meta gave up.
    pub given_up: u64,
    /// POSTs with a good signature in the log.
    pub logged: u64,
    /// POSTs in the spool.
    pub spooled: u64,
}

/// All that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The numbers.
    pub numbers: Vec<Number>,
    /// What callers were answered: what each called its message, and the id it was given.
    pub accepted: BTreeMap<String, String>,
    /// Requests that were never answered, although disturbances had ended.
    pub unanswered: usize,
    /// All rows of messages.
    pub rows: Vec<Row>,
    /// All sends that Meta accepted, in their order.
    pub sends: Vec<Send>,
    /// What was ever seen to stand in a row, by message id.
    pub seen: BTreeMap<String, Facts>,
    /// Who wrote to which number: number, person.
    pub wrote: BTreeSet<(String, String)>,
    /// Which service windows are known: number, person.
    pub windows: BTreeSet<(String, String)>,
    /// What became of webhooks.
    pub webhooks: Webhooks,
    /// What every queue of the bus holds, but those for what was set aside; empty ones too.
    pub queues: BTreeMap<String, u64>,
    /// What was set aside.
    pub parked: Vec<Parked>,
    /// How late the machine was, in the order of time.
    pub lags: Vec<Lag>,
    /// Services that ended by themselves, or not in order when they were asked to, and how.
    pub ended: Vec<String>,
}
