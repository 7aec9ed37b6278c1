//! Outgoing messages, from their insert to the last word of Meta.
//!
//! Each step of a message is one guarded statement for many rows; a guard that does not match
//! leaves the row alone and out of the answer.
//!
//! Two statements with overlapping batches wait for each other and never dead-lock: each locks its
//! rows first, in the order of their ids, in a CTE `locked` (whatever join the planner picks for
//! the update), or skips what is locked.

mod attempt;
mod backlog;
mod cancel;
mod claim;
mod insert;
mod read;
mod resolve;
mod standing;
mod sweep;
mod unknown;

pub use attempt::{AttemptOutcome, Begin, Finished, Next, begin_attempts, record};
pub use backlog::{Backlog, backlog};
pub use cancel::{Cancel, cancel};
pub use claim::{Claim, Claimed, Job, claim};
pub use insert::{NewMessage, insert};
pub use read::{Attempt, Filter, Message, Summary, Wait, count_by_status, find, list};
pub use resolve::{Resolve, Resolved, resolve};
pub use standing::{Standing, standings};
pub use sweep::{Due, publish_soon, recover_lapsed, resolve_unknown, take_due};
pub use unknown::{Unknown, UnknownFilter, owner, unknown};

use self::standing::standing_of;
use domain::delivery::DeliveryStatus;
use tokio_postgres::Row;

use crate::{Error, Result};

/// Reads a column that holds one of our words.
fn word<T: std::str::FromStr>(row: &Row, column: &'static str) -> Result<T> {
    let text: &str = row.get(column);
    text.parse().map_err(|_| Error::Corrupt { table: "messages", column })
}

/// Reads a text column that holds an id with a rule.
fn id<T: std::str::FromStr>(row: &Row, column: &'static str) -> Result<T> {
    word(row, column)
}

fn status(row: &Row) -> Result<DeliveryStatus> {
    word(row, "delivery_status")
}
