//! Who enqueues and who writes.

use rand::Rng;

use crate::snapshot::Number;

/// The business numbers of a run.
pub const NUMBERS: [Number; 4] = [
    Number { id: "106540352242911", waba_id: "102290129340311", rate: 80, tier: None },
    Number { id: "106540352242912", waba_id: "102290129340311", rate: 20, tier: None },
    Number { id: "106540352242913", waba_id: "102290129340311", rate: 10, tier: None },
    Number { id: "106540352242914", waba_id: "102290129340314", rate: 80, tier: Some(12) },
];

/// What Meta makes of a message that it accepts, known by a digit of the recipient's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent, delivered, read.
    Read,
    /// Sent and delivered.
    Unread,
    /// Fails: there is no such person.
    Undeliverable,
}

/// Meta's code for [`Fate::Undeliverable`].
pub const UNDELIVERABLE: i32 = 131_026;

/// What the numbers of all recipients begin with.
pub(super) const PEOPLE: &str = "49151";

impl Fate {
    /// The simulator's pattern for its recipients.
    #[must_use]
    pub fn pattern(self) -> String {
        format!("{PEOPLE}{}*", self.digit())
    }

    /// The fate of what is sent to this number, digits only or with a plus.
    #[must_use]
    pub fn of(recipient: &str) -> Self {
        let digits = recipient.trim_start_matches('+');
        match digits.as_bytes().get(PEOPLE.len()) {
            Some(b'1') => Self::Unread,
            Some(b'3') => Self::Undeliverable,
            _ => Self::Read,
        }
    }

    pub(super) const fn digit(self) -> u8 {
        match self {
            Self::Read => 0,
            Self::Unread => 1,
            Self::Undeliverable => 3,
        }
    }
}

/// What is to become of a message whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnknown {
    /// It waits for proof.
    Hold,
    /// It is sent again.
    Retry,
    /// It is given up.
    Fail,
}

impl OnUnknown {
    /// Waypost's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Retry => "retry",
            Self::Fail => "fail",
        }
    }
}

/// A message that will be enqueued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its place, by which its row is found.
    pub index: usize,
    /// The number it is sent from.
    pub from: Number,
    /// Whom it goes to.
    pub recipient: String,
    /// Its policy.
    pub on_unknown: OnUnknown,
    /// Waypost's word for its lane.
    pub lane: &'static str,
    /// Seconds until it may not be sent any more; `None`: days.
    pub expires_in_s: Option<i64>,
}

/// Messages that are enqueued by one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Milliseconds after the begin of the load.
    pub at_ms: u64,
    /// The messages.
    pub messages: Vec<Planned>,
}

/// Somebody who writes to a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Milliseconds after the begin of the load.
    pub at_ms: u64,
    /// The number that is written to.
    pub to: Number,
    /// Who writes: `+` and digits.
    pub from: String,
}

pub(super) fn message(index: usize, dice: &mut impl Rng) -> Planned {
    let from = NUMBERS[[0, 0, 0, 0, 1, 1, 1, 2, 2, 3][dice.random_range(0..10)]];
    let fate = match (from.tier, dice.random_range(0..20)) {
        (None, 0..3) => Fate::Unread,
        (None, 3) => Fate::Undeliverable,
        // Whoever is delivered counts: the limit is exact for a number that reaches everybody.
        _ => Fate::Read,
    };
    let on_unknown = match dice.random_range(0..10) {
        0..6 => OnUnknown::Hold,
        6..9 => OnUnknown::Retry,
        _ => OnUnknown::Fail,
    };
    Planned {
        index,
        from,
        recipient: format!("+{PEOPLE}{}{index:07}", fate.digit()),
        on_unknown,
        lane: ["urgent", "normal", "normal", "bulk"][dice.random_range(0..4)],
        expires_in_s: dice.random_ratio(1, 12).then(|| dice.random_range(3..15)),
    }
}
