//! What Meta counts of the calls that set up and watch an account, and what it says of them.

use std::time::Duration;

use crate::ids::{AppId, WabaId};

/// For whom a management call counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The app whose token it carries; `None`: the platform's, whose id nobody has told.
    pub app_id: Option<AppId>,
    /// The account that it is about; `None`: it counts for the app alone.
    pub waba_id: Option<WabaId>,
}

/// How far a limit reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The app with all its accounts.
    App,
    /// One app's calls on one account.
    Waba,
}

impl Level {
    /// The word for a metric or a log field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Waba => "waba",
        }
    }
}

/// There is no call left, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedUp {
    /// Whose calls are used up.
    pub level: Level,
    /// After this time it is worth to ask again.
    pub wait: Duration,
}

/// What Meta says of one limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How much of it is used, in percent; may be more than 100.
    pub percent: Option<u32>,
    /// For how long Meta takes no call.
    pub closed_for: Option<Duration>,
}

/// What one answer of Meta's says of the limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Of the app.
    pub app: Usage,
    /// Of the account that the call was about.
    pub waba: Usage,
    /// Whether a number of the account is registered, which gives it more calls.
    pub is_active: Option<bool>,
}

impl Told {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
