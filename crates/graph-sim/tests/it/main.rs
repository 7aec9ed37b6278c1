//! The simulator as its callers and subscribers see it: over HTTP, with a real receiver of its webhooks.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod account;
mod account_changes;
mod account_lists;
mod account_tokens;
mod answers;
mod control;
mod fates;
mod faults;
mod limits;
mod registration;
mod subscriptions;
mod support;
mod webhooks;
