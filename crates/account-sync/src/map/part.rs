//! What one statement writes.

use domain::ids::WabaId;
use domain::scope::Scope;
use store::account_events::AccountEvent;
use store::accounts::Told;
use store::accounts::wabas::LimitTold;
use store::templates::Heard;

use super::Column;

/// What one statement writes.
#[derive(Debug)]
pub(crate) enum Part {
    /// News to be kept.
    Events(Vec<AccountEvent>),
    /// Messaging limits.
    Limits(Vec<LimitTold>),
    /// Templates that may be new.
    Heard(Vec<Heard>),
    /// Words of one kind.
    Words(Column, Vec<Told>),
    /// Accounts to be read from Meta soon.
    Ask(Vec<(Scope, WabaId)>),
}

impl Part {
    /// How many items it has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Events(events) => events.len(),
            Self::Limits(limits) => limits.len(),
            Self::Heard(heard) => heard.len(),
            Self::Words(_, told) => told.len(),
            Self::Ask(accounts) => accounts.len(),
        }
    }

    /// Parts it: keeps the first `at` items.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        match self {
            Self::Events(events) => Self::Events(events.split_off(at)),
            Self::Limits(limits) => Self::Limits(limits.split_off(at)),
            Self::Heard(heard) => Self::Heard(heard.split_off(at)),
            Self::Words(column, told) => Self::Words(*column, told.split_off(at)),
            Self::Ask(accounts) => Self::Ask(accounts.split_off(at)),
        }
    }
}
