//! What a run consists of.

/// A process of Waypost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Takes webhooks.
    Ingress,
    /// A second one, at an address of its own.
    SecondIngress,
    /// Takes messages.
    AdminApi,
    /// The first of those that send.
    FirstDispatcher,
    /// The second.
    SecondDispatcher,
    /// The third.
    ThirdDispatcher,
    /// The fourth.
    FourthDispatcher,
    /// Reads statuses.
    StatusMapper,
    /// A second one.
    SecondStatusMapper,
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
    /// Those that run from the start. The others join and leave.
    pub const FROM_THE_START: [Self; 9] = [
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
    pub(super) const SHORT: [Self; 7] = [
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
            Self::Ingress | Self::SecondIngress => "ingress",
            Self::AdminApi => "admin-api",
            Self::FirstDispatcher
            | Self::SecondDispatcher
            | Self::ThirdDispatcher
            | Self::FourthDispatcher => "dispatcher",
            Self::StatusMapper | Self::SecondStatusMapper => "status-mapper",
            Self::Inbox => "inbox",
            Self::AccountSync => "account-sync",
            Self::WebhookLog => "webhook-log",
            Self::Scheduler => "scheduler",
        }
    }

    /// What it is called here: its program's name, where it is the only one at the start.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstDispatcher => "dispatcher-1",
            Self::SecondDispatcher => "dispatcher-2",
            Self::ThirdDispatcher => "dispatcher-3",
            Self::FourthDispatcher => "dispatcher-4",
            Self::SecondIngress => "ingress-2",
            Self::SecondStatusMapper => "status-mapper-2",
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
