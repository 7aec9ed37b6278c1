//! What will happen: a pure function of a seed.

use std::fmt;

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::snapshot::Number;

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Kills, one crash or restart of the broker, one flush of Redis, in less than a minute.
    Short,
    /// Everything, for minutes.
    Long,
}

/// A process of Waypost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Takes webhooks.
    Ingress,
    /// Takes messages.
    AdminApi,
    /// The first of two that send.
    FirstDispatcher,
    /// The second.
    SecondDispatcher,
    /// Reads statuses.
    StatusMapper,
    /// Reads what people write.
    Inbox,
    /// Reads news of accounts.
    AccountSync,
    /// Logs webhooks.
    WebhookLog,
    /// Does what time triggers.
    Scheduler,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ingress,
        Self::AdminApi,
        Self::FirstDispatcher,
        Self::SecondDispatcher,
        Self::StatusMapper,
        Self::Inbox,
        Self::AccountSync,
        Self::WebhookLog,
        Self::Scheduler,
    ];

    /// Those that a short run kills, each once: every one that holds messages or webhooks.
    const SHORT: [Self; 7] = [
        Self::Ingress,
        Self::AdminApi,
        Self::FirstDispatcher,
        Self::SecondDispatcher,
        Self::StatusMapper,
        Self::WebhookLog,
        Self::Scheduler,
    ];

    /// The name of its program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::AdminApi => "admin-api",
            Self::FirstDispatcher | Self::SecondDispatcher => "dispatcher",
            Self::StatusMapper => "status-mapper",
            Self::Inbox => "inbox",
            Self::AccountSync => "account-sync",
            Self::WebhookLog => "webhook-log",
            Self::Scheduler => "scheduler",
        }
    }

    /// What it is called here: its program's name, where there is one of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstDispatcher => "dispatcher-1",
            Self::SecondDispatcher => "dispatcher-2",
            other => other.program(),
        }
    }
}

/// A server beside Waypost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// PostgreSQL.
    Postgres,
    /// RabbitMQ.
    RabbitMq,
    /// Redis.
    Redis,
}

impl Server {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::RabbitMq, Self::Redis];

    /// What `deploy/local/services` calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::RabbitMq => "rabbitmq",
            Self::Redis => "redis",
        }
    }
}

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
    fn lane(self) -> usize {
        match self {
            Self::Kill { .. } => 0,
            Self::Restart { .. }
            | Self::FlushRedis
            | Self::Stall { .. }
            | Self::FullDisk { .. } => 1,
            Self::Meta { .. } => 2,
        }
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill { part, down_ms } => {
                write!(f, "kill -9 {}, back after {down_ms} ms", part.as_str())
            }
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
const PEOPLE: &str = "49151";

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

    const fn digit(self) -> u8 {
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

/// All that will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where it comes from.
    pub seed: u64,
    /// The disturbances, the earliest first.
    pub events: Vec<Event>,
    /// The load, the earliest first.
    pub batches: Vec<Batch>,
    /// The people who write, the earliest first.
    pub writers: Vec<Writer>,
}

/// The business numbers of a run.
pub const NUMBERS: [Number; 4] = [
    Number { id: "106540352242911", waba_id: "102290129340311", rate: 80, tier: None },
    Number { id: "106540352242912", waba_id: "102290129340311", rate: 20, tier: None },
    Number { id: "106540352242913", waba_id: "102290129340311", rate: 10, tier: None },
    Number { id: "106540352242914", waba_id: "102290129340314", rate: 80, tier: Some(12) },
];

/// Milliseconds between two batches of the load.
const BATCH_EVERY_MS: u64 = 250;

/// The plan of a seed.
#[must_use]
pub fn plan(seed: u64, length: Length) -> Plan {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let (span_ms, mut events) = match length {
        Length::Short => (20_000, short(&mut dice)),
        Length::Long => (120_000, long(&mut dice)),
    };
    events.sort_by_key(|event| event.at_ms);
    let mut index = 0;
    let batches = (0..span_ms / BATCH_EVERY_MS).map(|nth| Batch {
        at_ms: nth * BATCH_EVERY_MS,
        messages: (0..dice.random_range(2..6))
            .map(|_| {
                index += 1;
                message(index - 1, &mut dice)
            })
            .collect(),
    });
    let batches = batches.collect();
    let writers = (0..span_ms / 1_000).map(|nth| Writer {
        at_ms: nth * 1_000 + 500,
        to: NUMBERS[dice.random_range(0..3)],
        from: format!("+49171{nth:07}"),
    });
    let writers = writers.collect();
    Plan { seed, events, batches, writers }
}

impl Plan {
    /// The events of each lane; lanes run side by side.
    #[must_use]
    pub fn lanes(&self) -> [Vec<Event>; 3] {
        [0, 1, 2].map(|lane| {
            let events = self.events.iter().copied();
            events.filter(|event| event.disturbance.lane() == lane).collect()
        })
    }

    /// How many messages it enqueues.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.batches.iter().map(|batch| batch.messages.len()).sum()
    }
}

fn message(index: usize, dice: &mut impl Rng) -> Planned {
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

fn short(dice: &mut impl Rng) -> Vec<Event> {
    let kills = Part::SHORT.into_iter().map(|part| kill(part, 1_000..18_000, dice));
    let mut events: Vec<Event> = kills.collect();
    events.push(Event {
        at_ms: dice.random_range(4_000..10_000),
        disturbance: Disturbance::Restart {
            server: Server::RabbitMq,
            crash: dice.random(),
            down_ms: 500,
        },
    });
    events.push(Event {
        at_ms: dice.random_range(1_000..18_000),
        disturbance: Disturbance::FlushRedis,
    });
    events.push(meta(Trouble::AnswerLost, 2_000..15_000, dice));
    events
}

fn long(dice: &mut impl Rng) -> Vec<Event> {
    let mut events = Vec::new();
    for part in Part::ALL.into_iter().cycle().take(Part::ALL.len() * 4) {
        events.push(kill(part, 1_000..115_000, dice));
    }
    let mut server_events = vec![Disturbance::FlushRedis; 3];
    for server in Server::ALL {
        for crash in [false, true] {
            let down_ms = dice.random_range(200..4_000);
            server_events.push(Disturbance::Restart { server, crash, down_ms });
        }
        let for_ms = dice.random_range(1_000..8_000);
        server_events.push(Disturbance::Stall { server, for_ms });
    }
    server_events.push(Disturbance::FullDisk { for_ms: dice.random_range(3_000..8_000) });
    for disturbance in server_events {
        events.push(Event { at_ms: dice.random_range(3_000..110_000), disturbance });
    }
    let troubles = [
        Trouble::Slow,
        Trouble::AnswerLost,
        Trouble::ErrorAfterAccept,
        Trouble::Unavailable,
        Trouble::Reset,
    ];
    for trouble in troubles {
        events.push(meta(trouble, 2_000..100_000, dice));
    }
    events
}

fn kill(part: Part, when: std::ops::Range<u64>, dice: &mut impl Rng) -> Event {
    let down_ms = *[0, 200, 1_000, 2_500].choose(dice).unwrap_or(&0);
    Event { at_ms: dice.random_range(when), disturbance: Disturbance::Kill { part, down_ms } }
}

fn meta(trouble: Trouble, when: std::ops::Range<u64>, dice: &mut impl Rng) -> Event {
    let percent = dice.random_range(10..60);
    let for_ms = dice.random_range(2_000..6_000);
    let disturbance = Disturbance::Meta { trouble, percent, for_ms };
    Event { at_ms: dice.random_range(when), disturbance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_plan_and_another_seed_another() {
        for length in [Length::Short, Length::Long] {
            assert_eq!(plan(7, length), plan(7, length));
            assert_ne!(plan(7, length).events, plan(8, length).events);
            assert_ne!(plan(7, length).batches, plan(8, length).batches);
        }
    }

    #[test]
    fn a_long_run_kills_every_process_and_restarts_every_server_in_both_ways() {
        let plan = plan(3, Length::Long);
        let has =
            |is: &dyn Fn(Disturbance) -> bool| plan.events.iter().any(|it| is(it.disturbance));

        for part in Part::ALL {
            assert!(has(
                &|it| matches!(it, Disturbance::Kill { part: killed, .. } if killed == part)
            ));
        }
        for server in Server::ALL {
            for crash in [true, false] {
                assert!(has(
                    &|it| matches!(it, Disturbance::Restart { server: which, crash: how, .. }
                    if which == server && how == crash)
                ));
            }
        }
    }

    #[test]
    fn every_event_is_in_one_lane_and_no_lane_goes_back_in_time() {
        let plan = plan(3, Length::Long);
        let lanes = plan.lanes();

        assert_eq!(lanes.iter().map(Vec::len).sum::<usize>(), plan.events.len());
        for lane in lanes {
            assert!(lane.is_sorted_by_key(|event| event.at_ms));
        }
    }

    #[test]
    fn a_fate_is_read_from_the_recipient_as_we_and_as_meta_write_it() {
        for fate in [Fate::Read, Fate::Unread, Fate::Undeliverable] {
            let digits = format!("{PEOPLE}{}0000001", fate.digit());

            assert_eq!(Fate::of(&digits), fate);
            assert_eq!(Fate::of(&format!("+{digits}")), fate);
        }
    }

    #[test]
    fn more_people_are_written_to_than_the_small_portfolio_may_reach() {
        for seed in 1..20 {
            let plan = plan(seed, Length::Short);
            let messages = plan.batches.iter().flat_map(|batch| &batch.messages);
            let limited = messages.filter(|message| message.from.tier.is_some()).count();

            assert!(limited > 12, "{limited}");
        }
    }
}
