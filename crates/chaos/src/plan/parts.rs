//! What a run consists of.

use std::fmt;

/// A process of Waypost. Those with a number run side by side; each has its own, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Takes webhooks, at an address of its own.
    Ingress(u8),
    /// Takes messages.
    AdminApi,
    /// Sends.
    Dispatcher(u8),
    /// Reads statuses.
    StatusMapper(u8),
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
        Self::Ingress(1),
        Self::AdminApi,
        Self::Dispatcher(1),
        Self::Dispatcher(2),
        Self::StatusMapper(1),
        Self::Inbox,
        Self::AccountSync,
        Self::WebhookLog,
        Self::Scheduler,
    ];

    /// Those that a short run kills, each once: every one that holds messages or webhooks.
    pub(super) const SHORT: [Self; 7] = [
        Self::Ingress(1),
        Self::AdminApi,
        Self::Dispatcher(1),
        Self::Dispatcher(2),
        Self::StatusMapper(1),
        Self::WebhookLog,
        Self::Scheduler,
    ];

    /// The name of its program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Ingress(_) => "ingress",
            Self::AdminApi => "admin-api",
            Self::Dispatcher(_) => "dispatcher",
            Self::StatusMapper(_) => "status-mapper",
            Self::Inbox => "inbox",
            Self::AccountSync => "account-sync",
            Self::WebhookLog => "webhook-log",
            Self::Scheduler => "scheduler",
        }
    }
}

/// Its program's name, with its number where there are several.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.program();
        match self {
            Self::Ingress(nth) | Self::Dispatcher(nth) | Self::StatusMapper(nth) => {
                write!(f, "{program}-{nth}")
            }
            _ => f.write_str(program),
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
